// Campaign: the state of one campaign's actor, and `apply`, the only place where it changes.
//
//   C1. State changes only in `apply`, by events that were decided here (bid, lease, outcome,
//       intake) or read from the journal; both take the same path.
//   C2. `apply` reads no clock, draws no chance and computes nothing a later version might compute
//       otherwise: what a decision found out (due times, scores) stands in its event.
//   C3. A lead's leases never overlap, and every event that ends one names its award (I1).
//   C4. The campaign's time never runs back (I8).

import { reasonOf } from '../policy/caps.ts'
import { fifoPolicy } from '../policy/fifo-policy.ts'
import { indexPolicy } from '../policy/index-policy.ts'
import { Learnt } from '../policy/learnt.ts'
import type { Policy } from '../policy/policy.ts'
import { PRIOR_MODEL } from '../policy/prior-model.ts'
import { type Effect, standardIn } from '../protocol/dispositions.ts'
import { assertNever, CampaignFault } from '../protocol/errors.ts'
import {
  type Event,
  isLeadEvent,
  type LeadAwarded,
  type LeadDisposed,
  type LeadEvent,
  type LeadRevoked,
  type LeadState,
  type Standing,
} from '../protocol/events.ts'
import { type AwardId, type CampaignId, type ContractorId, parseAwardId } from '../protocol/ids.ts'
import type { Model } from '../protocol/model.ts'
import { completed, reschedulesMax, type Settings } from '../protocol/settings.ts'
import { Accounts } from './accounts.ts'
import { Allocations } from './allocations.ts'
import { barOf } from './bars.ts'
import type { Pace, Shortlist } from './bid.ts'
import { ContactGate } from './contact-gate.ts'
import { Floors } from './floors.ts'
import { Hidden } from './hidden.ts'
import {
  type Config,
  isTerminal,
  LeadTable,
  leadTypeOf,
  type Move,
  reschedulesOf,
  stateOf,
} from './lead-table.ts'
import { type Closing, Leads } from './leads.ts'
import { type Lease, Leases } from './leases.ts'
import { PullRate } from './pull-rate.ts'
import { Punctuality } from './punctuality.ts'
import { Queue } from './queue.ts'
import { shownBy } from './seen.ts'
import { SlaLedger } from './sla-ledger.ts'
import { Tally } from './tally.ts'

/** A campaign's policy is its settings' choice, but in a simulation that compares others. */
export type PolicyOf = (settings: Settings) => Policy

const policyOf: PolicyOf = ({ policy }) => (policy === 'fifo' ? fifoPolicy : indexPolicy)
const PRIOR = new Learnt(PRIOR_MODEL)
/** Leads that are put in their places together with new settings: a campaign of few is done then. */
const CONFIGURED_ROWS = 2048

export class Campaign {
  readonly id: CampaignId
  settings: Settings
  readonly leads = new Leads()
  readonly queue: Queue
  readonly leases = new Leases()
  readonly hidden = new Hidden()
  readonly pulls = new PullRate()
  readonly punctuality = new Punctuality()
  readonly floors = new Floors()
  readonly sla = new SlaLedger()
  /** The campaign's latest instant. */
  at = 0
  /** Why it is quarantined, null when it is not. */
  quarantined: string | null = null
  /** What the customer's outcomes taught, as far as it was adopted. */
  learnt: Learnt = PRIOR
  /** When that was, null before the first. */
  adoptedAt: number | null = null
  /** Expected waits and SLA prices by second, see bid.ts. */
  readonly paces = new Map<number, Pace>()
  /** What recent calls for bids found best, see bid.ts. */
  shortlists: Shortlist[] = []
  /** Queued leads that were turned away. */
  rejected = 0
  /** Leads by state, kept as they move. */
  readonly depth: Map<string, number> = new Map()

  /** What is known of whom its leads reach. */
  readonly contacts: ContactGate
  /** What its leads' attempts came to. */
  readonly accounts: Accounts
  /** What each contractor did, by day. */
  readonly tally = new Tally()
  /** Who its leads are allocated to. */
  readonly allocations: Allocations
  readonly #policyOf: PolicyOf

