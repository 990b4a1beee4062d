// Metrics: what a gateway counts, named `leadbid_<noun>_<unit>`. Labels come from closed lists: the
// services of the contract, the types of replies, the routes of the table, status codes.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Service } from '../../actors/protocol/subjects.ts'
import type { PublishedModel } from '../../actors/runtime/model-store.ts'
import type { Answer } from '../auction/services.ts'
import { type AdmissionMetrics, admissionMetrics } from './admission-metrics.ts'
import { type CustomersSource, customerMetrics } from './customer-metrics.ts'
import { diallingMetrics, type FloorsSource } from './dialling-metrics.ts'
import { type HealthSource, healthMetrics } from './health-metrics.ts'
import { tallyCounter } from './tally-counter.ts'

/** Seconds; finest where an award's time is decided, coarse up to the longest budget. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]

/** Types of replies; a reply of another type would be counted as `other`, never as a new label. */
const OUTCOMES: ReadonlySet<string> = new Set([
  'award',
  'no_lead',
  'unavailable',
  'overloaded',
  'error',
  'confirmed',
  'extended',
  'skipped',
  'refused',
  'recorded',
  'stale_award',
  'ingested',
  'lead',
  'campaign',
  'campaigns',
  'requeued',
  'suppressed',
  'removed',
  'check',
  'model',
  'models',
  'placed',
  'dialling',
])

export interface Metrics extends AdmissionMetrics {
  readonly registry: Registry
  /** A request of the contract was answered, over NATS or HTTP; null: refused in no time. */
  observe(service: Service, outcome: string, seconds: number | null): void
  /** A request came in; call what comes back when it was answered. */
  enter(service: Service): () => void
  /** An HTTP response was begun, to `route` as the table of routes spells it. */
  responded(route: string, status: number): void
  /** How many readers of the event stream there are. */
  readers(count: number): void
  /** Where a scrape finds how customers are served. */
  customers(source: CustomersSource): void
  /** Where a scrape finds how the lines stand. */
  floors(source: FloorsSource): void
  /** Where a scrape finds what waits for an operator. */
  health(source: HealthSource): void
  /** Where a scrape finds what was learnt of each customer. */
  models(all: () => readonly PublishedModel[]): void
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'leadbid_' })
  eventLoopLag(registry)
  const requests = tallyCounter({
    registry,
    name: 'leadbid_requests_total',
    help: 'Requests answered, by service and type of reply',
    labelNames: ['service', 'outcome'],
  })
  const seconds = new Histogram({
    name: 'leadbid_request_seconds',
    help: 'Time from request to reply, by service',
    labelNames: ['service'],
    buckets: BUCKETS,
    registers,
  })
  const inFlight = new Gauge({
    name: 'leadbid_requests_in_flight',
    help: 'Requests that wait for their reply, by service',
    labelNames: ['service'],
    registers,
  })
  const http = new Counter({
    name: 'leadbid_http_requests_total',
    help: 'HTTP responses, by route and status',
    labelNames: ['route', 'status'],
    registers,
  })
  const readers = new Gauge({
    name: 'leadbid_event_readers',
    help: 'Open connections that read the event stream',
    registers,
  })
  return {
    registry,
    ...admissionMetrics(registry),
    models: modelGauges(registry),
    observe(service, outcome, took) {
      requests(service, OUTCOMES.has(outcome) ? outcome : 'other')
      if (took !== null) seconds.observe({ service }, took)
    },
    enter(service) {
      inFlight.inc({ service })
      return () => inFlight.dec({ service })
    },
    responded: (route, status) => http.inc({ route, status }),
    readers: (count) => readers.set(count),
    customers: customerMetrics(registry),
    floors: diallingMetrics(registry),
    health: healthMetrics(registry),
  }
}

/** `answer`, with what it has in hand counted; the gateway puts this one behind NATS and HTTP. */
export function countInFlight(answer: Answer, metrics: Metrics): Answer {
  return async (call) => {
    const leave = metrics.enter(call.service)
    try {
      return await answer(call)
    } finally {
      leave()
    }
  }
}

const MODEL_FIGURES = {
  leadbid_model_version: {
    help: 'Version of what was learnt of a customer, as published',
    of: ({ model }: PublishedModel) => model.version,
  },
  leadbid_model_calls: {
    help: 'Calls that reached somebody and that a customer’s published model was learnt from',
    of: ({ model }: PublishedModel) => model.calls,
  },
  leadbid_model_brier: {
    help: 'Mean squared error of chances foretold for a customer’s calls',
    of: ({ calibration }: PublishedModel) => calibration?.brier,
  },
  leadbid_model_ece: {
    help: 'Expected calibration error of chances foretold for a customer’s calls',
    of: ({ calibration }: PublishedModel) => calibration?.ece,
  },
} as const

/** One series a customer; a figure that is not known yet is left out. */
function modelGauges(registry: Registry): Metrics['models'] {
  let all: () => readonly PublishedModel[] = () => []
  for (const [name, { help, of }] of Object.entries(MODEL_FIGURES)) {
    new Gauge({
      name,
      help,
      labelNames: ['customer'],
      registers: [registry],
      collect() {
        this.reset()
        for (const entry of all()) {
          const value = of(entry)
          if (value !== undefined) this.set({ customer: entry.customer_id }, value)
        }
      },
    })
  }
  return (source) => {
    all = source
  }
}

/** The longest and the 99th percentile of turns since the last look. */
function eventLoopLag(registry: Registry): void {
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  new Gauge({
    name: 'leadbid_event_loop_lag_seconds',
    help: 'How late the event loop ran since the last scrape: 99th percentile and longest',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      const [p99, longest] = [lag.percentile(99), lag.max]
      lag.reset()
      // Before its first sample the histogram holds no finite numbers worth telling.
      this.set({ quantile: '0.99' }, Number.isFinite(p99) ? p99 / 1e9 : 0)
      this.set({ quantile: '1' }, Number.isFinite(longest) ? longest / 1e9 : 0)
    },
  })
}
