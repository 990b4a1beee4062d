// Naive suppressions: one shard's log against I4. Who is suppressed is kept as the entries say it,
// number after number; what is held against it are awards, confirms and attempts, one by one.
//
// Another's work like all naive-*.ts: nothing of campaign/ is used, neither its suppressions nor its
// bars. An entry is owed: until the end of the next record every lead it concerns must be out, and its
// open lease revoked.

import type { ContactAttempted, Event, LeadEvent } from '../../protocol/events.ts'
import { isLeadEvent, isSuppressionEvent } from '../../protocol/events.ts'
import type { Record } from '../../protocol/record.ts'
import type { SuppressionEntry, SuppressionEvent } from '../../protocol/suppression.ts'
import type { Findings } from './findings.ts'
import { campaignKey, contactKey, leadKey } from './related.ts'

/** What a lead's events say of whether it may be attempted. There is one for each lead: small. */
interface Target {
  lead: number
  campaign: number
  customer: number
  /** Keyed hashes, 0 where it has none. */
  phone: number
  account: number
  /** Kinds of suppressions its own events name. */
  bars: readonly string[]
  /** At its end by an outcome. */
  closed: boolean
  /** When nothing was left to pay any more; Infinity before that. */
  paidAt: number
  /** The open award, null where there is none. */
  award: string | null
}

/** What an entry owes. */
interface Debt {
  target: Target
  kind: string
  /** The award that was open. */
  award: string | null
  /** Number of the record by whose end it must be paid; Infinity while a new owner sets out. */
  due: number
}

/** What was allowed before the last payment is in the log soon after it, or never. */
const UNDER_WAY_MS = 10_000

const ENDS = ['converted', 'lost', 'invalid']
const NONE: readonly string[] = []
/** All that a new owner does before it serves. */
const SETTING_OUT = /^(suppression\.|lead\.(revoked|suppressed|restored)$)/

export class NaiveSuppressions {
  readonly #shard: number
  readonly #findings: Findings
  /** Who is suppressed by the entries folded here: `contact/customer`, customer 0 for all. */
  readonly #standing = new Set<string>()
  /** The same by entries of this shard alone, whose contacts it judges. */
  readonly #own = new Set<string>()
  /** The last number of each shard's entries. */
  readonly #heads = new Map<number, number>()
  /** By campaign and lead. */
  readonly #targets = new Map<number, Map<number, Target>>()
  /** Leads by contact; most contacts are of one. */
  readonly #reached = new Map<number, Target | Set<Target>>()
  readonly #quarantined = new Set<number>()
  #debts: Debt[] = []
  #n = 0

  constructor(shard: number, findings: Findings) {
    this.#shard = shard
    this.#findings = findings
  }

  /** Takes the shard's next record; `findings` knows already where it lies. */
  follow(record: Record): void {
    this.#n = record.n
    for (const event of record.events) {
      this.#findings.on(event)
      if (isSuppressionEvent(event)) this.#entry(event)
      else if (event.type === 'contact.attempted') this.#judged(event)
      else if (isLeadEvent(event)) this.#lead(event)
      else this.#campaign(event)
    }
    this.#collect(record)
  }

