// Id index: lead id → row, by open addressing over row numbers. Eight bytes a lead at the most,
// where a Map would take fifty.
//
// It doubles without a pause: what stood in the table before moves to the new one a few slots with
// every row that is added, and until all has moved both are asked.

/** Slots hold a row's number plus one: a new table is all free without being written to. */
const FREE = 0
/** Slots moved with each row that is added: all have moved long before the next doubling. */
const MOVED_SLOTS = 4

export class IdIndex {
  readonly #idOf: (row: number) => number
  #slots = new Int32Array(16)
  /** The table before, and how many of its slots have moved. */
  #old: Int32Array | null = null
  #moved = 0
  #size = 0

  constructor(idOf: (row: number) => number) {
    this.#idOf = idOf
  }

  get(id: number): number | undefined {
    let held = this.#slots[this.#slot(this.#slots, id)] as number
    if (held === FREE && this.#old !== null) held = this.#old[this.#slot(this.#old, id)] as number
    return held === FREE ? undefined : held - 1
  }

  /** Adds a row under its id, which must not be there yet. */
  add(row: number): void {
    if ((this.#size + 1) * 4 > this.#slots.length * 3) this.#double()
    if (this.#old !== null) this.#move(this.#old, MOVED_SLOTS)
    this.#slots[this.#slot(this.#slots, this.#idOf(row))] = row + 1
    this.#size++
  }

  /** Room for so many rows; it must be empty still. */
  reserve(rows: number): void {
    let slots = this.#slots.length
    while (rows * 4 > slots * 3) slots *= 2
    if (slots > this.#slots.length) this.#slots = new Int32Array(slots)
  }

  #slot(slots: Int32Array, id: number): number {
    const mask = slots.length - 1
    // Ids are dense or strided; Fibonacci hashing of both halves spreads either.
    let hash = Math.imul(id >>> 0, 0x9e3779b1) ^ Math.imul(Math.floor(id / 2 ** 32), 0x85ebca6b)
    hash ^= hash >>> 15
    let slot = hash & mask
    for (;;) {
      const held = slots[slot] as number
      if (held === FREE || this.#idOf(held - 1) === id) return slot
      slot = (slot + 1) & mask
    }
  }

  #double(): void {
    if (this.#old !== null) this.#move(this.#old, this.#old.length)
    this.#old = this.#slots
    this.#moved = 0
    this.#slots = new Int32Array(this.#old.length * 2)
  }

  /** What has moved stays in the old table too, so that its chains hold. */
  #move(old: Int32Array, slots: number): void {
    const end = Math.min(old.length, this.#moved + slots)
    for (; this.#moved < end; this.#moved++) {
      const held = old[this.#moved] as number
      if (held !== FREE) this.#slots[this.#slot(this.#slots, this.#idOf(held - 1))] = held
    }
    if (end === old.length) this.#old = null
  }
}
