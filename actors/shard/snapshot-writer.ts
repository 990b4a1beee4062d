// Snapshot writer: a cut of a shard's state as the parts of a snapshot.
//
// First a header: the version, and which record the state follows. Then the parts of the state
// (state-cut.ts), then a trailer with the hashes of both.

import { createHash } from 'node:crypto'
import { pack, packBriefly } from '../protocol/codec.ts'
import type { Slices } from '../runtime/time-slices.ts'
import { type Parts, sha256 } from './snapshot-frames.ts'
import type { Place, StateCut } from './state-cut.ts'

/** Leases are a list since 3; before that they stood in the heads of their campaigns. */
export const SNAPSHOT_VERSION = 3

export interface Header extends Place {
  v: 2 | typeof SNAPSHOT_VERSION
}

export interface Trailer {
  type: 'end'
  /** Hash of the state, as `ShardState.hash` gives it. */
  hash: string
  /** Hash of the header, which that one does not cover. */
  header: string
}

/** The parts of a snapshot, each made as it is asked for. */
export async function* writeState(cut: StateCut, slices: Slices): Parts {
  const hash = createHash('sha256')
  const header: Header = { v: SNAPSHOT_VERSION, ...cut.place }
  const first = pack(header)
  const place = sha256(first)
  yield first
  const parts = cut.parts()
  for (;;) {
    const bytes = await slices.run(() => {
      const { value, done } = parts.next()
      if (done) return null
      const packed = packBriefly(value)
      hash.update(packed)
      return new Uint8Array(packed) // A copy, which a slice of a Buffer is not.
    })
    if (bytes === null) break
    yield bytes
  }
  const trailer: Trailer = { type: 'end', hash: hash.digest('hex'), header: place }
  yield pack(trailer)
}
