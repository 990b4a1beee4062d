// Ingest: one batch of leads to `lead.ingest`, again and again until it is durable.
//
//   R1. A batch is sent again after `unavailable`, `overloaded`, silence or nobody listening, and
//       only then: the same leads again change nothing, so an answer that was lost does no harm
//       but to the counts, where a lead it had accepted is told as unchanged.
//   R2. Waits grow to RETRY_MAX_MS, are spread by chance, and are never shorter than was asked for.
//   R3. Patience runs out when nothing at all got through for `patienceMs`; then it is an error.

import { headers } from 'nats'
import { decodeBody, pack } from '../protocol/codec.ts'
import { EngineError } from '../protocol/errors.ts'
import type { Ingested, Reply } from '../protocol/replies.ts'
import { BUDGET_HEADER, type Service } from '../protocol/subjects.ts'
import { sleep } from '../runtime/clock.ts'
import { isNoResponders, isTimeout, type NatsConnection } from '../runtime/nats.ts'
import type { RawLead } from './row-reader.ts'

/** Sends a batch once; null when there was no answer. */
export type Ingest = (leads: readonly RawLead[]) => Promise<Reply | null>

const SUBJECT: Service = 'lead.ingest'
const BUDGET_MS = 5000
/** For the way there and back. */
const GRACE_MS = 500
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5000
/** How long nothing may get through before an import gives up, ms. */
export const PATIENCE_MS = 600_000

export function natsIngest(nc: NatsConnection): Ingest {
  return async (leads) => {
    const told = headers()
    told.set(BUDGET_HEADER, String(BUDGET_MS))
    const options = { timeout: BUDGET_MS + GRACE_MS, headers: told }
    try {
      const { data } = await nc.request(SUBJECT, pack({ leads }), options)
      return decodeBody(data).body as Reply
    } catch (error) {
      // While the link is down the client waits for its return; once closed it never will.
      if (isNoResponders(error) || isTimeout(error)) return null
      throw error
    }
  }
}

export interface DelivererOptions {
  ingest: Ingest
  signal: AbortSignal
  patienceMs?: number | undefined
  random?: () => number
}

/** Delivers batches and knows when one of them last got through. */
export class Deliverer {
  readonly #options: DelivererOptions
  #progressAt = performance.now()

  constructor(options: DelivererOptions) {
    this.#options = options
  }

  /** Returns the answer once the batch is durable; throws when patience runs out or `signal` aborts. */
  async deliver(leads: readonly RawLead[]): Promise<Ingested> {
    const { ingest, signal, random = Math.random } = this.#options
    const began = performance.now()
    for (let attempt = 0; ; attempt++) {
      const reply = await beforeAbort(ingest(leads), signal)
      if (reply?.type === 'ingested') {
        this.#progressAt = performance.now()
        return reply
      }
      const askedMs = waitAsked(reply)
      this.#checkPatience(began)
      const mostMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempt, 16))
      await sleep(Math.max(askedMs, mostMs * (0.5 + random() / 2)), signal)
    }
  }

  #checkPatience(began: number): void {
    const { patienceMs = PATIENCE_MS } = this.#options
    const idleMs = performance.now() - Math.max(began, this.#progressAt)
    if (idleMs < patienceMs) return
    throw new EngineError(
      'IMPORT_STALLED',
      `import: no lead got through for ${Math.round(idleMs / 1000)} s: see that gateway and actors run, then import the file again`,
    )
  }
}

/** How long an answer asks to wait before the next try; throws when trying again is no use. */
function waitAsked(reply: Reply | null): number {
  switch (reply?.type) {
    case undefined:
      return 0
    case 'unavailable':
    case 'overloaded':
      return reply.retry_after_ms
    case 'error':
      throw new EngineError(reply.code, `${SUBJECT} refused a batch: ${reply.message}`)
    default:
      throw new EngineError(
        'MALFORMED',
        `${SUBJECT} answered ${reply?.type}: run the same build everywhere`,
      )
  }
}

/** An answer nobody waits for any more is dropped; the leads may still arrive. */
async function beforeAbort<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
