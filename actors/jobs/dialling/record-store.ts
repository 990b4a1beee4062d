// Record store: what pacing knows of each campaign, kept between one process that dials and the next.
// Losing it costs a few minutes of caution, and the memory of what was abandoned.

import type { KV } from '@nats-io/kv'
import { z } from 'zod'
import { emptyRecord, type PacingRecord, WINDOW_DAYS } from '../../policy/pacing-record.ts'
import type { CampaignId } from '../../protocol/ids.ts'
import { check } from '../../protocol/schema.ts'
import { DIALLING_BUCKET } from '../../protocol/subjects.ts'
import type { Log } from '../../runtime/log.ts'
import type { Link } from '../../runtime/nats.ts'

const count = z.int().min(0)
const recordSchema = z.object({
  answered: z.number().min(0),
  unanswered: z.number().min(0),
  days: z.array(z.object({ day: z.int(), answered: count, abandoned: count })).max(WINDOW_DAYS),
})

export class RecordStore {
  readonly #kv: KV
  readonly #log: Log

  private constructor(kv: KV, log: Log) {
    this.#kv = kv
    this.#log = log
  }

  static async open(link: Link, log: Log): Promise<RecordStore> {
    return new RecordStore(await link.kv(DIALLING_BUCKET), log)
  }

  /** What is known of a campaign; an empty record where nothing is. Rejects when NATS is away. */
  async load(campaign: CampaignId): Promise<PacingRecord> {
    const entry = await this.#kv.get(keyOf(campaign))
    if (entry === null || entry.operation !== 'PUT') return emptyRecord()
    const record = check(recordSchema, entry.json<unknown>())
    if (record.ok) return record.value
    this.#log.warn({ campaignId: campaign, fault: record.fault }, 'pacing record unreadable')
    return emptyRecord()
  }

  async save(campaign: CampaignId, record: PacingRecord): Promise<void> {
    await this.#kv.put(keyOf(campaign), JSON.stringify(record))
  }
}

const keyOf = (campaign: CampaignId) => `campaign.${campaign}`
