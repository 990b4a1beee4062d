// Contact gate: what a campaign knows of the contacts of its leads. Its rules on attempts; the
// attempts on leads that have neither phone nor account number, whom the campaign judges itself;
// and, from what the contacts' owners tell, who need not be offered at all.
//
//   CG1. Only `own` is state (it follows from events and lies in the image). The index and the
//        blocks are derived or told, and may be behind or empty at any moment.
//   CG2. Nothing here allows a call to somebody who is a contact: the contact's actor does.

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

export class ContactGate {
  /** Null where nothing limits this campaign's attempts. */
  rules: AttemptRules | null
  /** Attempts on leads that have neither phone nor account number. */
  readonly own = new ContactHistories<LeadId>()
  readonly #campaign: Campaign
  /** Made when somebody first asks: leads by whom they reach, and by account those that have both. */
  #index: { first: ContactIndex; accounts: ContactIndex } | null = null
  /** Contacts of leads that came since somebody last asked. */
  readonly #new: ContactId[] = []

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
  }

  /** The campaign's queue is made anew, and is empty still. */
  rebuilt(): void {
    const { leads, at } = this.#campaign
    leads.blocks.recount()
    if (this.rules === null) return
    for (const lead of this.own.keys()) {
      const row = leads.row(lead)
      if (row !== undefined) this.#blockOwn(row)
    }
    for (let row = 0; row < leads.size; row++) {
      const closing = leads.closing(row)
      if (closing !== 'capped' && closing !== 'cooling') continue
      const until = leads.columns.eligibleAt[row] as number
      if (until > at) leads.blocks.set(row, until, closing)
    }
  }

  accepted(row: number): void {
    for (const contact of this.#file(row)) this.#meet(contact)
  }

  /** A lead's phone or account number may have changed. */
  updated(row: number, before: readonly ContactId[]): void {
    const after = this.#campaign.leads.contactsOf(row)
    if (before[0] === after[0] && before[1] === after[1]) return
    const [first, account] = before
    if (first !== undefined) this.#index?.first.remove(first, row)
    if (account !== undefined) this.#index?.accounts.remove(account, row)
    for (const contact of this.#file(row)) this.#meet(contact)
  }

  /** The rows of leads a contact is reached by. */
  rowsOf(contact: ContactId, most = Number.POSITIVE_INFINITY): number[] {
    const { first, accounts } = this.#indexed()
    return [...first.rows(contact, most), ...accounts.rows(contact, most)]
  }

  /** Contacts that are new here since this was last asked, some of them: what is known of them? */
  takeNew(): ContactId[] {
    return this.#new.splice(0)
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

  #indexed(): { first: ContactIndex; accounts: ContactIndex } {
    if (this.#index !== null) return this.#index
    this.#index = { first: new ContactIndex(), accounts: new ContactIndex() }
    for (let row = 0; row < this.#campaign.leads.size; row++) this.#file(row)
    return this.#index
  }

  /** Puts a row under its contacts; those contacts. */
  #file(row: number): ContactId[] {
    const contacts = this.#campaign.leads.contactsOf(row)
    const [first, account] = contacts
    if (first !== undefined) this.#index?.first.add(first, row)
    if (account !== undefined) this.#index?.accounts.add(account, row)
    return contacts
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
