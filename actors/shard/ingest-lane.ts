// Ingest lane: leads on their way in, some at a time, so that awards never wait behind an import.
//
//   IL1. Leads are decided when the host's pace lets them (ingest-pace.ts), and join whatever record is
//        open then.
//   IL2. While calls come, leads alone make no record at once: each append is a write to the disk that
//        an award's has to wait for. They linger for a record with others in it, until they are many
//        or LINGER_MS old.
//   IL3. Leads that came packed are read when their turn has come, a slice at a time.

import { align } from '../campaign/bars.ts'
import { Campaign } from '../campaign/campaign.ts'
import { decideIntake, isAhead, unsubscribed } from '../campaign/intake.ts'
import type { IngestOutcome } from '../protocol/commands.ts'
import type { LeadId } from '../protocol/ids.ts'
import type { LeadInput, SentLead } from '../protocol/lead.ts'
import { type LeadSlices, SlicedLeads } from '../protocol/lead-slices.ts'
import { keyOfTexts } from '../protocol/seal.ts'
import { defaultSettings } from '../protocol/settings.ts'
import { KeyNotCachedError, type Vault } from '../runtime/vault.ts'
import type { IngestPace } from './ingest-pace.ts'
import type { OutputGate } from './output-gate.ts'
import type { ShardState } from './state.ts'

/** Leads decided between two looks at the pace. */
const STEP = 16
/** The most of them in one slice. */
const SLICE_MAX = 384
/** So many, or so old, they make a record alone. */
const LINGER_LEADS = 64
const LINGER_MS = 40
/** Leads that may wait; beyond it the sender is told to go by the inbox. */
const WAITING_MAX = 20_000

type Turned = Exclude<IngestOutcome, string>

interface Job {
  leads: readonly SentLead[] | SlicedLeads
  /** Sequence in the inbox; null for what came directly, whose sender is told. */
  queued: number | null
  /** When nobody waits for it any more; what was begun is finished all the same. */
  deadline: number
  done: number
  outcomes: IngestOutcome[]
  resolve: (outcomes: IngestOutcome[] | null) => void
  reject: (error: Error) => void
}

export interface AddOptions {
  queued?: number | null | undefined
  deadline?: number | undefined
}

export interface IngestLaneOptions {
  state: ShardState
  gate: () => OutputGate
  vault: Vault
  pace: IngestPace
  now: () => number
  timezone: string
  /** Sets a campaign aside whose state proved broken. */
  fault: (campaign: Campaign, error: unknown) => void
}

export class IngestLane {
  readonly #options: IngestLaneOptions
  readonly #jobs: Job[] = []
  #waiting = 0
  /** Leads said to wait in the inbox. */
  #queued = 0
  #preparing = false
  /** The record that lingers for company, and since when (monotonic). */
  #lingering = { n: -1, since: 0 }
  #patience: NodeJS.Timeout | null = null

  constructor(options: IngestLaneOptions) {
    this.#options = options
  }

  readonly #nudge = (): void => this.#options.gate().nudge()

  get full(): boolean {
    return this.#waiting >= WAITING_MAX
  }

  /**
   * Resolves with an outcome a lead once all of them are decided and durable; null when their
   * `deadline` was over before their turn came.
   */
  add(
    sent: LeadInput[] | LeadSlices,
    { queued = null, deadline = Number.POSITIVE_INFINITY }: AddOptions = {},
  ): Promise<IngestOutcome[] | null> {
    const leads = Array.isArray(sent) ? sent : new SlicedLeads(sent)
    return new Promise((resolve, reject) => {
      this.#jobs.push({ leads, queued, deadline, done: 0, outcomes: [], resolve, reject })
      this.#wait(leads.length)
      this.#nudge()
    })
  }

  /** So many leads wait in the inbox: the pace is theirs as well, or they would never be kept up with. */
  set queued(leads: number) {
    this.#options.pace.waiting += leads - this.#queued
    this.#queued = leads
  }

