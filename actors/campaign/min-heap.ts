// Min-heap of (time, row): what sleeps until then. Removal is lazy: whoever pops an entry checks
// that it still means something, so that waking costs no search.

export class MinHeap {
  #times = new Float64Array(16)
  #rows = new Int32Array(16)
  size = 0

  push(time: number, row: number): void {
    if (this.size === this.#times.length) this.#grow()
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if ((this.#times[parent] as number) <= time) break
      this.#times[at] = this.#times[parent] as number
      this.#rows[at] = this.#rows[parent] as number
      at = parent
    }
    this.#times[at] = time
    this.#rows[at] = row
  }

  clear(): void {
    this.size = 0
  }

  /** Adds an entry without its place: `order` before anything is asked. */
  append(time: number, row: number): void {
    if (this.size === this.#times.length) this.#grow()
    this.#times[this.size] = time
    this.#rows[this.size++] = row
  }

  /** Puts what was appended in its place, in linear time. */
  order(): void {
    for (let at = (this.size >>> 1) - 1; at >= 0; at--) {
      this.#sink(at, this.#times[at] as number, this.#rows[at] as number)
    }
  }

  /** The earliest time, Infinity when empty. */
  peek(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number)
  }

  /** The row with the earliest time. */
  peekRow(): number {
    return this.#rows[0] as number
  }

  pop(): void {
    this.size--
    this.#sink(0, this.#times[this.size] as number, this.#rows[this.size] as number)
  }

  #sink(from: number, time: number, row: number): void {
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.size) break
      if (
        child + 1 < this.size &&
        (this.#times[child + 1] as number) < (this.#times[child] as number)
      ) {
        child++
      }
      if ((this.#times[child] as number) >= time) break
      this.#times[at] = this.#times[child] as number
      this.#rows[at] = this.#rows[child] as number
      at = child
    }
    this.#times[at] = time
    this.#rows[at] = row
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2)
    const rows = new Int32Array(times.length)
    times.set(this.#times)
    rows.set(this.#rows)
    this.#times = times
    this.#rows = rows
  }
}
