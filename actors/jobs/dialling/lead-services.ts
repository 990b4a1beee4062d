// Lead services: the contract's requests a call goes through, as any caller of it makes them.

import { headers } from 'nats'
import { decodeBody, pack } from '../../protocol/codec.ts'
import type { CampaignId } from '../../protocol/ids.ts'
import type { Award, Reply } from '../../protocol/replies.ts'
import { BUDGET_HEADER, type Service } from '../../protocol/subjects.ts'
import { sleep } from '../../runtime/clock.ts'
import type { NatsConnection } from '../../runtime/nats.ts'

const BUDGET_MS = 2000
/** For the way there and back. */
const GRACE_MS = 300
/** A disposition is sent again so often before the lease is left to lapse, which counts an attempt. */
const TRIES_MAX = 5
const RETRY_MS = 500
/** Whatever is said: leads that come in meanwhile are called soon, and nobody is asked all the time, ms. */
const DRY_MIN_MS = 500
const DRY_MAX_MS = 2000

export type NextLead = { type: 'award'; award: Award } | { type: 'none'; retryAfterMs: number }

export class LeadServices {
  readonly #nc: NatsConnection

  constructor(nc: NatsConnection) {
    this.#nc = nc
  }

  /** The lead to call next; asked again once, under the same id, when the answer was lost. */
  async next(campaign: CampaignId, request_id: string): Promise<NextLead> {
    const body = { campaign_ids: [campaign], request_id }
    let reply = await this.ask('lead.next', body)
    if (reply === null) reply = await this.ask('lead.next', { ...body, retry: true })
    if (reply?.type === 'award') return { type: 'award', award: reply }
    const asked = reply !== null && 'retry_after_ms' in reply ? reply.retry_after_ms : DRY_MAX_MS
    const retryAfterMs = Math.min(DRY_MAX_MS, Math.max(DRY_MIN_MS, asked))
    return { type: 'none', retryAfterMs }
  }

  confirm(award_id: string): Promise<Reply | null> {
    return this.ask('lead.confirm', { award_id })
  }

  extend(award_id: string): Promise<Reply | null> {
    return this.ask('lead.extend', { award_id })
  }

  skip(award_id: string, reason: string): Promise<Reply | null> {
    return this.ask('lead.skip', { award_id, reason })
  }

  /** Disposes a call; null when it did not get through. The same again is answered the same. */
  async dispose(award_id: string, code: string): Promise<Reply | null> {
    for (let tries = 1; ; tries++) {
      const reply = await this.ask('lead.disposition', { award_id, code, channel: 'call' })
      const again = reply === null || reply.type === 'unavailable' || reply.type === 'overloaded'
      if (!again || tries === TRIES_MAX) return reply
      await sleep(RETRY_MS)
    }
  }

  /** One request; null when there was no answer in time. */
  async ask(service: Service, body: object): Promise<Reply | null> {
    const told = headers()
    told.set(BUDGET_HEADER, String(BUDGET_MS))
    const options = { timeout: BUDGET_MS + GRACE_MS, headers: told }
    try {
      const { data } = await this.#nc.request(service, pack(body), options)
      // Of our own gateway: what it answers is the contract's reply.
      return decodeBody(data).body as Reply
    } catch {
      // Nobody there, no answer in time, or the link is closed: to a call it is all the same.
      return null
    }
  }
}
