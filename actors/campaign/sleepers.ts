// Sleepers: the rows that may not be called before an instant, by that instant.
//
//   SL1. Taking a row out costs no search: its entry in the heap stays, and means nothing when its
//        time comes. Before such entries outnumber the rows they are swept out.

import { MinHeap } from './min-heap.ts'

/** Entries without meaning that the heap may hold whatever its size. */
const SWEEP_ABOVE = 1024

/** What decides whether an entry still means something. */
export interface Sleep {
  isAsleep(row: number): boolean
  /** When a row that sleeps is to wake, ms since 1970. */
  wakesAt(row: number): number
}

export class Sleepers {
  readonly #heap = new MinHeap()
  readonly #sleep: Sleep
  /** Rows that sleep. */
  count = 0

  constructor(sleep: Sleep) {
    this.#sleep = sleep
  }

  /** A row that `isAsleep` from now on, of `rows` there are. */
  add(row: number, rows: number): void {
    this.#heap.push(this.#sleep.wakesAt(row), row)
    this.count++
    if (this.#heap.size > 2 * this.count + SWEEP_ABOVE) this.#sweep(rows)
  }

  /** A row sleeps no longer. */
  remove(): void {
    this.count--
  }

  /** When the next one wakes, Infinity when none sleeps. */
  next(): number {
    while (this.#heap.size > 0) {
      const time = this.#heap.peek()
      const row = this.#heap.peekRow()
      if (this.#sleep.isAsleep(row) && this.#sleep.wakesAt(row) === time) return time
      this.#heap.pop()
    }
    return Number.POSITIVE_INFINITY
  }

  /** A row whose time has come; it is to be taken out before it is asked again. */
  due(now: number): number | undefined {
    return this.#heap.peek() <= now && this.next() <= now ? this.#heap.peekRow() : undefined
  }

  #sweep(rows: number): void {
    this.#heap.clear()
    for (let row = 0; row < rows; row++) {
      if (this.#sleep.isAsleep(row)) this.#heap.append(this.#sleep.wakesAt(row), row)
    }
    this.#heap.order()
  }
}
