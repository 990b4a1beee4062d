// Shard: the owner of a part of the campaigns, and of the contacts. A command (mailbox.ts) is
// decided on the state in memory, its events are applied at once, its reply waits at the output
// gate.
//
//   SH1. No decision spans an `await`. What a decision needs from elsewhere (a key, an award's
//        history) is fetched first, and the decision is made anew with it.
//   SH2. A fault in one campaign quarantines that campaign; the shard goes on.
//   SH3. Once the shard is lost (fenced, rolled back) it answers `moved` to everything, and its
//        state changes no more.

import { isPersonal } from '../campaign/allocated-bid.ts'
import { decideMissed } from '../campaign/allocations.ts'
import { barEvents } from '../campaign/bars.ts'
import { answerCall, type Call } from '../campaign/bid.ts'
import type { Campaign } from '../campaign/campaign.ts'
import { type Decision, decideLapses } from '../campaign/lease.ts'
import { decideBroken } from '../campaign/payment.ts'
import type { CampaignAnswer, CommandReply, TimedCommand } from '../protocol/commands.ts'
import { CampaignFault, EngineError, FencedError } from '../protocol/errors.ts'
import { type Event, isSuppressionEvent } from '../protocol/events.ts'
import type { CampaignId, ContractorId, HostId } from '../protocol/ids.ts'
import { decodeRecord } from '../protocol/record.ts'
import { errorReply, type Reply } from '../protocol/replies.ts'
import type { SuppressionEvent } from '../protocol/suppression.ts'
import { URGENCY } from '../protocol/urgency.ts'
import { Activity } from '../runtime/activity.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { KeyNotCachedError } from '../runtime/vault.ts'
import { AwardDesk, type AwardDeskOptions } from './award-desk.ts'
import type { ContactPort } from './contact-board.ts'
import { IngestLane } from './ingest-lane.ts'
import { IngestPace } from './ingest-pace.ts'
import type { Journal } from './journal.ts'
import { readLast } from './log-reader.ts'
import { Mailbox } from './mailbox.ts'
import { OfficeDesk } from './office-desk.ts'
import { OutputGate } from './output-gate.ts'
import type { ShardState } from './state.ts'
import type { StateCut } from './state-cut.ts'
import { SuppressionDesk } from './suppression-desk.ts'

/** An append that flies longer than this means the log is away: refuse instead of piling up. */
const APPEND_SLOW_MS = 1500
const BACKLOG_MAX = 8
/** What was done already is still told when awards are not taken any more. */
const BACKLOG_ENDS_MAX = 16
/** A log that does not answer holds a hand-over no longer than this. */
const DRAIN_MS = 4000
/** Errors after which an append may have landed all the same. */
const UNKNOWN_FATE = new Set(['JOURNAL_STOPPED', 'APPEND_FAILED', 'LOG_ROLLED_BACK'])

export interface ShardOptions extends Omit<AwardDeskOptions, 'gate'> {
  state: ShardState
  journal: Journal
  link: Link
  clock: Clock
  log: Log
  host: HostId
  timezone: string
  contacts: ContactPort
  /** How much of the host's time leads on their way in may take; a shard alone has its own. */
  pace?: IngestPace
  onLost: (error: Error) => void
  onFault: (fault: CampaignFault) => void
}

export class Shard {
  readonly state: ShardState
  readonly journal: Journal
  readonly #options: ShardOptions
  readonly #gate: OutputGate
  readonly awards: AwardDesk
  readonly lane: IngestLane
  readonly suppressions: SuppressionDesk
  readonly office: OfficeDesk
  readonly #mailbox: Mailbox
  #lost: Error | null = null
  #draining = false
  /** Leads still wait in the inbox: what comes directly must go behind them. */
  behind = true
  /** Sequence in the inbox up to which this owner has dealt with what is the shard's. */
  taken = 0

