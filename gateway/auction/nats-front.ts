// NATS front: the contract's subjects, from message to message.

import { decodeBody, type Encoding, encodeBody } from '../../actors/protocol/codec.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import { errorReply, type Reply } from '../../actors/protocol/replies.ts'
import {
  BUDGET_HEADER,
  GATEWAY_GROUP,
  SERVICES,
  type Service,
} from '../../actors/protocol/subjects.ts'
import type { Log } from '../../actors/runtime/log.ts'
import { type Link, type Msg, subscribe } from '../../actors/runtime/nats.ts'
import { type Answer, BUDGET_STANDARD_MS } from './services.ts'

const BUDGET_MIN_MS = 10
const BUDGET_MAX_MS = 60_000

/** What became of a request, for metrics. */
export type Observe = (service: Service, outcome: string, seconds: number) => void

/** Serves every subject; `stop` takes no more and waits for what is being answered. */
export function startNatsFront(
  link: Link,
  answer: Answer,
  observe: Observe,
  log: Log,
): { stop(): Promise<void> } {
  const working = new Set<Promise<void>>()
  const subscriptions = SERVICES.map((service) =>
    subscribe(
      link.nc,
      service,
      log,
      (msg) => {
        const work = serve(service, msg, answer, observe).finally(() => working.delete(work))
        working.add(work)
        return work
      },
      { queue: GATEWAY_GROUP },
    ),
  )
  return {
    async stop() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      await Promise.allSettled(working)
    },
  }
}

async function serve(service: Service, msg: Msg, answer: Answer, observe: Observe): Promise<void> {
  const started = performance.now()
  let encoding: Encoding = 'json'
  let reply: Reply | Uint8Array
  try {
    const decoded = msg.data.length === 0 ? emptyBody() : decodeBody(msg.data)
    encoding = decoded.encoding
    const budgetMs = budgetOf(msg)
    reply = await answer({ service, body: decoded.body, budgetMs, encoding })
  } catch (error) {
    // Decoding is the only thing that throws here; the desk never does.
    if (!(error instanceof InputError)) throw error
    reply = errorReply(error.code, error.message, error.path)
  }
  const outcome = reply instanceof Uint8Array ? 'award' : reply.type
  observe(service, outcome, (performance.now() - started) / 1000)
  msg.respond(reply instanceof Uint8Array ? reply : encodeBody(encoding, reply))
}

/** `campaign.list` needs no body, so none is taken as an empty one. */
function emptyBody(): { encoding: Encoding; body: unknown } {
  return { encoding: 'json', body: {} }
}

function budgetOf(msg: Msg): number {
  const text = msg.headers?.get(BUDGET_HEADER)
  if (text === undefined || text === '') return BUDGET_STANDARD_MS
  const ms = Number(text)
  if (!Number.isFinite(ms) || ms < BUDGET_MIN_MS) {
    throw new InputError(
      'INVALID',
      `header ${BUDGET_HEADER} must be ${BUDGET_MIN_MS} or more milliseconds`,
    )
  }
  return Math.min(ms, BUDGET_MAX_MS)
}
