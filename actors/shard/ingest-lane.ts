// Ingest lane: leads on their way in, slice by slice, so that awards never wait behind an import.

import { align } from '../campaign/bars.ts'
import { Campaign } from '../campaign/campaign.ts'
import { decideIntake, isAhead, unsubscribed } from '../campaign/intake.ts'
import type { IngestOutcome } from '../protocol/commands.ts'
import type { LeadId } from '../protocol/ids.ts'
import type { LeadInput } from '../protocol/lead.ts'
import { defaultSettings } from '../protocol/settings.ts'
import { KeyNotCachedError, type Vault } from '../runtime/vault.ts'
import type { OutputGate } from './output-gate.ts'
import type { ShardState } from './state.ts'

/** Leads one record takes from the lane beside awards, and when nothing else is in it. */
const SLICE = 64
const SLICES_ALONE = 6
/** Leads that may wait; beyond it the sender is told to go by the inbox. */
const WAITING_MAX = 20_000

type Turned = Exclude<IngestOutcome, string>

interface Job {
  leads: LeadInput[]
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
  now: () => number
  timezone: string
  /** Sets a campaign aside whose state proved broken. */
  fault: (campaign: Campaign, error: unknown) => void
}

export class IngestLane {
  readonly #options: IngestLaneOptions
  readonly #jobs: Job[] = []
  #waiting = 0
  #preparing = false

  constructor(options: IngestLaneOptions) {
    this.#options = options
  }

  get full(): boolean {
    return this.#waiting >= WAITING_MAX
  }

  /**
   * Resolves with an outcome a lead once all of them are decided and durable; null when their
   * `deadline` was over before their turn came.
   */
  add(
    leads: LeadInput[],
    { queued = null, deadline = Number.POSITIVE_INFINITY }: AddOptions = {},
  ): Promise<IngestOutcome[] | null> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ leads, queued, deadline, done: 0, outcomes: [], resolve, reject })
      this.#waiting += leads.length
      this.#options.gate().nudge()
    })
  }

  fail(error: Error): void {
    for (const job of this.#jobs.splice(0)) job.reject(error)
    this.#waiting = 0
  }

  /**
   * Lets slices join the open record: one when it carries awards, more when it is empty. True
   * while more can join the next.
   */
  run(): boolean {
    const gate = this.#options.gate()
    const slices = gate.openSize === 0 ? SLICES_ALONE : 1
    this.#dropLate()
    for (let i = 0; i < slices; i++) {
      const job = this.#jobs[0]
      if (job === undefined || this.#preparing) return false
      if (!this.#runSlice(job)) return false
      if (job.done === job.leads.length) {
        this.#jobs.shift()
        // Decided is not durable: the sender's answer waits at the gate.
        gate.durable().then(() => job.resolve(job.outcomes), job.reject)
      }
    }
    return this.#jobs.length > 0
  }

  /** Who sent them has put them into the inbox meanwhile: taken in here they were twice the work. */
  #dropLate(): void {
    const now = this.#options.now()
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      if (job.done > 0 || job.deadline >= now) return
      this.#jobs.shift()
      this.#waiting -= job.leads.length
      job.resolve(null)
    }
  }

  #runSlice(job: Job): boolean {
    const { vault } = this.#options
    if (!vault.canSeal(2 * SLICE)) {
      this.#prepare(() => vault.prepare(2 * SLICE))
      return false
    }
    const end = Math.min(job.done + SLICE, job.leads.length)
    for (; job.done < end; job.done++) {
      const lead = job.leads[job.done] as LeadInput
      try {
        const outcome = this.#decide(lead)
        job.outcomes[job.done] = outcome
        if (typeof outcome === 'object') this.#note(lead, outcome, job.queued)
      } catch (error) {
        if (error instanceof KeyNotCachedError) {
          this.#prepare(() => vault.prepare(2 * SLICE, [error.ref]))
        } else this.#refuse(job, error)
        return false
      }
      this.#waiting--
    }
    return true
  }

  /** What breaks before it is any campaign's is its sender's affair, and not the end of the host. */
  #refuse(job: Job, error: unknown): void {
    this.#jobs.shift()
    this.#waiting -= job.leads.length - job.done
    job.reject(error instanceof Error ? error : new Error(String(error)))
    this.#options.gate().nudge()
  }

  #prepare(keys: () => Promise<void>): void {
    this.#preparing = true
    keys()
      .catch(() => new Promise((resolve) => setTimeout(resolve, 100))) // Tried again at once.
      .finally(() => {
        this.#preparing = false
        this.#options.gate().nudge()
      })
  }

  #decide(lead: LeadInput): IngestOutcome {
    const { state, vault, now } = this.#options
    const campaign = state.campaigns.get(lead.campaign_id) ?? this.#create(lead)
    if (campaign === undefined) {
      return { path: '/customer_id', reason: 'required for a campaign nobody has put yet' }
    }
    try {
      const { suppressions } = state.contacts
      const decision = decideIntake(campaign, lead, now(), vault, suppressions)
      if (decision.event !== undefined) this.#options.gate().emit(decision.event)
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