  constructor(settings: Settings, policy: PolicyOf = policyOf) {
    this.id = settings.campaign_id
    this.settings = completed(settings)
    this.#policyOf = policy
    this.queue = new Queue(this.leads, this.settings, policy(this.settings), this.learnt)
    this.contacts = new ContactGate(this)
    this.accounts = new Accounts(this)
    this.allocations = new Allocations(this)
  }

  /** `now`, unless the campaign has already seen later (I8). */
  clock(now: number): number {
    return Math.max(now, this.at)
  }

  get servedAt(): number {
    return this.pulls.last
  }

  /** The open lease an award id names, or undefined. */
  leaseOf(awardId: string): { row: number; lease: Lease } | undefined {
    const parts = parseAwardId(awardId)
    if (parts === null) return undefined
    const row = this.leads.row(parts.lead)
    if (row === undefined) return undefined
    const lease = this.leases.get(row)
    return lease?.award_id === awardId ? { row, lease } : undefined
  }

  /** The parts of an award id that is one of this campaign's, else null. */
  partsOf(awardId: string): ReturnType<typeof parseAwardId> {
    const parts = parseAwardId(awardId)
    return parts?.campaign === this.id ? parts : null
  }

  /** Whether `awardId` is the last award of its lead. */
  isLastAward(row: number, awardId: string): boolean {
    const parts = parseAwardId(awardId)
    const { awardN, awardIndex } = this.leads.columns
    return parts !== null && awardN[row] === parts.n && awardIndex[row] === parts.index
  }

  /** A lead's state as everybody outside knows it: while it is barred it is suppressed. */
  stateOf(row: number): LeadState {
    const config = this.leads.columns.config[row] as Config
    return this.leads.isBarred(row) && !isTerminal(config) ? 'suppressed' : stateOf(config)
  }

  /** Whether nobody attempts it any more: at its end, or barred. */
  isClosed(row: number): boolean {
    return this.leads.isBarred(row) || isTerminal(this.leads.columns.config[row] as Config)
  }

  standing(row: number): Standing {
    const config = this.leads.columns.config[row] as Config
    const state = this.stateOf(row)
    const waits = !this.isClosed(row) && !this.leases.has(row) && state !== 'held'
    const eligibleAt = Math.max(
      this.leads.columns.dueAt[row] as number,
      this.leads.columns.eligibleAt[row] as number,
    )
    return {
      state,
      lead_type: leadTypeOf(config),
      reschedules: reschedulesOf(config),
      due_at: waits ? eligibleAt : null,
    }
  }

  /** A live lead nobody has called or rescheduled yet: its next call is the one that was promised. */
  awaitsFirstCall(row: number): boolean {
    const { attempts, called, config } = this.leads.columns
    if (called[row] !== 0 || attempts[row] !== 0) return false
    const value = config[row] as Config
    return leadTypeOf(value) === 'Live' && reschedulesOf(value) === 0
  }

  /** The configuration `move` leads to; throws when the machine does not allow it. */
  step(row: number, move: Move): Config {
    const config = this.leads.columns.config[row] as Config
    const next = LeadTable.for(reschedulesMax(this.settings)).step(config, move)
    if (next === null) {
      throw this.fault(`lead ${this.leads.id(row)}: no ${move} from ${stateOf(config)}`)
    }
    return next
  }

  fault(message: string): CampaignFault {
    return new CampaignFault(this.id, message)
  }

  /** Changes state by one event; the row it was about, or -1. Throws CampaignFault (quarantine). */
  apply(event: Event): number {
    this.at = Math.max(this.at, event.at)
    switch (event.type) {
      case 'campaign.put':
        this.#configure(event.settings)
        return -1
      case 'campaign.quarantined':
        this.quarantined = event.reason
        return -1
      case 'campaign.requeued':
        this.quarantined = null
        return -1
      case 'model.adopted':
        this.#adopt(event.model)
        this.adoptedAt = event.at
        return -1
      case 'intake.rejected':
        this.rejected++
        return -1
      default:
        if (isLeadEvent(event)) return this.#applyToLead(event)
        throw this.fault(`${event.type} is no campaign's`)
    }
  }

