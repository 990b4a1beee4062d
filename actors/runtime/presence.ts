// Presence: who is at work right now, as their own apps say it every so often. Not journalled: it is
// worth nothing a minute later.
//
//   PR1. What was said counts for `PRESENCE_TTL_MS`; who is silent for longer is off.
//   PR2. A word counts from when it was heard here, whatever clocks elsewhere show; only one of before
//        this process listened counts from when the server stored it.
//   PR3. A watch is renewed every few seconds, with all that is there: neither a deaf watch nor a
//        bucket made anew is missed for long.

import type { KV, KvWatchEntry } from '@nats-io/kv'
import { z } from 'zod'
import type { CampaignId, ContractorId } from '../protocol/ids.ts'
import { PRESENCE_BUCKET } from '../protocol/subjects.ts'
import { PRESENCES, type PresenceRequest, type PresenceStatus } from '../protocol/workforce.ts'
import { sleep } from './clock.ts'
import type { Log } from './log.ts'
import type { Link } from './nats.ts'
import { PRESENCE_TTL_MS } from './streams.ts'

/** The most people followed; who comes beyond that counts as off. */
export const PRESENT_MAX = 20_000
const RENEW_MS = 10_000
const RETRY_MS = 1000

/** What somebody at work said last. */
export interface Present {
  contractor_id: ContractorId
  status: Exclude<PresenceStatus, 'off'>
  /** The campaigns they sit for, where they said so. */
  campaign_ids?: CampaignId[]
}

const storedSchema = z.object({
  status: z.enum(PRESENCES).exclude(['off']),
  campaign_ids: z.array(z.int().min(1)).max(1000).optional(),
})

/** Keeps what people say of themselves, for a minute. */
export class PresenceBoard {
  readonly #kv: KV

  private constructor(kv: KV) {
    this.#kv = kv
  }

  static async open(link: Link): Promise<PresenceBoard> {
    return new PresenceBoard(await link.kv(PRESENCE_BUCKET))
  }

  /** Rejects when NATS does not take it. */
  async put({ contractor_id, status, campaign_ids }: PresenceRequest): Promise<void> {
    const key = String(contractor_id)
    if (status === 'off') await this.#kv.delete(key)
    else await this.#kv.put(key, JSON.stringify({ status, campaign_ids }))
  }
}

/** Everybody's last word, at times a moment late. */
export class Presence {
  readonly #link: Link
  readonly #log: Log
  readonly #ttlMs: number
  /** What is said, in which revision, and the monotonic time until which it counts. */
  readonly #said = new Map<ContractorId, { present: Present; revision: number; until: number }>()
  readonly #listeners: (() => void)[] = []
  readonly #stopping = new AbortController()
  #followed: Promise<void> = Promise.resolve()
  #sweeper: NodeJS.Timeout | undefined

  private constructor(link: Link, log: Log, ttlMs: number) {
    this.#link = link
    this.#log = log
    this.#ttlMs = ttlMs
  }

  /** Begins to read what is there; it fills as the entries come. */
  static follow(link: Link, log: Log, { ttlMs = PRESENCE_TTL_MS } = {}): Presence {
    const presence = new Presence(link, log, ttlMs)
    presence.#followed = presence.#follow()
    presence.#sweeper = setInterval(() => presence.#sweep(), 1000)
    return presence
  }

  /** Who is at work, by id in the order they came; all others are off. */
  get current(): ReadonlyMap<ContractorId, Present> {
    const now = performance.now()
    const here = new Map<ContractorId, Present>()
    for (const [id, { present, until }] of this.#said) if (until > now) here.set(id, present)
    return here
  }

  get(contractor: ContractorId): Present | undefined {
    const said = this.#said.get(contractor)
    return said !== undefined && said.until > performance.now() ? said.present : undefined
  }

  /** How long ago the word that counts was heard, ms; infinite where none does. */
  ageOf(contractor: ContractorId): number {
    const now = performance.now()
    const until = this.#said.get(contractor)?.until ?? now
    return until > now ? now + this.#ttlMs - until : Number.POSITIVE_INFINITY
  }

  /** Called after every word, and after somebody was silent for too long. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweeper)
    this.#stopping.abort()
    await this.#followed
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#watch(signal)
      } catch (error) {
        this.#log.warn({ error: String(error) }, 'presence watch ended')
        await sleep(RETRY_MS, signal).catch(() => undefined) // aborted: the loop sees it
      }
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const kv = await this.#link.kv(PRESENCE_BUCKET)
    const changes = await kv.watch()
    const end = () => changes.stop()
    const renew = setTimeout(end, RENEW_MS)
    signal.addEventListener('abort', end)
    try {
      if (signal.aborted) end()
      for await (const change of changes) this.#note(change)
    } finally {
      clearTimeout(renew)
      signal.removeEventListener('abort', end)
    }
  }

  #note(entry: KvWatchEntry): void {
    const id = Number(entry.key) as ContractorId // Only ids are written there.
    const { revision } = entry
    const known = this.#said.get(id)
    if (known?.revision === revision) return // A renewed watch tells everything again.
    const present = entry.operation === 'PUT' ? this.#read(id, entry) : null
    if (present === null) this.#said.delete(id)
    else if (known !== undefined || this.#said.size < PRESENT_MAX) {
      const age = entry.isUpdate ? 0 : Math.max(0, Date.now() - entry.created.getTime())
      const until = performance.now() + this.#ttlMs - age
      this.#said.set(id, { present, revision, until })
    }
    this.#changed()
  }

  #read(contractor_id: ContractorId, entry: KvWatchEntry): Present | null {
    try {
      const { status, campaign_ids } = storedSchema.parse(entry.json())
      if (campaign_ids === undefined) return { contractor_id, status }
      // Checked when they were put: ids of 1 or more.
      return { contractor_id, status, campaign_ids: campaign_ids as CampaignId[] }
    } catch (error) {
      this.#log.warn({ contractor: entry.key, error: String(error) }, 'presence unreadable')
      return null
    }
  }

  #sweep(): void {
    const now = performance.now()
    let gone = false
    for (const [id, { until }] of this.#said) {
      if (until <= now) gone = this.#said.delete(id) || gone
    }
    if (gone) this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
