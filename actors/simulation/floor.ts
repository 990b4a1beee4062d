// Floor: contractors at work in virtual time. Campaigns, queue, policy, auction and outcomes are
// the production's own; here are only the clock, the calls, and who is idle.
//
//   F1. Whoever asks gets the best bid of the campaigns it is qualified for, as the gateway's
//       matching has it; whoever got nothing is asked again when a lead comes or falls due.
//   F2. A call begun in a shift is finished.

import { answerCall } from '../campaign/bid.ts'
import { Campaign, type PolicyOf } from '../campaign/campaign.ts'
import { confirmHere } from '../campaign/contact-here.ts'
import { Contacts } from '../campaign/contacts.ts'
import { decideIntake } from '../campaign/intake.ts'
import { decideAward } from '../campaign/lease.ts'
import { decideDisposition } from '../campaign/outcome.ts'
import { assign, type Lot } from '../protocol/assign.ts'
import { isContactEvent, type LeadAwarded, type LeadDisposed } from '../protocol/events.ts'
import { awardId, type CampaignId, type CustomerId } from '../protocol/ids.ts'
import { Answers, type Ask, lotOf, makeOrder } from '../protocol/order.ts'
import { parseDisposition } from '../protocol/requests.ts'
import { KEY_REF_BYTES, type Sealer } from '../protocol/seal.ts'
import { Agenda } from './agenda.ts'
import type { CallOutcome, Nature } from './nature.ts'
import type { Shift, World, WorldLead } from './world.ts'

/** A call as it ended: what measuring and learning are made of. */
export interface Call {
  of: WorldLead
  award: LeadAwarded
  disposed: LeadDisposed
  outcome: CallOutcome
  shift: Shift
}

export interface FloorOptions {
  world: World
  nature: Nature
  policyOf: PolicyOf
  onCall: (call: Call) => void
  /** Called every `tickMs` of virtual time. */
  onTick?: (now: number) => void
  tickMs?: number
}

/** As long as a lease may be extended. */
const LEASE_S = 7200

/** Nobody reads what a simulation seals. */
const sealer: Sealer = {
  seal: () => new Uint8Array(KEY_REF_BYTES),
  hash: (text) => [...text].reduce((hash, char) => (hash * 31 + char.charCodeAt(0)) % 1e9, 7) + 1,
}

export class Floor {
  readonly campaigns = new Map<CampaignId, Campaign>()
  readonly #options: FloorOptions
  readonly #agenda = new Agenda()
  readonly #contacts = new Contacts()
  readonly #leads = new Map<CampaignId, Map<number, WorldLead>>()
  /** In the order they fell idle: the longest idle gets the next lead. */
  readonly #idle = new Set<Shift>()
  readonly #servedAt = new Map<CustomerId, number>()
  #awards = 0
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(options: FloorOptions) {
    this.#options = options
    const { settings, leads, shifts } = options.world
    for (const of of settings) {
      // Who talks extends the lease, so none ends during a call.
      const lasting = { ...of, lease: { ttl_s: LEASE_S } }
      this.campaigns.set(of.campaign_id, new Campaign(lasting, options.policyOf))
      this.#leads.set(of.campaign_id, new Map())
    }
    for (const lead of leads) this.#agenda.plan(lead.arrivesAt, () => this.#arrive(lead))
    for (const shift of shifts) {
      this.#agenda.plan(shift.from, (now) => this.#ask(shift, now))
      this.#agenda.plan(shift.to, () => this.#idle.delete(shift))
    }
    const begin = Math.min(...shifts.map(({ from }) => from))
    const end = Math.max(...shifts.map(({ to }) => to))
    if (options.onTick !== undefined) this.#tick(begin, end, options.tickMs ?? 60_000)
  }