  constructor(options: ShardOptions) {
    this.#options = options
    this.state = options.state
    this.journal = options.journal
    this.awards = new AwardDesk(this, { ...options, gate: () => this.#gate })
    this.suppressions = new SuppressionDesk(this, options.link)
    this.office = new OfficeDesk(this, options)
    this.#mailbox = new Mailbox(this, options)
    this.lane = new IngestLane({
      state: this.state,
      gate: () => this.#gate,
      vault: options.vault,
      pace: options.pace ?? new IngestPace(new Activity()),
      now: () => this.now(),
      timezone: options.timezone,
      fault: (campaign, error) => this.fault(campaign, error),
    })
    this.#gate = new OutputGate({
      state: this.state,
      journal: this.journal,
      now: () => this.now(),
      onFill: () => !this.away && this.lane.run(),
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
    this.lane.fail(error)
    this.#options.onLost(error)
  }

  /**
   * Takes nothing more, waits for what was decided, then gives the shard up to another host. Whether
   * its state is what the log says: one that was lost meanwhile holds what never happened.
   */
  async drain(reason: Error): Promise<boolean> {
    this.#draining = true
    const patience = setTimeout(() => this.journal.stop(), DRAIN_MS)
    await this.#settled().catch(() => {}) // Then it was lost already, and closed for that.
    clearTimeout(patience)
    const sound = this.#lost === null && this.#gate.settled
    this.close(reason)
    return sound
  }

  /** Nothing is taken here any more. */
  get away(): boolean {
    return this.#draining || this.#lost !== null
  }

  /**
   * Resolves at an instant when the state is exactly what the log says. Commands that were already
   * waiting for something may decide meanwhile, so that one wait is not enough.
   */
  async #settled(): Promise<void> {
    while (!this.#gate.settled) await this.#gate.durable()
  }

  /** The state as it is after some record; nothing waits for it. Rejects when the shard was lost. */
  cut(): Promise<StateCut> {
    return this.#gate.cut()
  }

  /** The log does not keep up, or does not answer: new work would only wait. */
  get busy(): boolean {
    return this.#gate.backlog > BACKLOG_MAX || this.#silent
  }

  /** The log does not answer. */
  get #silent(): boolean {
    const since = this.journal.appendingSince
    return since !== null && performance.now() - since > APPEND_SLOW_MS
  }

  #busyFor({ type }: TimedCommand): boolean {
    if (URGENCY[type] !== 'end') return this.busy
    return this.#gate.backlog > BACKLOG_ENDS_MAX || this.#silent
  }

  /** Whether it may decide, right now, what nobody waits for. */
  get idle(): boolean {
    return !this.away && !this.busy
  }

