// Contact index: a contact's leads in one campaign. Slots by open addressing with the contact beside
// them, and from each a chain through its rows: some twenty bytes a lead, whatever leads share.
//
// It doubles without a pause, as the id index does: slots move some at a time, and a contact that is
// asked for moves at once.

import type { ContactId } from '../protocol/contact.ts'

/** Rows are held as their number plus one: what is new is all free without being written to. */
const NONE = 0
/** Slots moved with each row that is added. */
const MOVED_SLOTS = 4

interface Slots {
  contacts: Float64Array
  /** The first row of a slot's chain. */
  first: Int32Array
}

export class ContactIndex {
  #slots: Slots
  /** The slots before, and how many of them have moved. */
  #old: Slots | null = null
  #moved = 0
  /** The row behind a row. */
  #next = new Int32Array(64)
  /** Slots in use, also by contacts that have lost all their rows. */
  #used = 0

  /** `rows`: as many as it will soon hold. */
  constructor(rows = 0) {
    let slots = 16
    while (rows * 4 > slots * 3) slots *= 2
    this.#slots = slotsOf(slots)
  }

  add(contact: ContactId, row: number): void {
    if ((this.#used + 1) * 4 > this.#slots.first.length * 3) this.#double()
    if (this.#old !== null) this.#move(this.#old, MOVED_SLOTS)
    if (row >= this.#next.length) this.#next = widened(this.#next, Math.max(row + 1, 2 * row))
    const slot = this.#slot(contact)
    const { contacts, first } = this.#slots
    if (contacts[slot] === 0) {
      contacts[slot] = contact
      this.#used++
    }
    this.#next[row] = first[slot] as number
    first[slot] = row + 1
  }

  remove(contact: ContactId, row: number): void {
    const slot = this.#slot(contact)
    const { first } = this.#slots
    const after = this.#next[row] as number
    if (first[slot] === row + 1) {
      first[slot] = after
      return
    }
    for (let at = first[slot] as number; at !== NONE; at = this.#next[at - 1] as number) {
      if (this.#next[at - 1] === row + 1) this.#next[at - 1] = after
    }
  }

  /** The contact's rows, at most `most` of them, newest first. */
  rows(contact: ContactId, most: number): number[] {
    const rows: number[] = []
    let at = this.#slots.first[this.#slot(contact)] as number
    for (; at !== NONE && rows.length < most; at = this.#next[at - 1] as number) rows.push(at - 1)
    return rows
  }

  /** The contact's slot, or the free one it would have. */
  #slot(contact: number): number {
    const slot = find(this.#slots, contact)
    if (this.#old !== null && this.#slots.contacts[slot] === 0) {
      this.#bring(this.#old, find(this.#old, contact), slot)
    }
    return slot
  }

  /** Moves one slot, unless it is free. */
  #bring(old: Slots, from: number, to: number): void {
    const contact = old.contacts[from] as number
    const row = old.first[from] as number
    if (contact === 0 || row === NONE) return
    this.#slots.contacts[to] = contact
    this.#slots.first[to] = row
    this.#used++
  }

  #double(): void {
    if (this.#old !== null) this.#move(this.#old, this.#old.first.length)
    this.#old = this.#slots
    this.#moved = 0
    this.#slots = slotsOf(this.#old.first.length * 2)
    this.#used = 0
  }

  /** What has moved is passed over: it may have changed since. */
  #move(old: Slots, slots: number): void {
    const end = Math.min(old.first.length, this.#moved + slots)
    for (; this.#moved < end; this.#moved++) {
      const contact = old.contacts[this.#moved] as number
      if (contact === 0) continue
      const slot = find(this.#slots, contact)
      if (this.#slots.contacts[slot] === 0) this.#bring(old, this.#moved, slot)
    }
    if (end === old.first.length) this.#old = null
  }
}

function slotsOf(count: number): Slots {
  return { contacts: new Float64Array(count), first: new Int32Array(count) }
}

function find({ contacts }: Slots, contact: number): number {
  const mask = contacts.length - 1
  // Keyed hashes are random in all their bits: the low ones will do.
  let slot = (Math.abs(contact) % 2 ** 31) & mask
  while (contacts[slot] !== 0 && contacts[slot] !== contact) slot = (slot + 1) & mask
  return slot
}

function widened(rows: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(length)
  wider.set(rows)
  return wider
}