  #entry({ type, entry }: SuppressionEvent): void {
    const { from, n, op, kind, contact, customer } = entry
    const last = this.#heads.get(from) ?? 0
    this.#check(n === last + 1, () => `suppression ${n} of shard ${from} follows ${last}`)
    this.#heads.set(from, Math.max(n, last))
    const mine = type !== 'suppression.heard'
    const named = mine === (from === this.#shard)
    this.#check(named, () => `${type} of shard ${from} lies in ${this.#shard}'s log`)
    const verb = op === 'add' ? 'suppression.added' : 'suppression.removed'
    this.#check(!mine || type === verb, () => `${type} says ${op}`)
    const fits = kind === 'phone' ? contact > 0 : contact < 0
    this.#check(fits, () => `suppression ${n} of shard ${from}: a ${kind} that is none`)
    const key = `${contact}/${customer}`
    for (const standing of mine ? [this.#standing, this.#own] : [this.#standing]) {
      if (op === 'add') standing.add(key)
      else standing.delete(key)
    }
    if (op === 'add') this.#owe(entry)
  }

  /** An attempt that was judged: not on somebody this shard has suppressed. */
  #judged({ contact, customer_id, attempt_id, rules }: ContactAttempted): void {
    if (rules === undefined) return
    const barred = suppressed(this.#own, contact, customer_id)
    this.#check(!barred, () => `${attempt_id} is allowed to a contact that is suppressed`)
  }

  #owe({ contact, customer, kind }: SuppressionEntry): void {
    const reached = this.#reached.get(contact) ?? []
    for (const target of 'lead' in reached ? [reached] : reached) {
      const { campaign, closed, bars, award } = target
      if (customer !== 0 && customer !== target.customer) continue
      if (closed || this.#quarantined.has(campaign) || bars.includes(kind)) continue
      this.#debts.push({ target, kind, award, due: this.#n + 1 })
    }
  }

  /** At a record's end: what is due must be paid. */
  #collect({ n, claim, events }: Record): void {
    const serves = events.some(({ type }) => !SETTING_OUT.test(type))
    const open: Debt[] = []
    for (const debt of this.#debts) {
      const { target, kind, award } = debt
      const out = target.bars.includes(kind) || target.closed || !this.#concerns(target, kind)
      if (out && (award === null || target.award !== award)) continue
      // A new owner hears the others before it serves; it is due again with what it serves first.
      if (claim !== undefined) debt.due = Number.POSITIVE_INFINITY
      else if (debt.due === Number.POSITIVE_INFINITY && serves) debt.due = n
      if (debt.due > n) {
        open.push(debt)
        continue
      }
      const still = out ? `${award} is open still` : 'it is not suppressed'
      this.#check(
        false,
        () => `${nameOf(target)}: its ${kind} is suppressed, and ${still}`,
        () => keysOf(target),
      )
    }
    this.#debts = open
  }

  /** Whether the entries folded here suppress the lead by this kind of key. */
  #concerns({ phone, account, customer }: Target, kind: string): boolean {
    const contact = kind === 'phone' ? phone : 0 - account
    return contact !== 0 && suppressed(this.#standing, contact, customer)
  }

  #lead(event: LeadEvent): void {
    const { campaign_id: campaign, lead_id: lead } = event
    const targets = this.#targets.get(campaign) ?? new Map<number, Target>()
    if (event.type === 'lead.accepted') {
      const { customer_id: customer, phone_hash: phone, account_hash: account } = event.lead
      const found = { lead, campaign, customer, phone, account }
      const paidAt = Number.POSITIVE_INFINITY
      const target = { ...found, bars: NONE, closed: false, paidAt, award: null }
      this.#targets.set(campaign, targets.set(lead, target))
      this.#reach(target)
      return
    }
    const target = targets.get(lead)
    if (target === undefined) return // That it was never accepted is found elsewhere.
    switch (event.type) {
      case 'lead.updated':
        this.#leave(target)
        target.phone = event.changes.phone_hash ?? target.phone
        target.account = event.changes.account_hash ?? target.account
        this.#reach(target)
        break
      case 'lead.awarded':
        this.#allowed(target, event.award_id, target.closed)
        target.award = event.award_id
        break
      case 'lead.confirmed':
        this.#allowed(target, event.award_id, isOver(target, event.at))
        this.#asked(target, event.award_id, event)
        break
      case 'lead.attempted':
        this.#allowed(target, event.attempt_id, isOver(target, event.at))
        this.#asked(target, event.attempt_id, event)
        break
      case 'lead.suppressed':
        if (!target.bars.includes(event.kind)) target.bars = [...target.bars, event.kind]
        break
      case 'lead.restored':
        target.bars = target.bars.filter((kind) => kind !== event.kind)
        target.paidAt = Number.POSITIVE_INFINITY
        break
      case 'lead.paid':
        if (event.closes) target.paidAt = Math.min(target.paidAt, event.at)
        break
      case 'lead.disposed':
        target.closed ||= isEnd(event)
        if (event.award_id === target.award) target.award = null
        break
      case 'lead.lapsed':
      case 'lead.skipped':
      case 'lead.revoked':
        if (event.award_id === target.award) target.award = null
        break
    }
  }

  /** Nobody is called, nor offered, who is suppressed here, by entries or by the lead's own events. */
  #allowed(target: Target, id: string, over: boolean): void {
    const { bars } = target
    const name = () => nameOf(target)
    const by = ['phone', 'account'].find((kind) => this.#concerns(target, kind))
    const about = () => keysOf(target)
    this.#check(by === undefined, () => `${id}: ${name()}, whose ${by} is suppressed`, about)
    this.#check(bars.length === 0, () => `${id}: ${name()}, which is suppressed by ${bars.join()}`)
    this.#check(!over, () => `${id}: ${name()}, which is closed`)
  }

  /** Both its phone's and its account's actor were heard; in logs since there are suppressions. */
  #asked(target: Target, id: string, said: { contact?: number; account?: number }): void {
    const { phone, account } = target
    if (said.contact === undefined || this.#heads.size === 0) return
    const right = said.contact === (phone === 0 ? 0 - account : phone)
    const both = phone === 0 || account === 0 || said.account === 0 - account
    this.#check(
      right && both,
      () => `${id}: not everybody was asked whom ${nameOf(target)} reaches`,
    )
  }

  #campaign(event: Event): void {
    if (event.type === 'campaign.requeued') this.#quarantined.delete(event.campaign_id)
    if (event.type !== 'campaign.quarantined') return
    this.#quarantined.add(event.campaign_id)
    this.#debts = this.#debts.filter(({ target }) => target.campaign !== event.campaign_id)
  }

  #reach(target: Target): void {
    for (const contact of contactsOf(target)) {
      const known = this.#reached.get(contact)
      if (known === undefined) this.#reached.set(contact, target)
      else
        this.#reached.set(contact, 'lead' in known ? new Set([known, target]) : known.add(target))
    }
  }

  #leave(target: Target): void {
    for (const contact of contactsOf(target)) {
      const known = this.#reached.get(contact)
      if (known === target) this.#reached.delete(contact)
      else if (known instanceof Set) known.delete(target)
    }
  }

  #check(holds: boolean, detail: () => string, about?: () => string[]): void {
    this.#findings.check('I4', holds, detail, about)
  }
}

function nameOf({ campaign, lead }: Target): string {
  return leadKey(campaign, lead)
}

function keysOf(target: Target): string[] {
  return [nameOf(target), campaignKey(target.campaign), ...contactsOf(target).map(contactKey)]
}

function isOver({ closed, paidAt }: Target, at: number): boolean {
  return closed || at > paidAt + UNDER_WAY_MS
}

function contactsOf({ phone, account }: Target): number[] {
  return [phone, 0 - account].filter((contact) => contact !== 0)
}

function suppressed(standing: ReadonlySet<string>, contact: number, customer: number): boolean {
  return standing.has(`${contact}/0`) || standing.has(`${contact}/${customer}`)
}

/** A barred lead is `suppressed` for as long as it is barred, one that asked for it for ever. */
function isEnd({ code, as, result, kept }: Extract<Event, { type: 'lead.disposed' }>): boolean {
  if (kept === true) return false
  if (ENDS.includes(result.state)) return true
  const asked = as === undefined ? code === 'do_not_contact' : as.effect === 'suppressed'
  return asked && result.state === 'suppressed'
}
