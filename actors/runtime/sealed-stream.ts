// Sealed stream: bytes encrypted piece by piece, for files too large to hold and too private to
// store as they are.
//
// One version byte, then frames of 64 KiB under AES-256-GCM, each followed by its tag. A frame's
// nonce is its number and whether it is the last (the STREAM construction: Hoang, Reyhanitabar,
// Rogaway, Vizár 2015), so a frame that was changed, moved, repeated, or cut off with all that
// follow it is noticed. A nonce must never be used twice: a key seals one file, ever.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { EngineError } from '../protocol/errors.ts'

const VERSION = 1
const FRAME_BYTES = 64 * 1024
const TAG_BYTES = 16
const NONCE_BYTES = 12

export type ByteSource = AsyncIterable<Uint8Array>

/** A key for one file. */
export function newStreamKey(): Uint8Array {
  return randomBytes(32)
}

/** The sealed form of `plain`, as it is read. */
export async function* sealStream(key: Uint8Array, plain: ByteSource): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(VERSION)
  for await (const { bytes, index, last } of framed(plain, FRAME_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(index, last))
    const body = cipher.update(bytes)
    cipher.final()
    yield Buffer.concat([body, cipher.getAuthTag()])
  }
}

/** What was sealed; throws SEAL_BROKEN before it would hand out a byte that is not authentic. */
export async function* openStream(key: Uint8Array, sealed: ByteSource): AsyncGenerator<Uint8Array> {
  const body = behindVersion(sealed)
  for await (const { bytes, index, last } of framed(body, FRAME_BYTES + TAG_BYTES)) {
    if (bytes.length < TAG_BYTES) throw broken(index)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(index, last))
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
    const plain = decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES))
    try {
      decipher.final()
    } catch (cause) {
      throw broken(index, cause)
    }
    if (plain.length > 0) yield plain
  }
}

interface Frame {
  bytes: Buffer
  index: number
  last: boolean
}

/** Regroups chunks into frames of `size`; the last one, perhaps empty, is known to be the last. */
async function* framed(source: ByteSource, size: number): AsyncGenerator<Frame> {
  let held: Uint8Array[] = []
  let length = 0
  let index = 0
  for await (const chunk of source) {
    if (chunk.length === 0) continue
    held.push(chunk)
    length += chunk.length
    // Strictly more: a full frame may still turn out to be the last.
    if (length <= size) continue
    let all = Buffer.concat(held)
    while (all.length > size) {
      yield { bytes: all.subarray(0, size), index: index++, last: false }
      all = all.subarray(size)
    }
    held = [all]
    length = all.length
  }
  yield { bytes: Buffer.concat(held), index, last: true }
}

async function* behindVersion(source: ByteSource): AsyncGenerator<Uint8Array> {
  let version: number | undefined
  for await (const chunk of source) {
    if (version !== undefined || chunk.length === 0) {
      yield chunk
      continue
    }
    version = chunk[0]
    if (version !== VERSION) {
      throw new EngineError(
        'FORMAT_VERSION',
        `sealed file has version ${version}, this build reads ${VERSION}: run a newer build`,
      )
    }
    yield chunk.subarray(1)
  }
  if (version === undefined) throw broken(0)
}

function nonce(index: number, last: boolean): Uint8Array {
  const bytes = Buffer.alloc(NONCE_BYTES)
  bytes.writeUInt32BE(index, NONCE_BYTES - 5) // 2^32 frames are 256 TiB.
  bytes[NONCE_BYTES - 1] = last ? 1 : 0
  return bytes
}

function broken(index: number, cause?: unknown): EngineError {
  return new EngineError(
    'SEAL_BROKEN',
    `sealed file is damaged or cut off at frame ${index}: it cannot be read, send the file again`,
    cause === undefined ? {} : { cause },
  )
}
