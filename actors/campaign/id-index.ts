// Id index: lead id → row, by open addressing over row numbers. Eight bytes a lead at the most,
// where a Map would take fifty.

const EMPTY = -1

export class IdIndex {
  readonly #idOf: (row: number) => number
  #slots = new Int32Array(16).fill(EMPTY)
  #size = 0

  constructor(idOf: (row: number) => number) {
    this.#idOf = idOf
  }

  get(id: number): number | undefined {
    const row = this.#slots[this.#slot(id)] as number
    return row === EMPTY ? undefined : row
  }

  /** Adds a row under its id, which must not be there yet. */
  add(row: number): void {
    if ((this.#size + 1) * 4 > this.#slots.length * 3) this.#grow()
    this.#slots[this.#slot(this.#idOf(row))] = row
    this.#size++
  }

  #slot(id: number): number {
    const mask = this.#slots.length - 1
    // Ids are dense or strided; Fibonacci hashing of both halves spreads either.
    let hash = Math.imul(id >>> 0, 0x9e3779b1) ^ Math.imul(Math.floor(id / 2 ** 32), 0x85ebca6b)
    hash ^= hash >>> 15
    let slot = hash & mask
    for (;;) {
      const row = this.#slots[slot] as number
      if (row === EMPTY || this.#idOf(row) === id) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2).fill(EMPTY)
    for (const row of old) if (row !== EMPTY) this.#slots[this.#slot(this.#idOf(row))] = row
  }
}
