// Contact index: a contact's leads in one campaign. Slots by open addressing with the contact beside
// them, and from each a chain through its rows: some twenty bytes a lead, whatever leads share.

import type { ContactId } from '../protocol/contact.ts'

const NONE = -1

export class ContactIndex {
  #contacts = new Float64Array(16)
  /** The first row of a slot's chain. */
  #first = new Int32Array(16).fill(NONE)
  /** The row behind a row. */
  #next = new Int32Array(64).fill(NONE)
  /** Slots in use, also by contacts that have lost all their rows. */
  #used = 0

  add(contact: ContactId, row: number): void {
    if ((this.#used + 1) * 4 > this.#first.length * 3) this.#grow()
    if (row >= this.#next.length) this.#next = widened(this.#next, Math.max(row + 1, 2 * row))
    const slot = this.#slot(contact)
    if (this.#contacts[slot] === 0) {
      this.#contacts[slot] = contact
      this.#used++
    }
    this.#next[row] = this.#first[slot] as number
    this.#first[slot] = row
  }

  remove(contact: ContactId, row: number): void {
    const slot = this.#slot(contact)
    const after = this.#next[row] as number
    if (this.#first[slot] === row) {
      this.#first[slot] = after
      return
    }
    for (let at = this.#first[slot] as number; at !== NONE; at = this.#next[at] as number) {
      if (this.#next[at] === row) this.#next[at] = after
    }
  }

  /** The contact's rows, at most `most` of them, newest first. */
  rows(contact: ContactId, most: number): number[] {
    const rows: number[] = []
    let row = this.#first[this.#slot(contact)] as number
    for (; row !== NONE && rows.length < most; row = this.#next[row] as number) rows.push(row)
    return rows
  }

  #slot(contact: number): number {
    const mask = this.#contacts.length - 1
    // Keyed hashes are random in all their bits: the low ones will do.
    let slot = (Math.abs(contact) % 2 ** 31) & mask
    while (this.#contacts[slot] !== 0 && this.#contacts[slot] !== contact) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [contacts, first] = [this.#contacts, this.#first]
    this.#contacts = new Float64Array(contacts.length * 2)
    this.#first = new Int32Array(contacts.length * 2).fill(NONE)
    this.#used = 0
    for (let slot = 0; slot < contacts.length; slot++) {
      const [contact, row] = [contacts[slot] as number, first[slot] as number]
      if (contact === 0 || row === NONE) continue
      const place = this.#slot(contact)
      this.#contacts[place] = contact
      this.#first[place] = row
      this.#used++
    }
  }
}

function widened(rows: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(length).fill(NONE)
  wider.set(rows)
  return wider
}
