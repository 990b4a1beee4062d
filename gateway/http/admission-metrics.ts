// Admission metrics: what a gateway refuses and why, what it waits for, and what it asks again.

import { Counter, Gauge, type Registry } from 'prom-client'
import type { Service } from '../../actors/protocol/subjects.ts'
import type { LogRoom } from '../../actors/runtime/log-room.ts'
import type { RetryBudget } from '../../actors/runtime/retry-budget.ts'
import type { Admission, Bulk, Shed } from '../auction/admission.ts'
import { tallyCounter } from './tally-counter.ts'

/** Where a scrape finds how admission stands. */
export interface AdmissionSource {
  admission: Pick<Admission, 'delayMs' | 'serviceMs' | 'limit'>
  retries: Pick<RetryBudget, 'tokens' | 'made' | 'denied'>
  room: Pick<LogRoom, 'fill'>
}

export interface AdmissionMetrics {
  /** A request was refused, or dropped. */
  shed(what: Service | Bulk, reason: Shed): void
  admission(source: AdmissionSource): void
}

export function admissionMetrics(registry: Registry): AdmissionMetrics {
  const registers = [registry]
  let source: AdmissionSource | null = null
  const shed = tallyCounter({
    registry,
    name: 'leadbid_shed_total',
    help: 'Requests refused or dropped before any work, by service and reason',
    labelNames: ['service', 'reason'],
  })
  const gauge = (name: string, help: string, of: (from: AdmissionSource) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        if (source !== null) this.set(of(source))
      },
    })
  gauge(
    'leadbid_delay_seconds',
    'How long messages wait before this process reads them',
    ({ admission }) => admission.delayMs() / 1000,
  )
  gauge(
    'leadbid_service_seconds',
    'How long half of the requests for a lead take at most, of those answered lately',
    ({ admission }) => admission.serviceMs / 1000,
  )
  gauge(
    'leadbid_admission_limit',
    'Requests for a lead that may be in hand at once',
    ({ admission }) => admission.limit,
  )
  gauge(
    'leadbid_retry_tokens',
    'Questions to hosts that may be put again now',
    ({ retries }) => retries.tokens,
  )
  retriesCounter(registry, () => source)
  fillGauge(registry, () => source)
  return {
    shed,
    admission: (from) => {
      source = from
    },
  }
}

function retriesCounter(registry: Registry, source: () => AdmissionSource | null): void {
  new Counter({
    name: 'leadbid_retries_total',
    help: 'Questions to hosts put again (`made`), and given up for want of a token (`denied`)',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      const retries = source()?.retries
      if (retries === undefined) return
      this.reset()
      this.inc({ outcome: 'made' }, retries.made)
      this.inc({ outcome: 'denied' }, retries.denied)
    },
  })
}

function fillGauge(registry: Registry, source: () => AdmissionSource | null): void {
  new Gauge({
    name: 'leadbid_stream_fill_ratio',
    help: 'Share of its bound a stream has used, by stream; absent without a bound',
    labelNames: ['stream'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [stream, fill] of Object.entries(source()?.room.fill ?? {})) {
        if (fill !== null) this.set({ stream }, fill)
      }
    },
  })
}
