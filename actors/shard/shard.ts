// Shard: the owner of a part of the campaigns, and their strict mailbox. A command is decided on
// the state in memory, its events are applied at once, its reply waits at the output gate.
//
//   SH1. No decision spans an `await`. What a decision needs from elsewhere (a key, an award's
//        history) is fetched first, and the decision is made anew with it.
//   SH2. A fault in one campaign quarantines that campaign; the shard goes on.
//   SH3. Once the shard is lost (fenced, rolled back) it answers `moved` to everything.

import { answerCall } from '../campaign/bid.ts'
import type { Campaign } from '../campaign/campaign.ts'
import {
  type Decision,
  decideAward,
  decideConfirm,
  decideExtend,
  decideLapses,
  decideSkip,
} from '../campaign/lease.ts'
import { decideDisposition } from '../campaign/outcome.ts'
import { campaignShown, leadView } from '../campaign/view.ts'
import type {
  CallForBids,
  CampaignAnswer,
  Command,
  CommandReply,
  Order,
  OrderResult,
} from '../protocol/commands.ts'
import { assertNever, CampaignFault, EngineError, FencedError } from '../protocol/errors.ts'
import type { Event, LeadAwarded } from '../protocol/events.ts'
import {
  awardId,
  type CampaignId,
  type ContractorId,
  type HostId,
  parseAwardId,
} from '../protocol/ids.ts'
import type { LeadInput } from '../protocol/lead.ts'
import { readable } from '../protocol/readable.ts'
import { decodeRecord } from '../protocol/record.ts'
import { errorReply, type LeadShown, type Reply } from '../protocol/replies.ts'
import type { DispositionRequest } from '../protocol/requests.ts'
import type { Settings } from '../protocol/settings.ts'
import { formatTime } from '../protocol/time.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { KeyNotCachedError, type Vault } from '../runtime/vault.ts'
import { type Details, encodeAward, openLead } from './award-reply.ts'
import { IngestLane } from './ingest-lane.ts'
import type { Journal } from './journal.ts'
import { readLast } from './log-reader.ts'
import { OutputGate } from './output-gate.ts'
import type { ShardState } from './state.ts'
import { awardHistory, walk } from './timeline.ts'

/** An append that flies longer than this means the log is away: refuse instead of piling up. */
const APPEND_SLOW_MS = 1500
const BACKLOG_MAX = 8
/** Errors after which an append may have landed all the same. */
const UNKNOWN_FATE = new Set(['JOURNAL_STOPPED', 'APPEND_FAILED', 'LOG_ROLLED_BACK'])

export interface ShardOptions {
  state: ShardState
  journal: Journal
  link: Link
  vault: Vault
  clock: Clock
  log: Log
  host: HostId
  timezone: string
  onLost: (error: Error) => void
  /** Told of each award's first call: seconds from arrival to confirm, per customer. */
  onFault: (fault: CampaignFault) => void
}

export class Shard {
  readonly state: ShardState
  readonly journal: Journal
  readonly #options: ShardOptions
  readonly #gate: OutputGate
  readonly #lane: IngestLane
  /** Words for the terms of awards made here, for repetitions of their reply. */
  readonly #details = new WeakMap<LeadAwarded, Details>()
  #lost: Error | null = null
  /** Leads still wait in the inbox: what comes directly must go behind them. */
  behind = true
  /** Set while nothing may be decided; resolves when deciding goes on. */
  #quiet: Promise<void> | null = null