  /** Answers a command; resolves once everything the answer tells is durable. */
  async execute(command: TimedCommand): Promise<CommandReply> {
    if (this.away) return { type: 'moved' }
    if (this.#busyFor(command)) return { type: 'busy' }
    try {
      return await this.#mailbox.execute(command)
    } catch (error) {
      if (this.#lost !== null) return { type: fateOf(error) }
      throw error
    }
  }

  /** Bids of one campaign, for anybody or for one contractor. */
  bid(campaignId: CampaignId, asked: Omit<Call, 'now'>): CampaignAnswer {
    const campaign = this.state.campaigns.get(campaignId)
    if (this.away || this.busy) return { type: 'moved', campaign: campaignId }
    if (campaign === undefined) return { type: 'unknown', campaign: campaignId }
    try {
      this.lapse(campaign)
      const now = campaign.clock(this.now())
      return answerCall(campaign, { ...asked, now })
    } catch (error) {
      this.fault(campaign, error)
      const reasons = { quarantined: campaign.leads.size }
      return { type: 'refusal', campaign: campaignId, reasons, next_eligible_at: null }
    }
  }

  /** Whether a contractor's skips or allocations make its bids differ from everybody's. */
  hasSkips(campaignId: CampaignId, contractor: ContractorId): boolean {
    const campaign = this.state.campaigns.get(campaignId)
    return campaign !== undefined && isPersonal(campaign, contractor)
  }

  /** Makes sure that this is still the owner; gives the shard up when it is not. */
  async verify(): Promise<void> {
    const last = await readLast(this.#options.link, this.state.shard)
    if (last === null) return
    const epoch = epochOf(last.bytes)
    // Bytes of nobody's have fenced this owner too: whoever folds the log next will say so.
    if (epoch === null || epoch > this.journal.epoch) {
      this.close(new FencedError(this.state.shard, this.journal.epoch, epoch ?? -1))
    }
  }

  /** Ends leases whose time has come, in every campaign. */
  tick(): void {
    if (this.away) return
    for (const campaign of this.state.campaigns.values()) this.lapse(campaign)
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

  /**
   * Emits a decision's events and answers when they, and all before them, are durable; undefined
   * where there was nothing to decide yet.
   */
  async commit(campaign: Campaign, decide: () => Decision): Promise<Reply>
  async commit(campaign: Campaign, decide: () => Decision | undefined): Promise<Reply | undefined>
  async commit(campaign: Campaign, decide: () => Decision | undefined): Promise<Reply | undefined> {
    // It may have been lost since the command came, and the state is worth nothing then.
    if (this.#lost !== null) throw this.#lost
    let reply: Reply | undefined
    try {
      this.lapse(campaign)
      reply = quarantined(campaign)
      const decision = reply === undefined ? decide() : undefined
      this.emitAll(decision?.events ?? [])
      reply ??= decision?.reply
    } catch (error) {
      if (error instanceof KeyNotCachedError) throw error
      this.fault(campaign, error)
      reply = quarantined(campaign)
    }
    await this.durable()
    return reply
  }

  /** Applies an event and puts it on its way to the log. */
  emit(event: Event): void {
    this.emitAll([event])
  }

  /**
   * Applies a decision's events in order, then lets this shard's leads follow the suppressions among
   * them: after the decision, for it may be about one of those leads.
   */
  emitAll(events: readonly Event[]): void {
    for (const event of events) this.#gate.emit(event)
    for (const event of events) if (isSuppressionEvent(event)) this.#spread(event)
  }

  #spread({ type, entry }: SuppressionEvent): void {
    const { campaigns, contacts, poisoned } = this.state
    for (const campaign of campaigns.values()) {
      // It is folded anew before it is used again, and swept then.
      if (campaign.quarantined !== null || poisoned.has(campaign.id)) continue
      try {
        const barred = barEvents(campaign, entry, contacts.suppressions, this.now())
        for (const event of barred) this.#gate.emit(event)
      } catch (error) {
        this.fault(campaign, error)
      }
    }
    if (type !== 'suppression.heard') this.suppressions.decided()
  }

  /** Resolves once everything decided so far is durable. */
  durable(): Promise<void> {
    return this.#gate.durable()
  }

  readonly #emit = (event: Event): void => this.#gate.emit(event)

  /** Ends the campaign's leases whose time has come. */
  lapse(campaign: Campaign): void {
    if (campaign.quarantined !== null || this.#lost !== null) return
    try {
      const now = this.now()
      decideLapses(campaign, now, this.#emit)
      decideBroken(campaign, now, this.#emit)
      // Nobody waits for these: they need not pile up while the log is away.
      if (!this.busy) decideMissed(campaign, now, this.#emit)
    } catch (error) {
      this.fault(campaign, error)
    }
  }

  /** Sets a campaign aside whose state proved broken (SH2). */
  fault(campaign: Campaign, error: unknown): void {
    const fault =
      error instanceof CampaignFault
        ? error
        : new CampaignFault(campaign.id, String(error), { cause: error })
    this.#options.onFault(fault)
    if (campaign.quarantined !== null) return
    const at = campaign.clock(this.now())
    this.#gate.emit({
      type: 'campaign.quarantined',
      campaign_id: campaign.id,
      at,
      reason: fault.message,
    })
    // What the fault left in memory is not what the log says: no snapshot of it, no more events
    // for it, and fold the shard anew, soon.
    this.state.poisoned.add(campaign.id)
    this.state.told.add(campaign.id)
    this.#gate.durable().then(
      () => this.close(fault),
      () => {},
    )
  }

  /** Says of campaigns the fold set aside that they are: in the log, and to whoever watches (SH2). */
  tellPoisoned(): void {
    const { poisoned, told } = this.state
    for (const id of poisoned) {
      if (told.has(id)) continue
      const campaign = this.campaign(id)
      const reason = campaign.quarantined ?? 'an event of it could not be applied'
      this.#options.onFault(new CampaignFault(id, reason))
      const at = campaign.clock(this.now())
      this.#gate.emit({ type: 'campaign.quarantined', campaign_id: id, at, reason })
    }
  }

  /** A campaign that is known to be here. */
  campaign(id: CampaignId): Campaign {
    const campaign = this.state.campaigns.get(id)
    if (campaign === undefined) throw new CampaignFault(id, 'is not here')
    return campaign
  }

  now(): number {
    return this.#options.clock.now()
  }
}

/** Why a campaign that was set aside takes nothing; undefined when it was not. */
function quarantined({ id, quarantined: reason }: Campaign): Reply | undefined {
  if (reason === null) return undefined
  return errorReply('QUARANTINED', `campaign ${id} is quarantined: an operator must requeue it`)
}

/** A record's epoch, null when these are not the bytes of one. */
function epochOf(bytes: Uint8Array): number | null {
  try {
    return decodeRecord(bytes).epoch
  } catch {
    return null // What it is instead is for whoever folds the log.
  }
}

/** Fenced or never appended, it did not happen. Otherwise nobody can say here (A2). */
function fateOf(error: unknown): 'moved' | 'lost' {
  return error instanceof EngineError && UNKNOWN_FATE.has(error.code) ? 'lost' : 'moved'
}
