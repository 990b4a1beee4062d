// Table: typed arrays with one place a row, which grow and are copied without a pause, however many
// rows there are.
//
//   TB1. Growing moves rows to larger arrays some at a time, as rows are added. A row that was moved
//        already is written to both: whoever has changed a row says so (`changed`).
//   TB2. A cut is the table as it was at one instant, read in blocks later (table-cut.ts). Whoever is
//        about to change a row says so (`changing`), for the cuts that still need what it holds.
//   TB3. A column that is cleared is replaced, so that cuts keep the one they have.

import { type ColumnBytes, TableCut } from './table-cut.ts'

type ArrayType =
  | Float64ArrayConstructor
  | Uint32ArrayConstructor
  | Uint16ArrayConstructor
  | Uint8ArrayConstructor

export interface ColumnTypes {
  readonly [name: string]: ArrayType
}

export type Columns<T extends ColumnTypes> = { [K in keyof T]: InstanceType<T[K]> }

/** The same columns, whatever their names. */
export interface Arrays {
  [name: string]: InstanceType<ArrayType>
}

interface Next {
  arrays: Arrays
  capacity: number
  moved: number
}

/** So small a table is copied as a whole when it grows. */
const SMALL = 16_384
/** Rows moved at once, and rows added between two times: sixteen are moved for each that is added. */
const MOVED_ROWS = 2048
const MOVED_EVERY = 128
/** Rows added between two columns that are made: of each V8 may take it that memory runs short, and mark
 * for 5 to 10 ms. A table that grew to its size is not full before all of them are made, and moved. */
const MADE_EVERY = 16
/** Growing begins when this share of a table is in use. */
export const GROWS_AT = 0.9
const GROWTH = 1.5

export class Table<T extends ColumnTypes> {
  readonly #types: T
  readonly #names: readonly string[]
  columns: Columns<T>
  capacity: number
  /** What it grows into: columns, their capacity, and up to where they hold what is here. */
  #next: Next | null = null
  #cuts: readonly TableCut[] = []

  constructor(types: T, capacity: number) {
    this.#types = types
    this.#names = Object.keys(types)
    this.capacity = capacity
    const arrays: Arrays = {}
    for (const name of this.#names) arrays[name] = this.#array(name, capacity)
    this.columns = columnsOf<T>(arrays)
  }

  /** Makes room for a row behind the first `size`. */
  extend(size: number): void {
    if (size < SMALL) {
      if (size === this.capacity) this.#become(Math.max(64, Math.ceil(size * GROWTH)), size)
      return
    }
    if (this.#next === null) {
      if (size < this.capacity * GROWS_AT) return
      this.#next = { arrays: {}, capacity: Math.ceil(this.capacity * GROWTH), moved: 0 }
    }
    if (size === this.capacity) this.#switch(size)
    else if (size % MADE_EVERY !== 0) return
    else if (this.#make(this.#next, 1) && size % MOVED_EVERY === 0) this.#move(size, MOVED_ROWS)
  }

  /** Room for so many rows, made at once: for a table that is about to be filled. */
  reserve(rows: number, used = 0): void {
    if (rows > this.capacity) this.#become(rows, used)
  }

  /** Say so before a row is changed (TB2). */
  changing(row: number): void {
    for (let i = 0; i < this.#cuts.length; i++) (this.#cuts[i] as TableCut).keep(row)
  }

  /** Say so when a row was changed (TB1). */
  changed(row: number): void {
    const next = this.#next
    if (next === null || row >= next.moved) return
    const arrays: Arrays = this.columns
    for (const name of this.#names)
      arrayOf(next.arrays, name)[row] = arrayOf(arrays, name)[row] ?? 0
  }

  /** Sets a whole column to zero. */
  clear(name: keyof T & string): void {
    this.columns = { ...this.columns, [name]: this.#array(name, this.capacity) }
    if (this.#next !== null) this.#next.arrays[name] = this.#array(name, this.#next.capacity)
  }

  /** The first `size` rows as they are now; to be closed when it was read. */
  cut(size: number): TableCut {
    const cut = new TableCut({ ...this.columns }, size, () => {
      this.#cuts = this.#cuts.filter((other) => other !== cut)
    })
    this.#cuts = [...this.#cuts, cut]
    return cut
  }

  /** Fills `rows` rows from `from` on; a column that is absent stays at its zero. */
  fill(from: number, rows: number, bytes: ColumnBytes): void {
    const arrays: Arrays = this.columns
    for (const name of this.#names) {
      const some = bytes[name]
      if (some === undefined) continue
      const array = arrayOf(arrays, name)
      new Uint8Array(array.buffer).set(some, from * array.BYTES_PER_ELEMENT)
      // One value stands for as many rows as there are.
      if (some.length === array.BYTES_PER_ELEMENT) array.fill(array[from] ?? 0, from, from + rows)
    }
  }

  #become(capacity: number, size: number): void {
    this.#next = { arrays: {}, capacity, moved: 0 }
    this.#switch(size)
  }

  /** Makes some of the columns that are missing, for each is much to make; whether none is. */
  #make(next: Next, columns: number): boolean {
    let left = columns
    for (const name of this.#names) {
      if (next.arrays[name] !== undefined) continue
      if (left-- === 0) return false
      next.arrays[name] = this.#array(name, next.capacity)
    }
    return true
  }

  #array(name: string, capacity: number): InstanceType<ArrayType> {
    const type = this.#types[name] as ArrayType // It is a name of ours.
    return new type(capacity)
  }

  #switch(size: number): void {
    if (this.#next === null) return
    this.#make(this.#next, this.#names.length)
    this.#move(size, size)
    this.columns = columnsOf<T>(this.#next.arrays)
    this.capacity = this.#next.capacity
    this.#next = null
  }

  #move(size: number, rows: number): void {
    const next = this.#next
    if (next === null) return
    const to = Math.min(size, next.moved + rows)
    const arrays: Arrays = this.columns
    for (const name of this.#names) {
      arrayOf(next.arrays, name).set(arrayOf(arrays, name).subarray(next.moved, to), next.moved)
    }
    next.moved = to
  }
}

/** Arrays that were allocated by these types. */
function columnsOf<T extends ColumnTypes>(arrays: Arrays): Columns<T> {
  return arrays as Columns<T> // Every name of the types was given its own array type.
}

function arrayOf(arrays: Arrays, name: string): InstanceType<ArrayType> {
  return arrays[name] as InstanceType<ArrayType> // Names are those of the types.
}
