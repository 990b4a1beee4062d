// Ordered rows: a lane's leads in order of (key, row), as a list of sorted chunks. Inserting and
// removing cost a binary search and a short move; both ends and any split are at hand. Four bytes
// a lead and a third slack.

const CHUNK = 512
/** Room a chunk begins with: a small campaign has many lanes of a few leads each. */
const CHUNK_FIRST = 8

export class OrderedRows {
  /** The order's key by row; shared with the lead table, and replaced when that grows. */
  readonly #keyOf: (row: number) => number
  #chunks: Int32Array[] = []
  #sizes: number[] = []
  #found: Place = { chunk: 0, at: 0 }
  size = 0

  constructor(keyOf: (row: number) => number) {
    this.#keyOf = keyOf
  }

  insert(row: number): void {
    this.size++
    if (this.#chunks.length === 0) {
      this.#chunks.push(new Int32Array(CHUNK_FIRST))
      this.#sizes.push(0)
    }
    let c = this.#chunkOf(row)
    if ((this.#sizes[c] as number) === CHUNK) {
      this.#split(c)
      c = this.#chunkOf(row)
    }
    const size = this.#sizes[c] as number
    const chunk = this.#roomy(c, size)
    const at = this.#placeIn(chunk, size, this.#keyOf(row), row)
    chunk.copyWithin(at + 1, at, size)
    chunk[at] = row
    this.#sizes[c] = size + 1
  }

  /** Removes a row whose key has not changed since it was inserted; false when it is not there. */
  remove(row: number): boolean {
    if (this.#chunks.length === 0) return false
    const c = this.#chunkOf(row)
    const chunk = this.#chunks[c] as Int32Array
    const size = this.#sizes[c] as number
    const at = this.#placeIn(chunk, size, this.#keyOf(row), row)
    if (at >= size || chunk[at] !== row) return false
    chunk.copyWithin(at, at + 1, size)
    this.#sizes[c] = size - 1
    this.size--
    if (size === 1) {
      this.#chunks.splice(c, 1)
      this.#sizes.splice(c, 1)
    }
    return true
  }

  /** The place of the first row with a key above `key`, the end when there is none. */
  above(key: number): Place {
    // Who asks again asks for a little later: mostly the place found last will do.
    const found = this.#isAbove(this.#found, key) ? this.#found : this.#search(key)
    this.#found = found
    return found
  }

  #isAbove(place: Place, key: number): boolean {
    if (place.chunk > this.#chunks.length) return false
    const inside = place.chunk < this.#chunks.length
    if (inside ? place.at >= (this.#sizes[place.chunk] as number) : place.at > 0) return false
    if (inside && this.#keyOf(this.row(place)) <= key) return false
    const before = this.previous(place)
    return before === undefined || this.#keyOf(this.row(before)) <= key
  }

  #search(key: number): Place {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const last = (this.#chunks[middle] as Int32Array)[
        (this.#sizes[middle] as number) - 1
      ] as number
      if (this.#keyOf(last) <= key) low = middle + 1
      else high = middle
    }
    if (low === this.#chunks.length) return { chunk: low, at: 0 }
    const chunk = this.#chunks[low] as Int32Array
    let from = 0
    let to = this.#sizes[low] as number
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#keyOf(chunk[middle] as number) <= key) from = middle + 1
      else to = middle
    }
    return { chunk: low, at: from }
  }

  start(): Place {
    return { chunk: 0, at: 0 }
  }

  end(): Place {
    return { chunk: this.#chunks.length, at: 0 }
  }

  /** How many rows lie before a place. */
  countBefore(place: Place): number {
    let count = place.at
    for (let c = 0; c < place.chunk; c++) count += this.#sizes[c] as number
    return count
  }

  row(place: Place): number {
    return (this.#chunks[place.chunk] as Int32Array)[place.at] as number
  }

  /** The next place; may be the end. */
  next(place: Place): Place {
    return place.at + 1 < (this.#sizes[place.chunk] as number)
      ? { chunk: place.chunk, at: place.at + 1 }
      : { chunk: place.chunk + 1, at: 0 }
  }

  /** The place before; undefined at the start. */
  previous(place: Place): Place | undefined {
    if (place.at > 0) return { chunk: place.chunk, at: place.at - 1 }
    if (place.chunk === 0) return undefined
    return { chunk: place.chunk - 1, at: (this.#sizes[place.chunk - 1] as number) - 1 }
  }

  /** The chunk a row belongs in: the first whose last row is not below it, else the last. */
  #chunkOf(row: number): number {
    const key = this.#keyOf(row)
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      const last = (this.#chunks[middle] as Int32Array)[
        (this.#sizes[middle] as number) - 1
      ] as number
      const lastKey = this.#keyOf(last)
      if (lastKey < key || (lastKey === key && last < row)) low = middle + 1
      else high = middle
    }
    return low
  }

  #placeIn(chunk: Int32Array, size: number, key: number, row: number): number {
    let low = 0
    let high = size
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = chunk[middle] as number
      const otherKey = this.#keyOf(other)
      if (otherKey < key || (otherKey === key && other < row)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The chunk, with room for one more. */
  #roomy(c: number, size: number): Int32Array {
    const chunk = this.#chunks[c] as Int32Array
    if (size < chunk.length) return chunk
    const larger = new Int32Array(2 * chunk.length)
    larger.set(chunk)
    this.#chunks[c] = larger
    return larger
  }

  #split(c: number): void {
    const chunk = this.#chunks[c] as Int32Array
    // Arrivals come in order, so the last chunk splits off an almost empty one.
    const keep = c === this.#chunks.length - 1 ? CHUNK - 32 : CHUNK / 2
    const rest = new Int32Array(CHUNK)
    rest.set(chunk.subarray(keep))
    this.#chunks.splice(c + 1, 0, rest)
    this.#sizes.splice(c, 1, keep, CHUNK - keep)
  }
}

/** A place in the order; only good until the next insert or remove. */
export interface Place {
  readonly chunk: number
  readonly at: number
}

/** Whether `a` comes before `b`. */
export function before(a: Place, b: Place): boolean {
  return a.chunk < b.chunk || (a.chunk === b.chunk && a.at < b.at)
}