  constructor(options: ShardOptions) {
    this.#options = options
    this.state = options.state
    this.journal = options.journal
    this.#lane = new IngestLane({
      state: this.state,
      gate: () => this.#gate,
      vault: options.vault,
      now: () => this.#now(),
      timezone: options.timezone,
      quarantine: (campaign, fault) => this.#quarantine(campaign, fault),
    })
    this.#gate = new OutputGate({
      state: this.state,
      journal: this.journal,
      now: () => this.#now(),
      onIdle: () => {
        if (this.#quiet === null) this.#lane.run()
      },
      onLost: (error) => this.close(error),
    })
  }

  get epoch(): number {
    return this.journal.epoch
  }

  get lost(): boolean {
    return this.#lost !== null
  }

  /** Gives the shard up: everything undecided and undelivered fails. */
  close(error: Error): void {
    if (this.#lost !== null) return
    this.#lost = error
    this.#gate.close(error)
    this.#lane.fail(error)
    this.#options.onLost(error)
  }

  /** Waits for what was decided, then gives the shard up for another host to take. */
  async drain(reason: Error): Promise<void> {
    await this.#gate.durable().catch(() => {})
    this.close(reason)
  }

  /**
   * Runs `copy` at an instant when the state is exactly what the log says; commands wait for the
   * millisecond or two that takes. What `copy` must see it has to read before its first `await`.
   */
  async quiesce(copy: () => Promise<void>): Promise<void> {
    if (this.#quiet !== null || this.#lost !== null) return
    let release: () => void = () => {}
    this.#quiet = new Promise((resolve) => {
      release = resolve
    })
    try {
      await this.#gate.durable()
      void copy()
    } catch {
      // The shard was lost meanwhile: there is nothing to copy.
    } finally {
      this.#quiet = null
      release()
      this.#gate.nudge()
    }
  }

  /** The log does not keep up, or does not answer: new work would only wait. */
  get busy(): boolean {
    const since = this.journal.appendingSince
    return (
      this.#gate.backlog > BACKLOG_MAX ||
      (since !== null && performance.now() - since > APPEND_SLOW_MS)
    )
  }

  /** Answers a command; resolves once everything the answer tells is durable. */
  async execute(command: Command): Promise<CommandReply> {
    if (this.#lost !== null) return { type: 'moved' }
    if (this.busy) return { type: 'busy' }
    try {
      while (this.#quiet !== null) await this.#quiet
      return await this.#execute(command)
    } catch (error) {
      if (this.#lost !== null) return { type: fateOf(error) }
      throw error
    }
  }

  #execute(command: Command): Promise<CommandReply> {
    switch (command.type) {
      case 'award':
        return this.#award(command.orders, command.as_of, command.deadline)
      case 'confirm':
        return this.#onAward(command.award_id, (campaign, now) =>
          decideConfirm(campaign, command.award_id, now),
        )
      case 'extend':
        return this.#onAward(command.award_id, (campaign, now) =>
          decideExtend(campaign, command.award_id, now),
        )
      case 'skip':
        return this.#onAward(command.award_id, (campaign, now) =>
          decideSkip(campaign, command.award_id, command.reason, now),
        )
      case 'disposition':
        return this.#disposition(command.request)
      case 'ingest':
        return this.#ingest(command.leads, command.fromInbox === true)
      case 'show':
        return this.#show(command.campaign, command.lead)
      case 'campaign.put':
        return this.#put(command.settings)
      case 'campaign.show':
        return this.#showCampaign(command.campaign)
      case 'campaign.list':
        return this.#listCampaigns()
      case 'requeue':
        return this.#requeue(command.campaign)
      default:
        return assertNever(command)
    }
  }

  /** Bids of one campaign, for anybody or for one contractor. */
  bid(
    campaignId: CampaignId,
    wants: number,
    asOf: number,
    contractor?: ContractorId,
  ): CampaignAnswer {
    const campaign = this.state.campaigns.get(campaignId)
    if (this.#lost !== null || this.busy) return { type: 'moved', campaign: campaignId }
    if (campaign === undefined) return { type: 'unknown', campaign: campaignId }
    try {
      this.#lapse(campaign)
      const now = campaign.clock(this.#now())
      const call = { wants, now, asOf, ...(contractor === undefined ? {} : { contractor }) }
      return answerCall(campaign, call)
    } catch (error) {
      this.#set(campaign, error)
      const reasons = { quarantined: campaign.leads.size }
      return { type: 'refusal', campaign: campaignId, reasons, next_eligible_at: null }
    }
  }

  /** Whether a contractor's skips make its bids differ from everybody's. */
  hasSkips(campaignId: CampaignId, contractor: ContractorId): boolean {
    return this.state.campaigns.get(campaignId)?.hidden.has(contractor) === true
  }

  /**
   * The award a request already got here, encoded, once it is durable; null when it was awarded
   * with another body, undefined when it was not awarded here.
   */
  async known(request: CallForBids['requests'][number]): Promise<Uint8Array | null | undefined> {
    const event = this.state.requests.get(request.request)
    if (event === undefined) return undefined
    if (event.body !== request.body) return null
    await this.#gate.durable()
    return this.#encode(event, request.encoding)
  }

  /** Makes sure that this is still the owner; gives the shard up when it is not. */
  async verify(): Promise<void> {
    const last = await readLast(this.#options.link, this.state.shard)
    const { epoch } = last === null ? this.journal : decodeRecord(last.bytes)
    if (epoch > this.journal.epoch) {
      this.close(new FencedError(this.state.shard, this.journal.epoch, epoch))
    }
  }

  /** Ends leases whose time has come, in every campaign. */
  tick(): void {
    if (this.#lost !== null) return
    for (const campaign of this.state.campaigns.values()) this.#lapse(campaign)
  }

  async #award(orders: Order[], asOf: number, deadline: number): Promise<CommandReply> {
    // The gateway has given up on what is past its deadline; an award now would be nobody's.
    if (this.#now() > deadline) {
      return { type: 'awards', results: orders.map(() => ({ type: 'refused' })) }
    }
    this.reserve(orders.length)
    const results = orders.map((order) => this.awardNow(order, asOf))
    await this.#gate.durable()
    return { type: 'awards', results: await Promise.all(results) }
  }

  /** Makes sure that so many awards, and the lapses they meet, go into one record. */
  reserve(awards: number): void {
    this.#gate.reserve(awards * 2)
  }

  /** What became of everything decided so far. */
  async fate(): Promise<'durable' | 'moved' | 'lost'> {
    try {
      await this.#gate.durable()
      return 'durable'
    } catch (error) {
      return fateOf(error)
    }
  }

  /** Decides one order now; what it answers is true once the shard's `fate` is durable. */
  awardNow(order: Order, asOf: number): OrderResult | Promise<OrderResult> {
    if (this.#lost !== null || this.#quiet !== null) return { type: 'refused' }
    const campaign = this.state.campaigns.get(order.campaign)
    if (campaign === undefined || campaign.quarantined !== null) return { type: 'refused' }
    if (order.request !== null) {
      const before = this.state.requests.get(order.request)
      if (before !== undefined) {
        return before.body === order.body ? this.#result(before, order) : { type: 'conflict' }
      }
      if (this.state.requestsFull) return { type: 'full' }
    }
    try {
      this.#lapse(campaign)
      const { n, index } = this.#gate.next
      const decided = decideAward(campaign, order, { now: this.#now(), asOf }, (lead) =>
        awardId(campaign.id, lead, n, index),
      )
      if (decided === undefined) return { type: 'refused' }
      const { event, candidate } = decided
      const { lane, arrival, scene } = candidate
      this.#details.set(event, campaign.queue.policy.details(lane, arrival, scene))
      this.#gate.emit(event)
      return this.#result(event, order)
    } catch (error) {
      this.#set(campaign, error)
      return { type: 'refused' }
    }
  }

  #result(event: LeadAwarded, order: Order): OrderResult | Promise<OrderResult> {
    const body = this.#encode(event, order.encoding)
    if (body instanceof Uint8Array) return { type: 'award', body }
    return body.then((bytes) => ({ type: 'award', body: bytes }))
  }

  #encode(event: LeadAwarded, encoding: Order['encoding']): Uint8Array | Promise<Uint8Array> {
    const campaign = this.#campaignOf(event.campaign_id)
    const row = campaign.leads.row(event.lead_id) as number // It was awarded, so it is there.
    return encodeAward(
      this.#options.vault,
      campaign,
      row,
      event,
      this.#details.get(event),
      encoding,
    )
  }

  async #onAward(
    award: string,
    decide: (campaign: Campaign, now: number) => Decision,
  ): Promise<CommandReply> {
    const campaign = this.#ofAward(award)
    if (campaign === undefined) return reply({ type: 'refused', reason: 'unknown' })
    return this.#commit(campaign, () => decide(campaign, this.#now()))
  }

  async #disposition(request: DispositionRequest): Promise<CommandReply> {
    const byAward = 'award_id' in request
    const campaign = byAward
      ? this.#ofAward(request.award_id)
      : this.state.campaigns.get(request.campaign_id as CampaignId)
    if (campaign === undefined) {
      const path = byAward ? '/award_id' : '/campaign_id'
      return reply(
        errorReply('NOT_FOUND', `${path}: no such ${byAward ? 'award' : 'campaign'}`, path),
      )
    }
    const lead = byAward ? parseAwardId(request.award_id)?.lead : request.lead_id
    const row = campaign.leads.row(lead as LeadInput['id'])
    await this.#prepareSeal(campaign, row)
    const { vault, link } = this.#options
    let history: Awaited<ReturnType<typeof awardHistory>> | undefined
    // At most twice: what the history says of a closed award does not change any more.
    for (;;) {
      const answer = await this.#commit(campaign, () => {
        const decision = decideDisposition(campaign, request, this.#now(), vault, history)
        return 'lookup' in decision ? undefined : decision
      })
      if (answer !== undefined) return answer
      history =
        row === undefined || !byAward
          ? null
          : await awardHistory(
              link,
              {
                campaign: campaign.id,
                lead: campaign.leads.id(row),
                lastSeq: campaign.leads.columns.lastSeq[row] as number,
              },
              request.award_id,
            )
    }
  }

  async #prepareSeal(campaign: Campaign, row: number | undefined): Promise<void> {
    const keyRef = row === undefined ? 0 : (campaign.leads.columns.keyRef[row] as number)
    await this.#options.vault.prepare(1, keyRef === 0 ? [] : [keyRef])
  }

  async #ingest(leads: LeadInput[], fromInbox: boolean): Promise<CommandReply> {
    if (this.#lane.full) return { type: 'busy' }
    if (this.behind && !fromInbox) return { type: 'behind' }
    return { type: 'outcomes', outcomes: await this.#lane.add(leads) }
  }

  async #put(settings: Settings): Promise<CommandReply> {
    const known = this.state.campaigns.get(settings.campaign_id)
    if (known !== undefined && known.settings.customer_id !== settings.customer_id) {
      const message = `/customer_id: campaign ${known.id} belongs to customer ${known.settings.customer_id}, and a campaign keeps its customer`
      return reply(errorReply('CUSTOMER_MISMATCH', message, '/customer_id'))
    }
    const now = known?.clock(this.#now()) ?? this.#now()
    const same = known !== undefined && JSON.stringify(known.settings) === JSON.stringify(settings)
    if (!same) {
      const { campaign_id } = settings
      this.#gate.emit({ type: 'campaign.put', campaign_id, at: now, settings }, 2000)
    }
    await this.#gate.durable()
    return reply(campaignShown(this.#campaignOf(settings.campaign_id), now))
  }

  async #show(campaignId: CampaignId, lead: LeadInput['id']): Promise<CommandReply> {
    await this.#gate.durable()
    const campaign = this.state.campaigns.get(campaignId)
    const row = campaign?.leads.row(lead)
    if (campaign === undefined || row === undefined) {
      const path = campaign === undefined ? '/campaign_id' : '/lead_id'
      return reply(errorReply('NOT_FOUND', `${path}: no such ${path.slice(1, -3)}`, path))
    }
    const { vault, link } = this.#options
    const keyRef = campaign.leads.columns.keyRef[row] as number
    if (keyRef !== 0) await vault.prepare(0, [keyRef])
    const standing = campaign.standing(row)
    const lease = campaign.leases.get(row)
    const shown: LeadShown = {
      type: 'lead',
      lead_id: lead,
      campaign_id: campaignId,
      lead: leadView(campaign, row, openLead(vault, campaign, row)),
      state: standing.state,
      reschedules: standing.reschedules,
      attempts: campaign.leads.columns.attempts[row] as number,
      timeline: [],
    }
    if (standing.due_at !== null) shown.due_at = formatTime(standing.due_at)
    if (lease !== undefined) {
      const { award_id, contractor_id, until, confirmedAt } = lease
      const confirmed = confirmedAt !== null
      shown.lease = { award_id, lease_until: formatTime(until), confirmed }
      if (contractor_id !== null) shown.lease.contractor_id = contractor_id
    }
    const lastSeq = campaign.leads.columns.lastSeq[row] as number
    for await (const { seq, event } of walk(link, { campaign: campaignId, lead, lastSeq })) {
      if (shown.timeline.length === 100) break
      const entry = readable(event, seq)
      if ('note' in event && event.note !== null) {
        const note = await vault.open(event.note)
        if (note !== null) entry.note = note
      }
      shown.timeline.push(entry)
    }
    return reply(shown)
  }

  async #showCampaign(campaignId: CampaignId): Promise<CommandReply> {
    await this.#gate.durable()
    const campaign = this.state.campaigns.get(campaignId)
    if (campaign === undefined) {
      return reply(errorReply('NOT_FOUND', '/campaign_id: no such campaign', '/campaign_id'))
    }
    this.#lapse(campaign)
    return reply(campaignShown(campaign, campaign.clock(this.#now())))
  }

  async #listCampaigns(): Promise<CommandReply> {
    await this.#gate.durable()
    const campaigns = [...this.state.campaigns.values()].map((campaign) => {
      this.#lapse(campaign)
      const { type: _, ...shown } = campaignShown(campaign, campaign.clock(this.#now()))
      return shown
    })
    return reply({ type: 'campaigns', campaigns })
  }

  /** Lifts a quarantine: the campaign is folded anew from the log, by whoever owns the shard next. */
  async #requeue(campaignId: CampaignId): Promise<CommandReply> {
    const campaign = this.state.campaigns.get(campaignId)
    if (campaign === undefined) {
      return reply(errorReply('NOT_FOUND', '/campaign_id: no such campaign', '/campaign_id'))
    }
    if (campaign.quarantined === null) return reply({ type: 'requeued' })
    // A poisoned campaign's own state cannot be trusted with an event: it joins the record as is.
    const at = campaign.clock(this.#now())
    this.#gate.emit({ type: 'campaign.requeued', campaign_id: campaignId, at })
    await this.#gate.durable()
    this.close(new CampaignFault(campaignId, 'requeued: the shard is folded anew from its log'))
    return reply({ type: 'requeued' })
  }

  /**
   * Emits a decision's events and answers when they, and all before them, are durable; undefined
   * where there was nothing to decide yet.
   */
  async #commit(campaign: Campaign, decide: () => Decision): Promise<CommandReply>
  async #commit(
    campaign: Campaign,
    decide: () => Decision | undefined,
  ): Promise<CommandReply | undefined>
  async #commit(
    campaign: Campaign,
    decide: () => Decision | undefined,
  ): Promise<CommandReply | undefined> {
    let answer: Reply | undefined
    try {
      this.#lapse(campaign)
      const decision = decide()
      for (const event of decision?.events ?? []) this.#gate.emit(event)
      answer = decision?.reply
    } catch (error) {
      if (error instanceof KeyNotCachedError) throw error
      this.#set(campaign, error)
      answer = errorReply(
        'QUARANTINED',
        `campaign ${campaign.id} was quarantined: an operator must requeue it`,
      )
    }
    await this.#gate.durable()
    return answer === undefined ? undefined : reply(answer)
  }

  #lapse(campaign: Campaign): void {
    if (campaign.quarantined !== null || this.#quiet !== null) return
    try {
      decideLapses(campaign, this.#now(), (event: Event) => this.#gate.emit(event))
    } catch (error) {
      this.#set(campaign, error)
    }
  }

  #set(campaign: Campaign, error: unknown): void {
    const fault =
      error instanceof CampaignFault
        ? error
        : new CampaignFault(campaign.id, String(error), { cause: error })
    this.#quarantine(campaign, fault)
  }

  #quarantine(campaign: Campaign, fault: CampaignFault): void {
    this.#options.onFault(fault)
    if (campaign.quarantined !== null) return
    const at = campaign.clock(this.#now())
    this.#gate.emit({
      type: 'campaign.quarantined',
      campaign_id: campaign.id,
      at,
      reason: fault.message,
    })
    // What the fault left in memory is not what the log says: fold the shard anew, soon.
    this.#gate.durable().then(
      () => this.close(fault),
      () => {},
    )
  }

  #ofAward(award: string): Campaign | undefined {
    const parts = parseAwardId(award)
    return parts === null ? undefined : this.state.campaigns.get(parts.campaign)
  }

  #campaignOf(id: CampaignId): Campaign {
    const campaign = this.state.campaigns.get(id)
    if (campaign === undefined) throw new CampaignFault(id, 'is not here')
    return campaign
  }

  #now(): number {
    return this.#options.clock.now()
  }
}

/** Fenced or never appended, it did not happen. Otherwise nobody can say here (A2). */
function fateOf(error: unknown): 'moved' | 'lost' {
  return error instanceof EngineError && UNKNOWN_FATE.has(error.code) ? 'lost' : 'moved'
}

function reply(value: Reply): CommandReply {
  return { type: 'reply', reply: value }
}
