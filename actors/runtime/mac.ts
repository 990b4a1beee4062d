// Mac: HMAC-SHA-256 (RFC 2104) of short texts under one key, by hashes of one call each. An object of the
// platform's for every phone number is more work for the collector of garbage than the hash: of each it
// is told one by one, in a pause that calls wait for.

import { hash } from 'node:crypto'

/** What SHA-256 takes in at a time, bytes; a longer key would have to be hashed first. */
const BLOCK_BYTES = 64
const HASH_BYTES = 32
const INNER = 0x36
const OUTER = 0x5c
/** UTF-8 takes at most so much for a UTF-16 unit. */
const UNIT_BYTES = 3

export class Mac {
  /** The padded keys, each with room for what is hashed behind it. */
  #inner: Buffer
  readonly #outer: Buffer

  /** Throws RangeError for a key of more than 64 bytes. */
  constructor(key: Uint8Array) {
    if (key.length > BLOCK_BYTES) throw new RangeError(`a key of ${key.length} bytes is too long`)
    this.#inner = padded(key, INNER, HASH_BYTES)
    this.#outer = padded(key, OUTER, HASH_BYTES)
  }

  digest(text: string): Buffer {
    const most = BLOCK_BYTES + text.length * UNIT_BYTES
    if (most > this.#inner.length) this.#inner = Buffer.concat([this.#inner], most)
    const end = BLOCK_BYTES + this.#inner.write(text, BLOCK_BYTES)
    this.#outer.set(hash('sha256', this.#inner.subarray(0, end), 'buffer'), BLOCK_BYTES)
    this.#inner.fill(0, BLOCK_BYTES, end) // It may be a phone number.
    return hash('sha256', this.#outer, 'buffer')
  }
}

function padded(key: Uint8Array, mask: number, room: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + room)
  block.fill(mask, 0, BLOCK_BYTES)
  for (const [i, byte] of key.entries()) block[i] = byte ^ mask
  return block
}