  fail(error: Error): void {
    this.queued = 0
    for (const job of this.#jobs.splice(0)) job.reject(error)
    this.#wait(-this.#waiting)
  }

  /**
   * Lets leads join the open record. True when it need not be made for them yet (IL2): the gate is
   * nudged again when it is to be.
   */
  run(): boolean {
    const { pace } = this.#options
    this.#dropLate()
    if (this.#jobs.length > 0 && !this.#preparing && pace.begin(this.#nudge)) {
      this.#slice()
      pace.end(this.#jobs.length > 0 ? this.#nudge : undefined)
    }
    return this.#lingers()
  }

  /** So many more leads wait. */
  #wait(more: number): void {
    this.#waiting += more
    this.#options.pace.waiting += more
  }

  /** Decides leads until the slice is over, or there are none or enough. */
  #slice(): void {
    const { pace, gate } = this.#options
    for (let leads = 0; leads < SLICE_MAX && (leads === 0 || !pace.isOver); leads += STEP) {
      const job = this.#jobs[0]
      if (job === undefined || !this.#step(job)) return
      if (job.done < job.leads.length) continue
      this.#jobs.shift()
      // Decided is not durable: the sender's answer waits at the gate.
      gate()
        .durable(false)
        .then(() => job.resolve(job.outcomes), job.reject)
    }
  }

  /** Who sent them has put them into the inbox meanwhile: taken in here they were twice the work. */
  #dropLate(): void {
    const now = this.#options.now()
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      if (job.done > 0 || job.deadline >= now) return
      this.#jobs.shift()
      this.#wait(-job.leads.length)
      job.resolve(null)
    }
  }

  #lingers(): boolean {
    const { pace, gate } = this.#options
    if (!pace.isCalled || this.#jobs.length === 0 || this.#preparing) return false
    const { openSize, next } = gate()
    if (openSize === 0 || openSize >= LINGER_LEADS) return false
    const now = performance.now()
    if (this.#lingering.n !== next.n) this.#lingering = { n: next.n, since: now }
    if (now - this.#lingering.since >= LINGER_MS) return false
    this.#patience ??= setTimeout(() => {
      this.#patience = null
      this.#nudge()
    }, LINGER_MS)
    return true
  }

  #step(job: Job): boolean {
    const { vault } = this.#options
    if (!vault.canSeal(2 * STEP)) {
      this.#prepare(() => vault.prepare(2 * STEP))
      return false
    }
    const end = Math.min(job.done + STEP, job.leads.length)
    for (; job.done < end; job.done++) {
      try {
        const lead = job.leads.at(job.done) as SentLead
        const outcome = this.#decide(lead)
        job.outcomes[job.done] = outcome
        if (typeof outcome === 'object') this.#note(lead, outcome, job.queued)
      } catch (error) {
        if (error instanceof KeyNotCachedError) {
          this.#prepare(() => vault.prepare(2 * STEP, [error.ref]))
        } else this.#refuse(job, error)
        return false
      }
      this.#wait(-1)
    }
    return true
  }

  /** What breaks before it is any campaign's is its sender's affair, and not the end of the host. */
  #refuse(job: Job, error: unknown): void {
    this.#jobs.shift()
    this.#wait(job.done - job.leads.length)
    job.reject(error instanceof Error ? error : new Error(String(error)))
    this.#nudge()
  }

  #prepare(keys: () => Promise<void>): void {
    this.#preparing = true
    keys()
      .catch(() => new Promise((resolve) => setTimeout(resolve, 100))) // Tried again at once.
      .finally(() => {
        this.#preparing = false
        this.#nudge()
      })
  }

  #decide(lead: SentLead): IngestOutcome {
    const { state, vault, now } = this.#options
    const campaign = state.campaigns.get(lead.campaign_id) ?? this.#create(lead)
    if (campaign === undefined) {
      return { path: '/customer_id', reason: 'required for a campaign nobody has put yet' }
    }
    try {
      const { suppressions } = state.contacts
      const decision = decideIntake(campaign, lead, now(), vault, suppressions)
      if (decision.event !== undefined) this.#options.gate().emit(decision.event)
      // Made by its sender: whoever is awarded the lead is not to wait for it.
      if (decision.outcome === 'accepted' && lead.sealed) vault.want(keyOfTexts(lead.sealed))
      if (decision.allocated !== undefined) this.#options.gate().emit(decision.allocated)
      // Another number may be one that is suppressed, or free a lead whose number was.
      if (decision.event?.type === 'lead.updated') this.#align(campaign, lead.id)
      return decision.outcome
    } catch (error) {
      if (error instanceof KeyNotCachedError) throw error
      // Whatever a lead breaks, it breaks in its campaign: it must not end host after host.
      this.#options.fault(campaign, error)
      return { path: '/campaign_id', reason: `campaign ${campaign.id} was just quarantined` }
    }
  }

  /** Who sent it was told that it is kept: that it was turned away all the same is for the log to say. */
  #note({ campaign_id, id: lead_id }: LeadInput, { path, reason }: Turned, queued: number | null) {
    const { state, gate, now } = this.#options
    const campaign = state.campaigns.get(campaign_id)
    // Of a quarantined campaign the message is set aside whole, to be taken in later.
    if (queued === null || (campaign !== undefined && campaign.quarantined !== null)) return
    const at = campaign?.clock(now()) ?? now()
    gate().emit({ type: 'intake.rejected', campaign_id, at, lead_id, queued, path, reason })
  }

  #align(campaign: Campaign, lead: LeadId): void {
    const { state, gate, now } = this.#options
    const row = campaign.leads.row(lead) as number // It was just updated.
    const { suppressions } = state.contacts
    const events = align(campaign, row, suppressions, now(), ['phone', 'account'])
    for (const event of events) gate().emit(event)
  }

  /** A lead for a campaign never put creates it, with defaults; undefined where that cannot be. */
  #create(lead: LeadInput): Campaign | undefined {
    if (lead.customer_id === undefined) return undefined
    const { state, now, timezone } = this.#options
    const settings = defaultSettings(lead.campaign_id, lead.customer_id, timezone)
    // A lead that will be rejected must not leave a campaign behind.
    const { suppressions } = state.contacts
    const temporary = new Campaign(settings)
    const incomplete = lead.lead_type === undefined || lead.created_at === undefined
    const isAllocated = lead.contractor_id != null || lead.deadline != null
    const isBarred = unsubscribed(temporary, lead, this.#options.vault, suppressions) !== undefined
    if (incomplete || isAllocated || isBarred || isAhead(lead, now())) return temporary
    const campaign_id = lead.campaign_id
    this.#options.gate().emit({ type: 'campaign.put', campaign_id, at: now(), settings })
    return state.campaigns.get(lead.campaign_id)
  }
}