  #adopt(model: Model): void {
    this.learnt = new Learnt(model)
    this.queue.learn(this.learnt)
  }

  #applyToLead(event: LeadEvent): number {
    if (event.type === 'lead.accepted') return this.#accept(event)
    const row = this.leads.row(event.lead_id)
    if (row === undefined)
      throw this.fault(`${event.type} of lead ${event.lead_id}, never accepted`)
    const { columns } = this.leads
    this.#changing(row)
    this.queue.remove(row)
    this.tally.apply(event, this.leases.get(row))
    switch (event.type) {
      case 'lead.updated':
        this.#update(row, event)
        break
      case 'lead.awarded':
        this.#award(row, event)
        break
      case 'lead.confirmed': {
        const lease = this.#held(row, event)
        this.#move(row, 'confirm')
        this.leases.set(row, { ...lease, confirmedAt: event.at, until: event.lease_until })
        this.#countFirstCall(row, event.at, event.sla_day)
        this.contacts.attempted(row, event, event.award_id)
        break
      }
      case 'lead.extended':
        this.leases.set(row, { ...this.#held(row, event), until: event.lease_until })
        break
      case 'lead.lapsed':
        this.#held(row, event)
        this.#release(row, event.confirmed ? 'missed' : 'lapsed')
        this.#move(row, 'return')
        if (event.confirmed) this.#countAttempt(row)
        if (event.due_at !== null) this.#setDue(row, event.due_at)
        break
      case 'lead.skipped':
        this.#held(row, event)
        this.#release(row, 'skipped')
        this.#move(row, 'return')
        this.#hide(row, event.contractor_id, event.hidden_until)
        break
      case 'lead.revoked':
        this.#held(row, event)
        this.#release(row, closingOf(event.rule))
        this.#move(row, 'return')
        this.contacts.revoked(row, event)
        break
      case 'lead.disposed':
        this.#dispose(row, event)
        this.contacts.disposed(row, event)
        break
      case 'lead.noted':
        this.leads.noteKey(row, event.note)
        break
      case 'lead.attempted':
        this.#countFirstCall(row, event.at, event.sla_day)
        this.contacts.attempted(row, event, event.attempt_id)
        break
      case 'lead.suppressed':
        this.#bar(row, (columns.barred[row] as number) | barOf(event.kind))
        break
      case 'lead.restored':
        this.#bar(row, (columns.barred[row] as number) & ~barOf(event.kind))
        break
      case 'lead.released':
        this.#move(row, 'release')
        this.#setDue(row, event.due_at)
        break
      case 'lead.paid':
        if (event.due_at !== undefined) this.#setDue(row, event.due_at)
        break
      case 'lead.refused':
      case 'lead.promise_broken':
      case 'lead.allocated':
      case 'lead.deadline_missed':
        break
      default:
        assertNever(event)
    }
    this.accounts.apply(row, event)
    this.allocations.apply(row, event)
    if (!this.leases.has(row) && !this.isClosed(row)) this.queue.enqueue(row, this.at)
    this.leads.changed(row)
    return row
  }

  #changing(row: number): void {
    this.leads.changing(row)
    this.allocations.changing(row)
  }

  /** Remembers in which record a lead's last event lies. */
  settled(row: number, seq: number): void {
    this.leads.changing(row)
    this.leads.columns.lastSeq[row] = seq
    this.leads.changed(row)
  }

  #accept(event: Extract<Event, { type: 'lead.accepted' }>): number {
    const { lead } = event
    if (this.leads.row(event.lead_id) !== undefined) {
      throw this.fault(`lead ${event.lead_id} accepted twice`)
    }
    const row = this.leads.add(event.lead_id, lead)
    const rescheduled = lead.lead_type === 'Live' && lead.rescheduled_at !== null
    const move = lead.lead_type === 'Stale' ? 'stale' : rescheduled ? 'rescheduled' : 'live'
    this.#set(row, this.step(row, `accept.${move}`), true)
    this.#setDue(row, event.due_at)
    if (move === 'live' && lead.created_at >= event.at - this.#slaMs) {
      this.punctuality.arrived(lead.created_at)
    }
    this.contacts.accepted(row)
    this.queue.enqueue(row, this.at)
    return row
  }

  #update(row: number, event: Extract<Event, { type: 'lead.updated' }>): void {
    const { changes } = event
    const before = this.leads.contactsOf(row)
    this.leads.write(row, changes)
    this.contacts.updated(row, before)
    const { config } = this.leads.columns
    // What is known of a lead may still be corrected at its end; where it stands may not.
    if (isTerminal(config[row] as Config)) return
    if (
      changes.lead_type !== undefined &&
      changes.lead_type !== leadTypeOf(config[row] as Config)
    ) {
      this.#move(row, changes.lead_type === 'Live' ? 'retype.live' : 'retype.stale')
    }
    const live = leadTypeOf(config[row] as Config) === 'Live'
    if (changes.rescheduled_at != null && live && stateOf(config[row] as Config) !== 'callback') {
      this.#move(row, 'retype.rescheduled')
    }
    if (event.due_at !== undefined) this.#setDue(row, event.due_at)
  }

  #award(row: number, event: LeadAwarded): void {
    const held = this.leases.get(row)
    if (held !== undefined) {
      throw this.fault(`lead ${event.lead_id} awarded while held under ${held.award_id}`)
    }
    const parts = parseAwardId(event.award_id)
    if (parts === null) throw this.fault(`malformed award id ${event.award_id}`)
    const shown = shownBy(this, row, event)
    this.#move(row, 'award')
    this.leases.set(row, {
      award_id: event.award_id,
      lead_id: event.lead_id,
      contractor_id: event.contractor_id,
      awardedAt: event.at,
      until: event.lease_until,
      confirmedAt: null,
      attempt: event.attempt,
      shown,
    })
    const { columns } = this.leads
    columns.awardN[row] = parts.n
    columns.awardIndex[row] = parts.index
    this.leads.close(row, 'open')
    this.pulls.note(event.at)
    this.floors.awarded(event, this.settings)
  }

  #dispose(row: number, event: LeadDisposed): void {
    const { columns } = this.leads
    const { effect } = standardIn(event)
    this.#checkHolder(row, event)
    // A confirmed lease that lapsed was already counted as an attempt.
    const counted = event.late && this.leads.closing(row) === 'missed'
    this.#countFirstCall(row, event.attempted_at, event.sla_day)
    if (event.award_id !== null) this.#release(row, 'disposed')
    const move = event.kept === true ? null : moveOf(effect)
    if (move !== null) this.#move(row, move)
    else if (event.award_id !== null && !event.late) this.#move(row, 'return')
    if (!counted && effect !== 'again') this.#countAttempt(row)
    if (move === 'miss' && event.result.state === 'rescheduled') {
      columns.rescheduledAt[row] = event.attempted_at
    }
    if (event.local_day !== undefined) this.#countBusy(row, event.local_day)
    if (move !== null && event.result.due_at !== null) this.#setDue(row, event.result.due_at)
    this.leads.noteKey(row, event.note)
    if (this.stateOf(row) !== event.result.state) {
      throw this.fault(
        `${event.code} of lead ${event.lead_id} leads to ${this.stateOf(row)}, its event says ${event.result.state}`,
      )
    }
  }

  /** A disposition is of the lead's holder; a late one of its last award, while nobody holds it (C3). */
  #checkHolder(row: number, { award_id, late, kept }: LeadDisposed): void {
    if (award_id === null && kept === true) return
    const holder = this.leases.get(row)?.award_id ?? null
    const fits = late
      ? holder === null && award_id !== null && this.isLastAward(row, award_id)
      : holder === award_id
    if (fits) return
    throw this.fault(
      `disposition of ${award_id ?? 'no award'}, lead held under ${holder ?? 'none'}`,
    )
  }

  #held(row: number, event: { award_id: AwardId; type: string }): Lease {
    const lease = this.leases.get(row)
    if (lease?.award_id !== event.award_id) {
      throw this.fault(
        `${event.type} of ${event.award_id}, lead held under ${lease?.award_id ?? 'none'}`,
      )
    }
    return lease
  }

  #release(row: number, closing: Parameters<Leads['close']>[1]): void {
    this.leases.delete(row)
    this.leads.close(row, closing)
  }

  #setDue(row: number, dueAt: number): void {
    this.leads.columns.dueAt[row] = dueAt
    this.leads.columns.eligibleAt[row] = dueAt
  }

  #hide(row: number, contractor: ContractorId | null, until: number): void {
    if (contractor === null) {
      this.leads.columns.eligibleAt[row] = Math.max(
        until,
        this.leads.columns.eligibleAt[row] as number,
      )
      return
    }
    this.hidden.hide(contractor, row, until, this.at)
  }

  #countAttempt(row: number): void {
    const { attempts } = this.leads.columns
    attempts[row] = (attempts[row] as number) + 1
  }

  #countBusy(row: number, day: number): void {
    const { busyCount, busyDay } = this.leads.columns
    busyCount[row] = busyDay[row] === day ? (busyCount[row] as number) + 1 : 1
    busyDay[row] = day
  }

  /** The first call of a live lead is what its deadline is about. */
  #countFirstCall(row: number, at: number, day: number | undefined): void {
    if (!this.awaitsFirstCall(row)) return
    const { called, createdAt } = this.leads.columns
    called[row] = 1
    const onTime = at - (createdAt[row] as number) <= this.#slaMs
    this.sla.note({ at, createdAt: createdAt[row] as number, onTime, day })
    if (onTime) this.punctuality.calledInTime(createdAt[row] as number)
  }

  get #slaMs(): number {
    return this.settings.sla.minutes * 60_000
  }

  #move(row: number, move: Move): void {
    this.#set(row, this.step(row, move), false)
  }

  #set(row: number, config: Config, isNew: boolean): void {
    if (!isNew) this.#count(this.stateOf(row), -1)
    this.leads.columns.config[row] = config
    this.#count(this.stateOf(row), 1)
  }

  #bar(row: number, bars: number): void {
    this.#count(this.stateOf(row), -1)
    this.leads.columns.barred[row] = bars
    this.#count(this.stateOf(row), 1)
  }

  #count(state: string, by: number): void {
    this.depth.set(state, (this.depth.get(state) ?? 0) + by)
  }

  #configure(settings: Settings): void {
    if (settings.cycle !== this.settings.cycle) this.accounts.newCycle()
    this.settings = completed(settings)
    this.shortlists = []
    this.contacts.configured()
    this.queue.configure(this.settings, this.#policyOf(this.settings))
    this.place(CONFIGURED_ROWS)
  }

  /** Leads were loaded, and all that is about them: their places follow with `place` (Q4). */
  loaded(): void {
    this.accounts.rebuild()
    this.contacts.load()
    this.queue.load(this.learnt)
  }

  /** Counts rows that were loaded by their state. */
  count(from: number, to: number): void {
    for (let row = from; row < to; row++) this.#count(this.stateOf(row), 1)
  }

  /** Rows may still have to be put where they belong. */
  get placing(): boolean {
    return this.contacts.placing || this.queue.placing
  }

  /** Puts some rows where they belong; whether there are no more. Repeat it before anything is asked of
   * leads that were loaded, and soon after settings, a model or advice came. */
  place(rows: number): boolean {
    if (this.contacts.placing) this.contacts.place(rows)
    else this.queue.place(rows, this.at)
    return !this.placing
  }
}

/** What a disposition asks of the lead machine; null where the lead stays as it is. */
export function moveOf(effect: Effect): Move | null {
  switch (effect) {
    case 'none':
      return null
    // Neither counts a reschedule; they differ in when it is tried again.
    case 'again':
      return 'busy'
    case 'promise':
      return 'callback'
    default:
      return effect
  }
}

function closingOf(rule: LeadRevoked['rule']): Closing {
  return rule === undefined || rule === 'suppression' ? 'revoked' : reasonOf(rule)
}
