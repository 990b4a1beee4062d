// Desk: every service of the contract but its transport. Lets a request in or not (admission.ts),
// checks it, finds who owns what it is about, and answers inside the budget.

import type { Command } from '../../actors/protocol/commands.ts'
import type { Dictionary } from '../../actors/protocol/dispositions.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import {
  type CampaignId,
  type CustomerId,
  type LeadId,
  parseAwardId,
  type ShardId,
} from '../../actors/protocol/ids.ts'
import { type CampaignShown, errorReply, type Reply } from '../../actors/protocol/replies.ts'
import * as requests from '../../actors/protocol/requests.ts'
import { parse } from '../../actors/protocol/schema.ts'
import { type Settings, settingsSchema, withZone } from '../../actors/protocol/settings.ts'
import type { IngestDesk } from '../../actors/runtime/ingest-desk.ts'
import type { Log } from '../../actors/runtime/log.ts'
import type { ModelBook } from '../../actors/runtime/model-store.ts'
import type { Router } from '../../actors/runtime/router.ts'
import type { Admission } from './admission.ts'
import { PLACES } from './admission-rank.ts'
import type { Auction } from './auction.ts'
import { customersOf } from './customers.ts'
import { listModels, showModel } from './models.ts'
import type { Answer, Call } from './services.ts'

const MARGIN_MS = 20

export interface DeskOptions {
  admission: Admission
  auction: Auction
  ingest: IngestDesk
  router: Router
  models: Pick<ModelBook, 'get' | 'all'>
  timezone: string
  /** Holds settings to their jurisdiction before a host hears of them; throws InputError. */
  narrow: (settings: Settings) => Settings
  log: Log
  /** Reads disposition codes, by the newest catalogue. */
  dictionary: () => Dictionary
  /** Answers the services that are not answered here. */
  more: (call: Call, answer: Answer) => Promise<Reply | Uint8Array>
}

export class Desk {
  readonly #options: DeskOptions

  constructor(options: DeskOptions) {
    this.#options = options
  }

  /** See `Answer`: never throws, always answers in time. */
  readonly answer: Answer = async (call) => {
    const { admission } = this.#options
    const refusal = admission.refusal(call.service, call.budgetMs)
    if (refusal !== null) return refusal
    const leave = admission.enter(call.service)
    try {
      return await this.#answer(call)
    } catch (error) {
      return this.#fault(call, error)
    } finally {
      leave()
    }
  }

  #fault(call: Call, error: unknown): Reply {
    if (error instanceof InputError) return errorReply(error.code, error.message, error.path)
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    this.#options.log.error({ service: call.service, error: message, stack }, 'service failed')
    return errorReply('INTERNAL', 'the request could not be answered: see the gateway log')
  }

  #answer(call: Call): Promise<Reply | Uint8Array> {
    const { service, body } = call
    if (PLACES[service].rank !== 'rest') this.#options.ingest.calls.note()
    switch (service) {
      case 'lead.next':
        return this.#options.auction.next(requests.parseNext(body), call)
      case 'lead.confirm':
      case 'lead.extend': {
        const { award_id } = parse(requests.awardOnlySchema, body)
        const type = service === 'lead.confirm' ? 'confirm' : 'extend'
        return this.#onAward(award_id, { type, award_id }, call)
      }
      case 'lead.skip': {
        const { award_id, reason } = parse(requests.skipSchema, body)
        return this.#onAward(award_id, { type: 'skip', award_id, reason }, call)
      }
      case 'lead.disposition':
        return this.#disposition(call)
      case 'lead.ingest':
        return this.#ingest(call)
      case 'lead.show': {
        const { campaign_id, lead_id } = parse(requests.showSchema, body)
        const campaign = campaign_id as CampaignId
        const command: Command = { type: 'show', campaign, lead: lead_id as LeadId }
        return this.#ask(this.#options.router.shardOf(campaign), command, call)
      }
      case 'campaign.put': {
        const { timezone, narrow } = this.#options
        const settings = narrow(withZone(parse(settingsSchema, body), timezone))
        const shard = this.#options.router.shardOf(settings.campaign_id)
        return this.#ask(shard, { type: 'campaign.put', settings }, call)
      }
      case 'campaign.show': {
        const campaign = parse(requests.campaignShowSchema, body).campaign_id as CampaignId
        const shard = this.#options.router.shardOf(campaign)
        return this.#ask(shard, { type: 'campaign.show', campaign }, call)
      }
      case 'campaign.list':
        parse(requests.emptySchema, body)
        return this.#list(call)
      case 'model.show': {
        const { customer_id } = parse(requests.modelShowSchema, body)
        return Promise.resolve(showModel(this.#options.models, customer_id as CustomerId))
      }
      case 'model.list':
        parse(requests.emptySchema, body)
        return Promise.resolve(listModels(this.#options.models))
      default:
        return this.#options.more(call, this.answer)
    }
  }

  #onAward(award: string, command: Command, call: Call): Promise<Reply> {
    const parts = parseAwardId(award)
    if (parts === null) return Promise.resolve({ type: 'refused', reason: 'unknown' })
    return this.#ask(this.#options.router.shardOf(parts.campaign), command, call)
  }

  #disposition(call: Call): Promise<Reply> {
    const request = requests.parseDisposition(call.body, this.#options.dictionary())
    const command = { type: 'disposition', request } as const
    if (!('award_id' in request)) {
      // Without an award it is not told apart from a second attempt: never asked twice.
      const shard = this.#options.router.shardOf(request.campaign_id as CampaignId)
      const budgetMs = Math.max(10, call.budgetMs - MARGIN_MS)
      return this.#ask(shard, { ...command, budgetMs }, call, false)
    }
    const parts = parseAwardId(request.award_id)
    if (parts === null) {
      return Promise.resolve(errorReply('NOT_FOUND', '/award_id: no such award', '/award_id'))
    }
    return this.#ask(this.#options.router.shardOf(parts.campaign), command, call)
  }

  async #ingest(call: Call): Promise<Reply> {
    const body = Array.isArray(call.body) ? { leads: call.body } : call.body
    const { leads } = parse(requests.ingestSchema, body)
    return await this.#options.ingest.ingest(leads, call.budgetMs - MARGIN_MS)
  }

  async #list(call: Call): Promise<Reply> {
    const { router } = this.#options
    const shards = Array.from({ length: router.shards }, (_, shard) => shard as ShardId)
    const replies = await Promise.all(
      shards.map((shard) => this.#ask(shard, { type: 'campaign.list' }, call)),
    )
    const campaigns: Omit<CampaignShown, 'type'>[] = []
    for (const reply of replies) {
      if (reply.type !== 'campaigns') return reply
      campaigns.push(...reply.campaigns)
    }
    campaigns.sort((a, b) => a.campaign_id - b.campaign_id)
    return { type: 'campaigns', campaigns, customers: customersOf(campaigns) }
  }

  async #ask(shard: ShardId, command: Command, call: Call, repeatable = true): Promise<Reply> {
    const budgetMs = Math.max(10, call.budgetMs - MARGIN_MS)
    // What is not asked twice has all the time there is to be answered once.
    const patience = repeatable ? {} : { tryMs: budgetMs }
    const { router } = this.#options
    const answer = await router.ask(shard, command, budgetMs, { repeatable, ...patience })
    return answer.type === 'reply' ? answer.reply : { type: 'unavailable', retry_after_ms: 250 }
  }
}
