// Ingest desk: leads from one request to the shards that own their campaigns, slice by slice. What an
// owner cannot take now is kept durably in the inbox and said to be `queued`.
//
//   ID1. Leads never overtake those that were queued here before them: the owner is told which was the
//        last of these, and takes others once it has dealt with that one.
//   ID2. What is queued does not make the next be queued: once its owner keeps up, leads go to it again.
//        Who is patient, as one whose leads lie in a file, waits for an owner that has to deal with what
//        was queued: from the inbox an owner takes leads in half as fast, for it seals them itself.
//   ID3. Leads are read and sent request by request, in the order these came. While calls come that
//        takes SHARE_BESIDE_CALLS of the gateway's time, unless more than READ_MAX of them wait.
//   ID4. While calls come new leads are sealed here, where whoever reads them has time for that and their
//        owners have not. Texts travel beside what is sealed: a lead that is known has a key already.

import { pack } from '../protocol/codec.ts'
import type { IngestOutcome } from '../protocol/commands.ts'
import type { ShardId } from '../protocol/ids.ts'
import { type LeadInput, parseLead, type SentLead } from '../protocol/lead.ts'
import { sliced } from '../protocol/lead-slices.ts'
import type { Ingested, Reply } from '../protocol/replies.ts'
import { keyOfTexts, type Sealer, sealTexts } from '../protocol/seal.ts'
import { inboxSubject } from '../protocol/subjects.ts'
import { Activity } from './activity.ts'
import { sleep } from './clock.ts'
import type { Log } from './log.ts'
import type { Link } from './nats.ts'
import type { Router } from './router.ts'
import { TimeSlices } from './time-slices.ts'
import type { Vault } from './vault.ts'

/** Leads one message carries; at 8 KB each they stay far below the server's limit. */
const MESSAGE_LEADS = 100
/** Share of a budget spent asking the owner before the inbox is used. */
const OWNER_SHARE = 0.6
const INBOX_TIMEOUT_MS = 2000
/** An owner that could not take leads is not asked again for so long: they go into the inbox at once, ms. */
const AWAY_MS = 1500
/** So long after leads were queued an owner is asked to take others only behind them, ms. */
const AFTER_MS = 60_000
/** Leads read in one step. */
const STEP = 16
/** Of the gateway's time that reading leads may take while calls come. */
const SHARE_BESIDE_CALLS = 0.2
const READ_MAX = 5000

interface Item {
  index: number
  lead: SentLead
}

/** Seals leads before they are sent, with keys made ahead. */
export type LeadSealer = Pick<Vault, 'canSeal' | 'giveBack'> & Sealer

export interface IngestDeskOptions {
  router: Pick<Router, 'ask' | 'shardOf'>
  link: Pick<Link, 'js'>
  vault: Pick<Vault, 'sealTransport'>
  country: string
  log: Log
  /** Seals what identifies people here while calls come (ID4); absent: owners do. */
  sealer?: LeadSealer
  /** Waits, inside the budget, for an owner that is behind (ID2). */
  patient?: boolean
}

type Kept = IngestOutcome | 'queued' | 'lost'

