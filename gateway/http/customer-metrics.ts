// Customer metrics: how each customer is served, as every gateway tells the same of it. They are
// counted by the campaigns' actors and journalled there, so they survive restarts; a gateway asks
// for them when it is scraped.
//
//   CM1. What could not be asked is absent: an old figure would look like a new one.
//   CM2. One question serves a scrape, and those that follow within KEPT_MS.

import { Gauge, Histogram, type Registry } from 'prom-client'
import { type CustomerShown, TAT_BOUNDS_S } from '../../actors/protocol/replies.ts'

const TAT = 'leadbid_tat_seconds'
const TAT_HELP = "Time from a live lead's creation to its first call, by customer"

const KEPT_MS = 2000
/** Customers that get a label, by lowest id: a series each is what a scraper can take. */
const CUSTOMERS_MAX = 1000

/** What customers' campaigns add up to; null where not every shard answered. */
export type CustomersSource = () => Promise<readonly CustomerShown[] | null>

/** Registers the metrics; they are there once the function it returns is given a source. */
export function customerMetrics(registry: Registry): (source: CustomersSource) => void {
  let source: CustomersSource = async () => null
  const ask = kept(async () => ((await source()) ?? []).slice(0, CUSTOMERS_MAX))
  const gauge = (name: string, help: string, of: (customer: CustomerShown) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['customer'],
      registers: [registry],
      async collect() {
        this.reset()
        for (const customer of await ask()) {
          const value = of(customer)
          if (value !== null) this.set({ customer: customer.customer_id }, value)
        }
      },
    })
  gauge(
    'leadbid_sla_attained_ratio',
    'Share of first calls in time since local midnight, by customer',
    ({ sla_attained }) => sla_attained.share,
  )
  gauge('leadbid_sla_target_ratio', 'The share promised, by customer', ({ target }) => target)
  gauge(
    'leadbid_oldest_live_age_seconds',
    'Age of the oldest live lead never called, by customer',
    ({ oldest_live_age_s }) => oldest_live_age_s,
  )
  firstCalls(registry, ask)
  registry.registerMetric(new TatHistogram(ask))
  return (given) => {
    source = given
  }
}

function firstCalls(registry: Registry, ask: () => Promise<readonly CustomerShown[]>): void {
  new Gauge({
    name: 'leadbid_first_calls_today',
    help: 'First calls since local midnight, and those overdue now, by customer and outcome',
    labelNames: ['customer', 'outcome'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { customer_id: customer, sla_attained } of await ask()) {
        for (const outcome of ['on_time', 'late', 'overdue'] as const) {
          this.set({ customer, outcome }, sla_attained[outcome])
        }
      }
    },
  })
}

/** A histogram that was counted elsewhere: it passes on what it is told, and observes nothing. */
class TatHistogram extends Histogram<'customer'> {
  readonly #ask: () => Promise<readonly CustomerShown[]>

  constructor(ask: () => Promise<readonly CustomerShown[]>) {
    super({ name: TAT, help: TAT_HELP, labelNames: ['customer'], registers: [] })
    this.#ask = ask
  }

  /** What both the registry's page and `get` are made of; the library's types leave it out. */
  async getForPromString() {
    const values = (await this.#ask()).flatMap(seriesOf)
    return { name: TAT, help: TAT_HELP, type: 'histogram', aggregator: 'sum', values }
  }
}

function seriesOf({ customer_id: customer, tat_s: { le, sum, count } }: CustomerShown) {
  const bucket = (bound: number | '+Inf', value: number) => ({
    metricName: `${TAT}_bucket`,
    labels: { le: bound, customer },
    sharedLabels: {},
    value,
  })
  const total = (of: 'sum' | 'count', value: number) => ({
    metricName: `${TAT}_${of}`,
    labels: { customer },
    sharedLabels: {},
    value,
  })
  return [
    ...TAT_BOUNDS_S.map((bound) => bucket(bound, le[bound] ?? 0)),
    bucket('+Inf', count),
    total('sum', sum),
    total('count', count),
  ]
}

/** `ask`, once for all who want to know at about the same time. */
export function kept<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  let askedAt = 0
  return () => {
    const now = performance.now()
    if (answer === undefined || now - askedAt > KEPT_MS) {
      answer = ask()
      askedAt = now
    }
    return answer
  }
}
