// Snapshot frames: parts of a snapshot as bytes, each behind its length, in pieces of a size that one
// message takes.

import { createHash } from 'node:crypto'
import { EngineError } from '../protocol/errors.ts'

const LENGTH_BYTES = 4
const PIECE = 128 * 1024

export type Parts = AsyncGenerator<Uint8Array>

/** Each part behind its length, cut into pieces. */
export async function* writeFrames(parts: AsyncIterable<Uint8Array>): Parts {
  for await (const part of parts) {
    const length = new Uint8Array(LENGTH_BYTES)
    new DataView(length.buffer).setUint32(0, part.length)
    yield length
    for (let at = 0; at < part.length; at += PIECE) yield part.subarray(at, at + PIECE)
  }
}

/** The parts, whatever pieces they come in; what is left of a last one is dropped. */
export async function* readFrames(pieces: AsyncIterable<Uint8Array>): Parts {
  let held: Uint8Array[] = []
  let size = 0
  let wanted: number | null = null
  const take = (count: number) => {
    const all = Buffer.concat(held)
    held = [all.subarray(count)]
    size -= count
    return all.subarray(0, count)
  }
  for await (const piece of pieces) {
    held.push(piece)
    size += piece.length
    for (;;) {
      if (wanted === null) {
        if (size < LENGTH_BYTES) break
        wanted = take(LENGTH_BYTES).readUInt32BE(0)
      }
      if (size < wanted) break
      yield take(wanted)
      wanted = null
    }
  }
}

export async function nextPart(parts: Parts): Promise<Uint8Array> {
  const { value, done } = await parts.next()
  if (done) throw torn('ends early')
  return value
}

export function torn(how: string): EngineError {
  return new EngineError('SNAPSHOT_TORN', `snapshot ${how}`)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
