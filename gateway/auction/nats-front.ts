// NATS front: the contract's subjects, from message to message.
//
//   NF1. What is not let in is answered before its body is read (AD1).
//        Refusals go out together, a few milliseconds' worth at a time: under a flood most of what
//        one costs is the write.
//   NF2. A message that waited in front of this process has spent that much of its budget.
//   NF3. What an owner has told the caller itself is not answered again (TOLD).

import { decodeBody, type Encoding, encodeBody, encodingOf } from '../../actors/protocol/codec.ts'
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
import type { Admission, Refusal } from './admission.ts'
import { type Answer, BUDGET_STANDARD_MS, TOLD } from './services.ts'

const BUDGET_MIN_MS = 10
const BUDGET_MAX_MS = 60_000
const REFUSALS_EVERY_MS = 2
const INBOX = '_INBOX.'
const REFUSALS_MAX = 256

/** What became of a request, for metrics; null seconds: it was refused unread. */
export type Observe = (service: Service, outcome: string, seconds: number | null) => void

export interface FrontParts {
  link: Link
  admission: Admission
  answer: Answer
  observe: Observe
  log: Log
}

/** Serves every subject; `stop` takes no more and waits for what is being answered. */
export function startNatsFront(parts: FrontParts): { stop(): Promise<void> } {
  const { link, admission, observe, log } = parts
  const working = new Set<Promise<void>>()
  const refusals = new Refusals()
  const take = (service: Service, msg: Msg): Promise<void> | undefined => {
    const refusal = admission.early(service)
    if (refusal !== null) {
      refusals.add(msg, refusal)
      observe(service, refusal.type, null)
      return undefined
    }
    const work = serve(service, msg, parts).finally(() => working.delete(work))
    working.add(work)
    return work
  }
  const subscriptions = SERVICES.map((service) =>
    subscribe(link.nc, service, log, (msg) => take(service, msg), { queue: GATEWAY_GROUP }),
  )
  return {
    async stop() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      refusals.flush()
      await Promise.allSettled(working)
    },
  }
}

async function serve(
  service: Service,
  msg: Msg,
  { admission, answer, observe }: FrontParts,
): Promise<void> {
  const started = performance.now()
  let encoding: Encoding = 'json'
  let reply: Reply | Uint8Array
  try {
    const decoded = msg.data.length === 0 ? emptyBody() : decodeBody(msg.data)
    encoding = decoded.encoding
    const budgetMs = Math.max(0, budgetOf(msg) - admission.delayMs())
    reply = await answer({ service, body: decoded.body, budgetMs, encoding, reply: inboxOf(msg) })
  } catch (error) {
    // Decoding is the only thing that throws here; the desk never does.
    if (!(error instanceof InputError)) throw error
    reply = errorReply(error.code, error.message, error.path)
  }
  const outcome = reply instanceof Uint8Array ? 'award' : reply.type
  observe(service, outcome, (performance.now() - started) / 1000)
  if (reply !== TOLD) msg.respond(reply instanceof Uint8Array ? reply : encodeBody(encoding, reply))
}

/** Where a caller waits that owners may tell: nothing but an inbox, for they may publish more than it may. */
function inboxOf({ reply }: Msg): string | undefined {
  return reply?.startsWith(INBOX) === true ? reply : undefined
}

/** Refusals on their way out. */
class Refusals {
  #waiting: [Msg, Refusal][] = []
  #timer: NodeJS.Timeout | null = null

  add(msg: Msg, refusal: Refusal): void {
    this.#waiting.push([msg, refusal])
    if (this.#waiting.length >= REFUSALS_MAX) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), REFUSALS_EVERY_MS)
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    for (const [msg, refusal] of this.#waiting) {
      msg.respond(encodedRefusal(refusal, msg.data[0]))
    }
    this.#waiting = []
  }
}

/** In the encoding of a request whose body was not read, and begins with this byte. */
function encodedRefusal(refusal: Refusal, first: number | undefined): Uint8Array {
  return encodeBody(first === undefined ? 'json' : encodingOf(first), refusal)
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
