// Contact gate: what a campaign knows of the contacts of its leads. Its rules on attempts; the
// attempts on leads that have neither phone nor account number, whom the campaign judges itself;
// and, from what the contacts' owners tell, who need not be offered at all.
//
//   CG1. Only `own` is state (it follows from events and lies in the image). The index and the
//        blocks are derived or told, and may be behind or empty at any moment.
//   CG2. Nothing here allows a call to somebody who is a contact: the contact's actor does.
//   CG3. What looks at all leads looks at some at a time (`place`). Until the index has all of them,
//        who must know a contact's leads is told by looking at every lead, and advice waits.

import { judge, reasonOf, rulesOf } from '../policy/caps.ts'
import {
  type AttemptAsked,
  type AttemptRules,
  type ContactDigest,
  type ContactId,
  isShared,
  type Verdict,
} from '../protocol/contact.ts'
import { standardIn } from '../protocol/dispositions.ts'
import type { LeadAttempted, LeadConfirmed, LeadDisposed, LeadRevoked } from '../protocol/events.ts'
import type { CustomerId, LeadId } from '../protocol/ids.ts'
import type { Campaign } from './campaign.ts'
import { ContactHistories } from './contact-history.ts'
import { ContactIndex } from './contact-index.ts'
import { legalFrom } from './hours.ts'

/** A contact with more leads here than this is met again at confirm, which is soon enough. */
const ROWS_MAX = 1000
/** More new contacts than this between two questions are met at confirm too. */
const NEW_MAX = 20_000
/** So few leads are filed at once. */
const FEW = 2048
const ADVICE_AT_ONCE = 64
const NONE: readonly ContactId[] = []

export class ContactGate {
  /** Null where nothing limits this campaign's attempts. */
  rules: AttemptRules | null
  /** Attempts on leads that have neither phone nor account number. */
  readonly own = new ContactHistories<LeadId>()
  readonly #campaign: Campaign
  /**
   * Made where it is needed: leads by whom they reach, and by account those that have both. Rows from
   * `filed` on are not in it yet.
   */
  #index: { first: ContactIndex; accounts: ContactIndex; filed: number } | null = null
  /** Rows from here on may still have to be blocked as they were, or as new rules say. */
  #blocked = Number.POSITIVE_INFINITY
  /** Contacts of leads that came since somebody last asked. */
  readonly #new: ContactId[] = []
  /** Advice that came before the index had all leads. */
  readonly #advice: ContactDigest[] = []

  constructor(campaign: Campaign) {
    this.#campaign = campaign
    this.rules = rulesOf(campaign.settings)
  }

  /** The campaign's settings have changed. */
  configured(): void {
    const { settings, leads } = this.#campaign
    const rules = rulesOf(settings)
    if (JSON.stringify(rules) === JSON.stringify(this.rules)) return
    this.rules = rules
    leads.blocks.clear()
    if (leads.size > 0) this.#blocked = 0
    if (rules !== null) this.#begin()
  }

