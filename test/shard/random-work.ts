// Random work: what a floor full of contractors might ask of a shard, by a seed.

import type { Command } from '../../actors/protocol/commands.ts'
import type { CampaignId, ContractorId, LeadId, RequestId } from '../../actors/protocol/ids.ts'
import type { Award } from '../../actors/protocol/replies.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { awardOf, lead, order } from './asked.ts'
import type { ManualClock } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import type { Owner } from './rig.ts'

const LEADS = 40
const MINUTE = 60_000
const CODES = [
  'no_answer',
  'no_answer',
  'busy',
  'callback',
  'converted',
  'not_interested',
  'wrong_number',
  'do_not_contact',
]
const ZONES = ['Asia/Kolkata', 'America/New_York', null]
const HOURS = [
  [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
  [{ days: [1, 2, 3, 4, 5], from: '07:30', to: '20:00' }],
]

export class RandomWork {
  readonly #random: () => number
  readonly #owner: Owner
  readonly #clock: ManualClock
  readonly #campaigns: readonly CampaignId[]
  readonly #awards: Award[] = []
  /** How often each command got an answer that changed something, by its type. */
  readonly done = new Map<string, number>()

  constructor(seed: number, owner: Owner, clock: ManualClock, campaigns: readonly CampaignId[]) {
    this.#random = seeded(seed)
    this.#owner = owner
    this.#clock = clock
    this.#campaigns = campaigns
  }

  /** Starts something and returns what waits for its end. */
  start(): Promise<void> {
    const dice = this.#random()
    if (dice < 0.03) return this.#ask(this.#put())
    if (dice < 0.3) return this.#ask(this.#ingest())
    if (dice < 0.55) return this.#award()
    if (dice < 0.65) return this.#onAward((award_id) => ({ type: 'confirm', award_id }))
    if (dice < 0.69) return this.#onAward((award_id) => ({ type: 'extend', award_id }))
    if (dice < 0.74) return this.#onAward((award_id) => ({ type: 'skip', award_id, reason: 'no' }))
    if (dice < 0.9) return this.#onAward((award_id) => this.#disposition({ award_id }))
    if (dice < 0.93) {
      const named = { campaign_id: this.#campaign(), lead_id: this.#lead(), channel: 'sms' }
      return this.#ask(this.#disposition(named))
    }
    this.#clock.move(
      this.#pick([1000, 5000, MINUTE, 3 * MINUTE, 40 * MINUTE, 5 * 60 * MINUTE, -2000]),
    )
    this.#owner.shard.tick()
    return Promise.resolve()
  }

  async #ask(command: Command): Promise<void> {
    const answer = await this.#owner.shard.execute(command)
    const name = answer.type === 'reply' ? answer.reply.type : answer.type
    this.done.set(name, (this.done.get(name) ?? 0) + 1)
  }

  #put(): Command {
    const settings = settingsOf({
      campaign_id: this.#campaign(),
      policy: this.#pick(['index', 'fifo']),
      hours: this.#pick(HOURS),
      paused: this.#random() < 0.1,
      lease: { ttl_s: this.#pick([5, 90, 600]) },
      attempts: this.#pick([{}, { max_per_day: 4 }, { max_per_7d: 9, cooldown_h: 0.1 }]),
      weights: { city: { Delhi: 0.4 }, source: {}, stage: {}, attributes: { age: 0.01 } },
    })
    return { type: 'campaign.put', settings }
  }

  #ingest(): Command {
    const leads = Array.from({ length: this.#pick([1, 2, 5, 80]) }, () => {
      const more: Record<string, unknown> = {}
      const maybe = (name: string, value: () => unknown) => {
        if (this.#random() < 0.3) more[name] = value()
      }
      maybe('phone', () => this.#pick(['+912212345678', '+15550001234', null]))
      maybe('account_no', () => this.#pick(['A-1', 'A-2', null]))
      maybe('city', () => this.#pick(['Delhi', 'Pune', 'Zürich', null]))
      maybe('timezone', () => this.#pick(ZONES))
      maybe('attributes', () => this.#pick([{ age: 33, tier: 'gold' }, { tier: 'tin' }, {}, null]))
      maybe('pricing_plan', () => this.#pick(['Starter', 'Pro', 'Enterprise']))
      maybe('revision', () => Math.floor(this.#random() * 5))
      maybe('last_activity', () => new Date(this.#clock.now() - 5e8).toISOString())
      maybe('rescheduled_at', () => new Date(this.#clock.now() - 7e7).toISOString())
      maybe('lead_type', () => this.#pick(['Live', 'Stale']))
      return lead(this.#campaign(), this.#lead(), more)
    })
    return { type: 'ingest', leads }
  }

  async #award(): Promise<void> {
    const asOf = this.#clock.now()
    const orders = Array.from({ length: this.#pick([1, 1, 2, 8]) }, () => {
      const contractor = this.#random() < 0.5 ? null : (this.#pick([1, 2, 3]) as ContractorId)
      const named = this.#random() < 0.6
      const request = named ? (`r-${Math.floor(this.#random() * 400)}` as RequestId) : null
      return order(this.#campaign(), { contractor, request })
    })
    const command: Command = { type: 'award', as_of: asOf, deadline: asOf + 1000, orders }
    const answer = await this.#owner.shard.execute(command)
    if (answer.type !== 'awards') return
    for (const result of answer.results) {
      if (result.type === 'award') this.#awards.push(awardOf(result))
      this.done.set(result.type, (this.done.get(result.type) ?? 0) + 1)
    }
  }

  #onAward(command: (award: string) => Command): Promise<void> {
    if (this.#awards.length === 0) return Promise.resolve()
    // Mostly a recent one: those of long ago are closed.
    const back = Math.floor(this.#random() ** 2 * Math.min(60, this.#awards.length))
    const award = this.#awards[this.#awards.length - 1 - back]
    return this.#ask(command(award?.award_id ?? ''))
  }

  #disposition(named: object): Command {
    const code = this.#pick(CODES)
    const callback_at = new Date(this.#clock.now() + 3 * 60 * MINUTE).toISOString()
    const request = parseDisposition({
      ...named,
      code,
      ...(code === 'callback' ? { callback_at } : {}),
      ...(this.#random() < 0.3 ? { note: 'spoke to the neighbour' } : {}),
    })
    return { type: 'disposition', request }
  }

  #campaign(): CampaignId {
    return this.#pick(this.#campaigns)
  }

  #lead(): LeadId {
    return Math.floor(1 + this.#random() * LEADS) as LeadId
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T // `from` is never empty here.
  }
}