  /** Runs until nothing is left to happen. */
  run(): void {
    while (this.#agenda.step());
  }

  #tick(at: number, end: number, every: number): void {
    if (at > end) return
    this.#agenda.plan(at, (now) => {
      this.#options.onTick?.(now)
      this.#tick(now + every, end, every)
    })
  }

  #arrive(of: WorldLead): void {
    const campaign = this.#campaign(of.lead.campaign_id)
    const decision = decideIntake(campaign, of.lead, of.arrivesAt, sealer)
    if (decision.event === undefined) return // The same lead again: the first one counts.
    campaign.apply(decision.event)
    this.#leads.get(campaign.id)?.set(of.lead.id, of)
    // Of a copy: who asks in vain is put back at the end, and would be met again for ever.
    for (const shift of [...this.#idle]) {
      if (shift.campaigns.includes(campaign.id) && this.#ask(shift, of.arrivesAt)) return
    }
  }

  /** Asks for the next lead of a contractor; false when there is none. */
  #ask(shift: Shift, now: number): boolean {
    this.#idle.delete(shift)
    if (now >= shift.to) return false
    const ask: Ask = {
      campaigns: shift.campaigns,
      contractor: null,
      request: null,
      body: 0,
      encoding: 'json',
      ballot: 0,
    }
    const answers = new Answers(ask.campaigns)
    const lots: Lot[] = []
    let next = Number.POSITIVE_INFINITY
    for (const id of ask.campaigns) {
      const answer = answerCall(this.#campaign(id), { wants: 1, now, asOf: now })
      answers.add(answer)
      if (answer.type === 'bids') lots.push(lotOf(answer))
      else if (answer.type === 'refusal') next = Math.min(next, answer.next_eligible_at ?? next)
    }
    const bidder = { lots }
    const [pair] = assign([bidder], this.#servedAt, now)
    if (pair === undefined) {
      this.#idle.add(shift)
      this.#wake(next, now)
      return false
    }
    const order = makeOrder(ask, answers, bidder, pair.lot, () => 1)
    const campaign = this.#campaign(pair.lot.campaign)
    const n = ++this.#awards
    const decided = decideAward(campaign, order, { now, asOf: now }, (lead) =>
      awardId(campaign.id, lead, n, 0),
    )
    if (decided === undefined) throw new Error('a bid was not honoured at its own instant')
    campaign.apply(decided.event)
    this.#call(shift, campaign, decided.event, now)
    return true
  }

  #call(shift: Shift, campaign: Campaign, award: LeadAwarded, now: number): void {
    for (const event of confirmHere(campaign, this.#contacts, award.award_id, now).events) {
      if (isContactEvent(event)) this.#contacts.apply(event)
      else campaign.apply(event)
    }
    if (campaign.leaseOf(award.award_id) === undefined) {
      // A rule on attempts refused the call: its lead sleeps, and the contractor asks for another.
      this.#agenda.plan(now, (then) => this.#ask(shift, then))
      return
    }
    const of = this.#leads.get(campaign.id)?.get(award.lead_id)
    const shown = campaign.leaseOf(award.award_id)?.lease.shown
    if (of === undefined || shown == null) throw new Error('an award of a lead that never came')
    const outcome = this.#options.nature.call(of, shown, now)
    this.#agenda.plan(now + outcome.ms, (end) => {
      const disposed = dispose(campaign, award, outcome, end)
      this.#options.onCall({ of, award, disposed, outcome, shift })
      this.#ask(shift, end)
    })
  }

  /** Asks again for those who wait, when a lead falls due. */
  #wake(at: number, now: number): void {
    // What is due by now was asked for just now: waking for it would never end.
    if (!Number.isFinite(at) || at <= now) return
    if (at >= this.#wakesAt && this.#wakesAt > now) return
    this.#wakesAt = at
    this.#agenda.plan(at, (then) => {
      if (this.#wakesAt === at) this.#wakesAt = Number.POSITIVE_INFINITY
      for (const shift of [...this.#idle]) this.#ask(shift, then)
    })
  }

  #campaign(id: CampaignId): Campaign {
    const campaign = this.campaigns.get(id)
    if (campaign === undefined) throw new Error(`campaign ${id} has no settings`)
    return campaign
  }
}

function dispose(
  campaign: Campaign,
  { award_id }: LeadAwarded,
  outcome: CallOutcome,
  now: number,
): LeadDisposed {
  const code = outcome.converted ? 'converted' : outcome.pickedUp ? 'not_interested' : 'no_answer'
  const decision = decideDisposition(campaign, parseDisposition({ award_id, code }), now, sealer)
  const event = 'lookup' in decision ? undefined : decision.events[0]
  if (event?.type !== 'lead.disposed') throw new Error(`award ${award_id} took no outcome`)
  campaign.apply(event)
  return event
}