  /** Leads were loaded: who sleeps for a rule does so again. */
  load(): void {
    if (this.rules === null) return
    if (this.#campaign.leads.size > 0) this.#blocked = 0
    this.#begin()
  }

  /** Contacts' leads will be asked for: they are filed with `place`. */
  prepare(): void {
    this.#begin()
  }

  /** Rows may still have to be blocked or filed. */
  get placing(): boolean {
    const { size } = this.#campaign.leads
    if (this.#blocked < size || this.#advice.length > 0) return true
    return this.#index !== null && this.#index.filed < size
  }

  /** Blocks or files some rows; whether there are no more. */
  place(rows: number): boolean {
    const { size } = this.#campaign.leads
    if (this.#blocked < size) this.#blockSome(rows)
    else if (this.#index !== null && this.#index.filed < size) this.#fileSome(rows)
    else for (const digest of this.#advice.splice(0, ADVICE_AT_ONCE)) this.#heed(digest)
    return !this.placing
  }

  accepted(row: number): void {
    for (const contact of this.#file(row)) this.#meet(contact)
  }

  /** A lead's phone or account number may have changed. */
  updated(row: number, before: readonly ContactId[]): void {
    const after = this.#campaign.leads.contactsOf(row)
    if (before[0] === after[0] && before[1] === after[1]) return
    if (this.#index !== null && row < this.#index.filed) {
      const [first, account] = before
      if (first !== undefined) this.#index.first.remove(first, row)
      if (account !== undefined) this.#index.accounts.remove(account, row)
    }
    for (const contact of this.#file(row)) this.#meet(contact)
  }

  /** The rows of leads a contact is reached by. */
  rowsOf(contact: ContactId, most = Number.POSITIVE_INFINITY): number[] {
    const { first, accounts, filed } = this.#begin()
    if (filed < this.#campaign.leads.size) return this.#found(contact, most)
    return [...first.rows(contact, most), ...accounts.rows(contact, most)]
  }

  /** Contacts that are new here since this was last asked, some of them: what is known of them? */
  takeNew(): readonly ContactId[] {
    return this.#new.length === 0 ? NONE : this.#new.splice(0)
  }

  /** An attempt on a lead that is nobody else's contact is counted here, under its award's or its own id. */
  attempted(
    row: number,
    { contact, lead_id, at }: LeadConfirmed | LeadAttempted,
    id: string,
  ): void {
    if (contact !== 0) return
    this.own.attempted(lead_id, { at, customer: this.#customer, id }, at)
    this.#blockOwn(row)
  }

  disposed(row: number, event: LeadDisposed): void {
    const { contact, lead_id, award_id, attempt_id = '', attempted_at, at: now } = event
    if (contact !== 0) return
    const attempt = { at: Math.min(attempted_at, now), customer: this.#customer }
    this.own.attempted(lead_id, { ...attempt, id: award_id ?? attempt_id }, now)
    if (standardIn(event).human) this.own.conversed(lead_id, attempt, now)
    this.#blockOwn(row)
  }

  /** A call was refused by a rule: its lead sleeps. */
  revoked(row: number, { rule, until }: LeadRevoked): void {
    if (rule === undefined || rule === 'suppression' || until === undefined) return
    const { blocks, columns } = this.#campaign.leads
    columns.eligibleAt[row] = Math.max(until, columns.eligibleAt[row] as number)
    blocks.set(row, until, reasonOf(rule))
  }

  /** What the contact's actor is asked before a call under this award. */
  askedFor(row: number, award: string, contact: ContactId): AttemptAsked {
    const { leads, queue, id } = this.#campaign
    return {
      contact,
      campaign: id,
      customer: this.#customer,
      lead: leads.id(row),
      attempt: award,
      attemptedAt: null,
      conversed: false,
      rules: this.rules ?? {},
      zone: queue.calendarOf(row).zone,
    }
  }

  /** The word on a lead that is nobody else's contact. */
  judgeOwn(row: number, now: number): Verdict {
    const { leads, queue } = this.#campaign
    if (this.rules === null) return { type: 'allowed' }
    const history = this.own.of(leads.id(row), null)
    return judge(history, this.rules, now, queue.calendarOf(row))
  }

  /** Lets the contact's leads sleep until they may be called, by what its owner tells. */
  advise(digest: ContactDigest, clock: number): void {
    if (this.rules === null) return
    const isFiled = this.#begin().filed === this.#campaign.leads.size
    // What is told later is later: it goes behind advice that waits.
    if (isFiled && this.#advice.length === 0) this.#heed(digest, clock)
    else if (this.#advice.length < NEW_MAX) this.#advice.push(digest)
  }

  #heed(digest: ContactDigest, clock = 0): void {
    if (this.rules === null) return
    const { queue } = this.#campaign
    const now = this.#campaign.clock(clock)
    for (const row of this.rowsOf(digest.contact, ROWS_MAX)) {
      if (this.#campaign.isClosed(row)) continue
      const history = historyOf(digest, this.#customer)
      const verdict = judge(history, this.rules, now, queue.calendarOf(row))
      queue.remove(row)
      this.#block(row, verdict)
      queue.enqueue(row, now)
    }
  }

  /** The index, begun by now; a few leads are filed at once. */
  #begin() {
    if (this.#index === null) {
      const { size } = this.#campaign.leads
      this.#index = { first: new ContactIndex(size), accounts: new ContactIndex(), filed: 0 }
      if (size <= FEW) this.#fileSome(FEW)
    }
    return this.#index
  }

  /** Puts a row under its contacts, unless it is not its turn yet; those contacts. */
  #file(row: number): ContactId[] {
    const contacts = this.#campaign.leads.contactsOf(row)
    const index = this.#index
    if (index === null || row > index.filed) return contacts
    const [first, account] = contacts
    if (first !== undefined) index.first.add(first, row)
    if (account !== undefined) index.accounts.add(account, row)
    if (row === index.filed) index.filed++
    return contacts
  }

  #fileSome(rows: number): void {
    const { size } = this.#campaign.leads
    for (let row = this.#index?.filed ?? size, left = rows; row < size && left > 0; row++, left--) {
      this.#file(row)
    }
  }

  /** A contact's rows, by looking at all of them. */
  #found(contact: ContactId, most: number): number[] {
    const { columns, size } = this.#campaign.leads
    const hashes = isShared(contact) ? columns.phoneHash : columns.accountHash
    const hash = Math.abs(contact)
    const rows: number[] = []
    for (let row = 0; row < size && rows.length < most; row++) {
      if (hashes[row] === hash) rows.push(row)
    }
    return rows
  }

  #blockSome(rows: number): void {
    const { size } = this.#campaign.leads
    const end = Math.min(size, this.#blocked + rows)
    for (let row = this.#blocked; row < end; row++) this.#blockAsBefore(row)
    this.#blocked = end === size ? Number.POSITIVE_INFINITY : end
  }

  /** Blocks a row as its last award ended, or by its own attempts; lets go what no rule keeps asleep. */
  #blockAsBefore(row: number): void {
    const { leads, queue, at } = this.#campaign
    const closing = leads.closing(row)
    const until = leads.columns.eligibleAt[row] as number
    const wasRefused = this.rules !== null && (closing === 'capped' || closing === 'cooling')
    const isOwn = this.rules !== null && this.own.has(leads.id(row))
    const sleeps = queue.isAsleep(row)
    if (!sleeps && !isOwn && !(wasRefused && until > at)) return
    queue.remove(row)
    if (isOwn) this.#blockOwn(row)
    if (wasRefused && until > at) leads.blocks.set(row, until, closing)
    queue.enqueue(row, at)
  }

  #meet(contact: ContactId): void {
    if (this.rules !== null && this.#new.length < NEW_MAX) this.#new.push(contact)
  }

  /** The row must be in no queue. */
  #blockOwn(row: number): void {
    if (this.rules === null || this.#campaign.leads.contactOf(row) !== 0) return
    this.#block(row, this.judgeOwn(row, this.#campaign.at))
  }

  #block(row: number, verdict: Verdict): void {
    const { leads, queue } = this.#campaign
    if (verdict.type === 'allowed') {
      // One of two contacts cannot say that the other allows it too.
      if (leads.contactsOf(row).length < 2) leads.blocks.lift(row)
    } else if (verdict.type === 'refused')
      leads.blocks.set(row, legalFrom(queue.calendarOf(row), verdict.until).at, verdict.reason)
  }

  get #customer(): CustomerId {
    return this.#campaign.settings.customer_id
  }
}

function historyOf({ contact, attempts, conversations }: ContactDigest, customer: CustomerId) {
  const counts = ([, other]: [number, CustomerId]) => isShared(contact) || other === customer
  const talks = conversations.filter(counts).map(([at]) => at)
  return {
    attempts: attempts.filter(counts).map(([at]) => at),
    conversedAt: talks.length === 0 ? null : Math.max(...talks),
  }
}
