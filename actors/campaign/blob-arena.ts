// Blob arena: short byte strings without an object each. A Uint8Array a lead would cost 200 bytes
// to hold 60. What is replaced stays behind unused until the next snapshot is loaded.

const CHUNK = 1 << 20
/** A blob's length stands before it in two bytes. */
const LENGTH_BYTES = 2

export class BlobArena {
  #chunks: Uint8Array[] = []
  #used = CHUNK

  /** Keeps a copy; the handle (never 0) finds it again. */
  add(bytes: Uint8Array): number {
    const need = bytes.length + LENGTH_BYTES
    if (this.#used + need > CHUNK) {
      this.#chunks.push(new Uint8Array(CHUNK))
      this.#used = 0
    }
    const chunk = this.#chunks[this.#chunks.length - 1] as Uint8Array
    const at = this.#used
    chunk[at] = bytes.length >>> 8
    chunk[at + 1] = bytes.length & 0xff
    chunk.set(bytes, at + LENGTH_BYTES)
    this.#used += need
    return (this.#chunks.length - 1) * CHUNK + at + 1
  }

  get(handle: number): Uint8Array | null {
    if (handle === 0) return null
    const at = (handle - 1) % CHUNK
    const chunk = this.#chunkOf(handle)
    const length = ((chunk[at] as number) << 8) | (chunk[at + 1] as number)
    return chunk.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length)
  }
  /** Bytes of a blob, 0 where there is none. */
  length(handle: number): number {
    if (handle === 0) return 0
    const chunk = this.#chunkOf(handle)
    const at = (handle - 1) % CHUNK
    return ((chunk[at] as number) << 8) | (chunk[at + 1] as number)
  }

  /** Writes a blob behind its length in two bytes, none as an empty one; where it ends. */
  copy(handle: number, target: Uint8Array, at: number): number {
    const length = this.length(handle)
    target[at] = length >>> 8
    target[at + 1] = length & 0xff
    if (length > 0) {
      const from = ((handle - 1) % CHUNK) + LENGTH_BYTES
      const chunk = this.#chunkOf(handle)
      for (let i = 0; i < length; i++) target[at + LENGTH_BYTES + i] = chunk[from + i] as number
    }
    return at + LENGTH_BYTES + length
  }

  #chunkOf(handle: number): Uint8Array {
    return this.#chunks[Math.floor((handle - 1) / CHUNK)] as Uint8Array // Handles are of blobs added.
  }
}
