// Table cut: the rows of a table as they were at one instant, read in blocks while the table goes on.
//
//   TC1. What a row held is kept when it first changes after the cut; what was read is not kept. So a
//        cut costs its changes, not its rows.
//   TC2. Equal rows are read as equal bytes, whatever changed meanwhile and whatever arrays the table
//        has grown into.

import type { Arrays } from './table.ts'

/** Bytes of a stretch of rows by column; of a column with one value in all of them, that value once. */
export interface ColumnBytes {
  [name: string]: Uint8Array
}

export class TableCut {
  readonly size: number
  /** The arrays of that instant: a table that has grown since has others. */
  readonly #arrays: Arrays
  readonly #names: readonly string[]
  readonly #close: () => void
  /** What rows held that have changed since, in order of the columns. */
  readonly #kept = new Map<number, number[]>()
  /** Rows before this one have been read. */
  #read = 0
  /** Where a block is copied to, again and again: half a megabyte each would be much to collect. */
  #copies: Arrays = {}

  constructor(arrays: Arrays, size: number, close: () => void) {
    this.#arrays = arrays
    this.#names = Object.keys(arrays)
    this.size = size
    this.#close = close
  }

  /** Nothing is kept any more; what was not read by now cannot be. */
  close(): void {
    this.#close()
    this.#kept.clear()
    this.#copies = {}
  }

  /** Rows that are kept, for they have changed. */
  get kept(): number {
    return this.#kept.size
  }

  /** Keeps what a row holds, unless it was read or is kept already. */
  keep(row: number): void {
    if (row < this.#read || row >= this.size || this.#kept.has(row)) return
    const values: number[] = []
    for (const name of this.#names) values.push(this.#arrays[name]?.[row] ?? 0)
    this.#kept.set(row, values)
  }

  /** Puts right what was not known yet at the instant of the cut; the row must not have been read. */
  amend(row: number, name: string, value: number): void {
    const array = this.#arrays[name]
    if (row >= this.size || array === undefined) return
    array[row] = value
    const kept = this.#kept.get(row)
    if (kept !== undefined) kept[this.#names.indexOf(name)] = value
  }

  /** The next `rows` rows by column; good until the next read. */
  read(rows: number): Arrays {
    const from = this.#read
    const to = Math.min(this.size, from + rows)
    const block: Arrays = {}
    for (const name of this.#names) {
      const array = this.#arrays[name]
      if (array === undefined) continue
      let copy = this.#copies[name]
      if (copy === undefined || copy.length < to - from) copy = array.slice(0, rows)
      this.#copies[name] = copy
      copy.set(array.subarray(from, to))
      block[name] = copy.subarray(0, to - from)
    }
    if (this.#kept.size > 0) this.#restore(block, from, to)
    this.#read = to
    return block
  }

  #restore(block: Arrays, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      const values = this.#kept.get(row)
      if (values === undefined) continue
      for (const [place, name] of this.#names.entries()) {
        const array = block[name]
        if (array !== undefined) array[row - from] = values[place] ?? 0
      }
      this.#kept.delete(row)
    }
  }
}

/** A block as bytes, without some of its columns. */
export function bytesOf(block: Arrays, without: readonly string[] = []): ColumnBytes {
  const bytes: ColumnBytes = {}
  for (const name in block) {
    const array = block[name]
    if (array === undefined || without.includes(name)) continue
    const some = isConstant(array) ? array.subarray(0, 1) : array
    bytes[name] = new Uint8Array(some.buffer, some.byteOffset, some.byteLength)
  }
  return bytes
}

/** Bit for bit: 0 is not -0, and a time that is not known is. */
function isConstant(array: Arrays[string]): boolean {
  const first = array[0]
  for (let at = 1; at < array.length; at++) if (!Object.is(array[at], first)) return false
  return true
}
