// Metrics: what a gateway counts, named `leadbid_<noun>_<unit>`. Labels come from closed lists: the
// services of the contract, the types of replies, the routes of the table, status codes.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Service } from '../../actors/protocol/subjects.ts'
import type { Answer } from '../auction/services.ts'

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
])

export interface Metrics {
  readonly registry: Registry
  /** A request of the contract was answered, over NATS or HTTP. */
  observe(service: Service, outcome: string, seconds: number): void
  /** A request came in; call what comes back when it was answered. */
  enter(service: Service): () => void
  /** An HTTP response was begun, to `route` as the table of routes spells it. */
  responded(route: string, status: number): void
  /** How many readers of the event stream there are. */
  readers(count: number): void
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'leadbid_' })
  eventLoopLag(registry)
  const requests = new Counter({
    name: 'leadbid_requests_total',
    help: 'Requests answered, by service and type of reply',
    labelNames: ['service', 'outcome'],
    registers,
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
    observe(service, outcome, took) {
      requests.inc({ service, outcome: OUTCOMES.has(outcome) ? outcome : 'other' })
      seconds.observe({ service }, took)
    },
    enter(service) {
      inFlight.inc({ service })
      return () => inFlight.dec({ service })
    },
    responded: (route, status) => http.inc({ route, status }),
    readers: (count) => readers.set(count),
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