export class IngestDesk {
  readonly #router: IngestDeskOptions['router']
  readonly #link: IngestDeskOptions['link']
  readonly #vault: IngestDeskOptions['vault']
  readonly #country: string
  readonly #log: Log
  readonly #sealer: LeadSealer | undefined
  readonly #patient: boolean
  readonly #awayUntil = new Map<ShardId, number>()
  /** What was queued last, by its sequence in the inbox, and when. */
  readonly #queued = new Map<ShardId, { seq: number; at: number }>()
  /** To be told of calls, for which leads make room. */
  readonly calls = new Activity()
  readonly #slices = new TimeSlices(() => {
    return this.calls.lately && this.#unread <= READ_MAX ? SHARE_BESIDE_CALLS : 1
  })
  /** Leads that are still to be read, and the end of the reading of those before. */
  #unread = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: IngestDeskOptions) {
    this.#router = options.router
    this.#link = options.link
    this.#vault = options.vault
    this.#country = options.country
    this.#log = options.log
    this.#sealer = options.sealer
    this.#patient = options.patient ?? false
  }

  /** Takes leads in; answers when all of them are durable, or `unavailable` when some are not. */
  async ingest(leads: readonly unknown[], budgetMs: number): Promise<Reply> {
    const result: Ingested = {
      type: 'ingested',
      accepted: 0,
      updated: 0,
      unchanged: 0,
      rejected: [],
    }
    const sent = await this.#inTurn(leads, budgetMs, result)
    if (sent === null) return { type: 'unavailable', retry_after_ms: 500 }
    const outcomes = await Promise.all(sent)
    let lost = 0
    for (const [{ index }, kept] of outcomes.flat()) {
      if (kept === 'lost') lost++
      else if (kept === 'queued') result.queued = (result.queued ?? 0) + 1
      else if (typeof kept === 'string') result[kept]++
      else result.rejected.push({ index, ...kept })
    }
    if (lost > 0) {
      this.#log.warn({ leads: lost }, 'leads not kept')
      // Sending the same again is harmless, so the whole request is.
      return { type: 'unavailable', retry_after_ms: 500 }
    }
    result.rejected.sort((a, b) => a.index - b.index)
    return result
  }

  /** Reads leads when their turn has come and sends them; null when it was too late for that. */
  #inTurn(
    leads: readonly unknown[],
    budgetMs: number,
    result: Ingested,
  ): Promise<Promise<[Item, Kept][]>[] | null> {
    const deadline = performance.now() + budgetMs
    this.#unread += leads.length
    const turn = this.#turn.then(async () => {
      const byShard = new Map<ShardId, Item[]>()
      for (let from = 0; from < leads.length; from += STEP) {
        if (performance.now() > deadline) return null
        await this.#slices.run(() => this.#read(leads, from, byShard, result))
      }
      const leftMs = deadline - performance.now()
      return [...byShard].map(([shard, items]) => this.#toShard(shard, items, leftMs))
    })
    const over = () => {
      this.#unread -= leads.length
    }
    this.#turn = turn.then(over, over)
    return turn
  }

  /** Reads some leads, from `from` on, and puts each to its shard. */
  #read(
    leads: readonly unknown[],
    from: number,
    byShard: Map<ShardId, Item[]>,
    { rejected }: Ingested,
  ): void {
    for (let index = from; index < Math.min(from + STEP, leads.length); index++) {
      const parsed = parseLead(leads[index], this.#country)
      if (!parsed.ok) {
        rejected.push({ index, ...parsed.fault })
        continue
      }
      const lead = this.#sealed(parsed.value)
      const shard = this.#router.shardOf(lead.campaign_id)
      const items = byShard.get(shard)
      if (items === undefined) byShard.set(shard, [{ index, lead }])
      else items.push({ index, lead })
    }
  }

  /** With its texts sealed, where that is done here now and keys are at hand; its owner does the rest. */
  #sealed(lead: LeadInput): SentLead {
    const sealer = this.#sealer
    if (sealer === undefined || (lead.phone == null && lead.account_no == null)) return lead
    return this.calls.lately && sealer.canSeal(1)
      ? { ...lead, sealed: sealTexts(lead, 0, sealer) }
      : lead
  }

  /** Keys of leads that were known are for others. */
  #giveBack({ sealed }: SentLead, outcome: IngestOutcome | undefined): void {
    if (sealed === undefined || (outcome !== 'unchanged' && outcome !== 'updated')) return
    this.#sealer?.giveBack(keyOfTexts(sealed))
  }

  async #toShard(shard: ShardId, items: Item[], budgetMs: number): Promise<[Item, Kept][]> {
    const parts: Promise<[Item, Kept][]>[] = []
    for (let at = 0; at < items.length; at += MESSAGE_LEADS) {
      parts.push(this.#send(shard, items.slice(at, at + MESSAGE_LEADS), budgetMs))
    }
    return (await Promise.all(parts)).flat()
  }

  async #send(shard: ShardId, items: Item[], budgetMs: number): Promise<[Item, Kept][]> {
    const began = performance.now()
    const leads = items.map(({ lead }) => lead)
    const outcomes = await this.#ask(shard, leads, began + budgetMs * OWNER_SHARE)
    if (outcomes !== null) {
      for (const [i, { lead }] of items.entries()) this.#giveBack(lead, outcomes[i])
      return items.map((item, i) => [item, outcomes[i] ?? 'lost'])
    }
    const kept = await this.#queue(shard, leads, began + budgetMs - performance.now())
    return items.map((item) => [item, kept])
  }

  /** What the owner made of these leads; null where they are to be queued. */
  async #ask(
    shard: ShardId,
    leads: readonly SentLead[],
    deadline: number,
  ): Promise<IngestOutcome[] | null> {
    if ((this.#awayUntil.get(shard) ?? 0) > performance.now()) return null
    // Asked twice an owner may say that it knows a lead which it kept under this very key (V4).
    const repeatable = leads.every(({ sealed }) => sealed === undefined)
    while (true) {
      const command = { type: 'ingest', leads: sliced(leads), ...this.#after(shard) } as const
      // One long try: asked again, the owner would truthfully say that it knows these leads.
      const tryMs = deadline - performance.now()
      const answer = await this.#router.ask(shard, command, tryMs, { tryMs, repeatable })
      if (answer.type === 'outcomes') return answer.outcomes
      const mayWait = this.#patient && performance.now() + AWAY_MS < deadline
      if (answer.type !== 'behind' || !mayWait) break
      await sleep(AWAY_MS) // Nothing was done.
    }
    // Not when leads are queued for it: a steady stream would then be queued for ever.
    this.#awayUntil.set(shard, performance.now() + AWAY_MS)
    return null
  }

  /** Behind what these leads have to go, so that order holds; nothing once that is long ago. */
  #after(shard: ShardId): { after?: number } {
    const last = this.#queued.get(shard)
    if (last === undefined || last.at + AFTER_MS < performance.now()) return {}
    return { after: last.seq }
  }

  async #queue(shard: ShardId, sent: readonly SentLead[], leftMs: number): Promise<Kept> {
    try {
      // Its owner may have taken them in under these keys, and be about to say so.
      const leads = sent.map(({ sealed: _, ...lead }) => lead)
      const sealed = this.#vault.sealTransport(pack(leads))
      const { seq } = await this.#link.js.publish(inboxSubject(shard), sealed, {
        // The caller is answered in time (I13); what lands later is known by its key when sent again.
        timeout: Math.max(1, Math.min(leftMs, INBOX_TIMEOUT_MS)),
      })
      // Acks of what was sent side by side come in any order.
      const before = this.#queued.get(shard)?.seq ?? 0
      this.#queued.set(shard, { seq: Math.max(seq, before), at: performance.now() })
      return 'queued'
    } catch (error) {
      this.#log.warn({ shard, error: String(error) }, 'inbox not written')
      return 'lost'
    }
  }
}
