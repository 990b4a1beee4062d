// Codec: MessagePack for what we store and send between our processes, JSON or MessagePack for
// what others send us. Plain MessagePack without extensions of ours, so that any language can read
// the log; a stored payload starts with one version byte.

import { Packr, RESET_BUFFER_MODE } from 'msgpackr'
import { EngineError, InputError } from './errors.ts'

const packr = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'number',
  useFloat32: 0,
  encodeUndefinedAsNil: false,
  moreTypes: false,
})

export type Encoding = 'json' | 'msgpack'

/** The largest request or reply body, bytes (the server's `max_payload` leaves room above it). */
export const BODY_MAX = 900_000

export function pack(value: unknown): Uint8Array {
  return packr.pack(value)
}

/** The same in bytes that are good only until the next `pack` of any kind: for what is large. */
export function packBriefly(value: unknown): Uint8Array {
  return packr.pack(value, RESET_BUFFER_MODE)
}

export function unpack<T>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T
}

/** `value` behind one version byte. */
export function packStored(version: number, value: unknown): Uint8Array {
  const body = packr.pack(value)
  const bytes = new Uint8Array(body.length + 1)
  bytes[0] = version
  bytes.set(body, 1)
  return bytes
}

/** The body behind a version byte; a version newer than `newest` is refused, not guessed at. */
export function unpackStored<T>(bytes: Uint8Array, newest: number): { version: number; value: T } {
  const version = bytes[0] ?? 0
  if (version < 1 || version > newest) {
    throw new EngineError(
      'FORMAT_VERSION',
      `stored payload has version ${version}, this build reads 1 to ${newest}: run a newer build`,
    )
  }
  return { version, value: packr.unpack(bytes.subarray(1)) as T }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const NEITHER = 'body is neither JSON (it starts with { or [) nor MessagePack'

/**
 * A request's body. It is JSON when it starts with `{` or `[`, else MessagePack; the reply goes
 * back the same way. Throws InputError when it is neither.
 */
export function decodeBody(bytes: Uint8Array): { encoding: Encoding; body: unknown } {
  if (bytes.length > BODY_MAX) {
    throw new InputError('TOO_LARGE', `body of ${bytes.length} bytes: at most ${BODY_MAX} are read`)
  }
  const first = bytes[0]
  if (first === 0xc1) {
    // The one byte MessagePack never uses; the decoder takes it for a marker of its own.
    throw new InputError('MALFORMED', `${NEITHER}: it starts with 0xc1`)
  }
  const encoding = encodingOf(first)
  try {
    const body: unknown =
      encoding === 'json' ? JSON.parse(utf8.decode(bytes)) : packr.unpack(bytes as Buffer)
    return { encoding, body }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = encoding === 'json' ? 'body is not JSON' : NEITHER
    throw new InputError('MALFORMED', `${what}: ${why}`)
  }
}

/** The encoding of a body that begins with this byte; an empty one counts as MessagePack. */
export function encodingOf(first: number | undefined): Encoding {
  return first === 0x7b || first === 0x5b ? 'json' : 'msgpack'
}

export function encodeBody(encoding: Encoding, body: unknown): Uint8Array {
  // Not TextEncoder: it takes twice as long for what is nearly all ASCII.
  return encoding === 'json' ? Buffer.from(JSON.stringify(body)) : packr.pack(body)
}
