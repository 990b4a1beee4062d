// Body: what a caller sent, read within a size and a time.
//
// Read from node's own stream: whatever goes wrong here, the connection must stay able to carry
// the answer that says so, and a file must come piece by piece.

import type { IncomingMessage } from 'node:http'
import { BODY_MAX } from '../../actors/protocol/codec.ts'
import { InputError } from '../../actors/protocol/errors.ts'

/** A JSON body must be there within this, ms. */
const BODY_TIMEOUT_MS = 15_000

/** The request's JSON; `undefined` when it has no body at all. Throws InputError. */
export async function readJson(incoming: IncomingMessage): Promise<unknown> {
  refuseEncoded(incoming)
  const bytes = await readAll(incoming)
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new InputError('MALFORMED', `body is not JSON: ${why}`)
  }
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  refuseLarger(incoming, BODY_MAX, 'send it in parts')
  const pieces: Uint8Array[] = []
  let length = 0
  const deadline = performance.now() + BODY_TIMEOUT_MS
  for await (const piece of chunksOf(incoming, () => deadline - performance.now())) {
    length += piece.length
    if (length > BODY_MAX) throw tooLarge(BODY_MAX, 'send it in parts')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** Refuses what says of itself that it is too large, before a byte of it is read. */
export function refuseLarger(incoming: IncomingMessage, maxBytes: number, cure: string): void {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes, cure)
}

export function refuseEncoded(incoming: IncomingMessage): void {
  const encoding = incoming.headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return
  throw new InputError('UNSUPPORTED_TYPE', 'Content-Encoding: send the body uncompressed')
}

/**
 * The body as it comes, each piece within `patienceMs()`. Leaving the loop early leaves the
 * connection open. Throws InputError TIMEOUT or ABORTED when the rest does not come.
 */
export async function* chunksOf(
  incoming: IncomingMessage,
  patienceMs: () => number,
): AsyncGenerator<Uint8Array> {
  const chunks = incoming.iterator({ destroyOnReturn: false })
  for (;;) {
    const { done, value } = await within(chunks.next(), patienceMs()).catch(endedEarly)
    if (done) return
    let wanted = false
    try {
      yield value as Buffer // No encoding was set, so pieces are bytes.
      wanted = true
    } finally {
      // Lets go of the stream, so that what was not read can be thrown away behind us.
      if (!wanted) await chunks.return?.()
    }
  }
}

function endedEarly(error: unknown): never {
  if (error instanceof InputError) throw error
  throw new InputError('ABORTED', 'body broke off: the connection was lost')
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new InputError('TIMEOUT', 'body did not come in time: send it again'))
    const timer = setTimeout(late, Math.max(0, ms))
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function tooLarge(maxBytes: number, cure: string): InputError {
  return new InputError('TOO_LARGE', `body is larger than ${maxBytes} bytes: ${cure}`)
}
