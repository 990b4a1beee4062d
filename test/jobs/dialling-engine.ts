// Dialling engine: answers the services a call goes through the way the contract says, for tests of
// the process that dials; and keeps what it was told.

import { decodeBody, encodeBody } from '../../actors/protocol/codec.ts'
import type { NatsConnection } from '../../actors/runtime/nats.ts'
import { openCampaign } from '../support/cluster.ts'

type Fields = Record<string, unknown>

export const CAMPAIGN = 7

export interface EngineOptions {
  leads: number
  leaseMs?: number
  /** Without a phone number. */
  phoneless?: readonly number[]
  /** Whose `lead.confirm` is refused. */
  suppressed?: readonly number[]
  settings?: object
}

export class DiallingEngine implements Disposable {
  readonly #subscriptions: { unsubscribe(): void }[]
  readonly #options: EngineOptions
  settings: object
  #next = 1
  /** Codes by lead, in the order they came. */
  readonly disposed = new Map<number, string>()
  readonly confirmed = new Set<number>()
  readonly skipped: number[] = []
  extended = 0

  constructor(nc: NatsConnection, options: EngineOptions) {
    this.#options = options
    this.settings = { mode: 'pooled', dialling: { enabled: true }, paused: false }
    Object.assign(this.settings, openCampaign(CAMPAIGN), options.settings)
    const answers: Record<string, (body: Fields) => object> = {
      'campaign.list': () => ({ type: 'campaigns', campaigns: [this.settings] }),
      'lead.next': () => this.#award(),
      'lead.confirm': (body) => this.#confirm(leadOf(body)),
      'lead.extend': () => {
        this.extended++
        return { type: 'extended', lease_until: this.#lease() }
      },
      'lead.skip': (body) => {
        this.skipped.push(leadOf(body))
        return { type: 'skipped' }
      },
      'lead.disposition': (body) => {
        this.disposed.set(leadOf(body), String(body.code))
        return { type: 'recorded' }
      },
    }
    this.#subscriptions = Object.entries(answers).map(([subject, answer]) =>
      nc.subscribe(subject, {
        queue: 'gateway',
        callback: (error, msg) => {
          if (error !== null) throw error
          const { encoding, body } = decodeBody(msg.data)
          msg.respond(encodeBody(encoding, answer(body as Fields))) // Sent by the process under test.
        },
      }),
    )
  }

  /** Leads that were awarded and not skipped. */
  get awarded(): number {
    return this.#next - 1 - this.skipped.length
  }

  #award(): object {
    const id = this.#next
    if (id > this.#options.leads) return { type: 'no_lead', retry_after_ms: 60_000 }
    this.#next++
    const number = { phone: `+9198000${String(id).padStart(5, '0')}` }
    const phone = this.#options.phoneless?.includes(id) ? {} : number
    const of = { lead_id: id, campaign_id: CAMPAIGN, customer_id: 55 }
    return { type: 'award', award_id: `a7-${id}`, ...of, lead: { id, ...phone } }
  }

  #confirm(id: number): object {
    if (this.#options.suppressed?.includes(id)) return { type: 'refused', reason: 'suppressed' }
    this.confirmed.add(id)
    return { type: 'confirmed', lease_until: this.#lease() }
  }

  #lease(): string {
    return new Date(Date.now() + (this.#options.leaseMs ?? 90_000)).toISOString()
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }
}

function leadOf({ award_id }: Fields): number {
  return Number(String(award_id).slice(3))
}
