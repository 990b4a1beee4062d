// Payments: those a campaign has booked, by the payer's own id, so that each counts once. The oldest
// are forgotten beyond a bound.

import type { LeadPaid } from '../protocol/events.ts'
import { cutOfMap, type ListCut } from './list-cut.ts'

const KEPT_MAX = 100_000

export type PaymentsImage = [id: string, amount: number, rows: number[]][]

/** A payment, and the rows it was booked on. */
interface Known {
  readonly amount: number
  readonly rows: readonly number[]
}

export class Payments {
  readonly #known = new Map<string, Known>()

  get size(): number {
    return this.#known.size
  }

  has(id: string): boolean {
    return this.#known.has(id)
  }

  /** Whether it was booked on a row: of an account a lead may have come later. */
  isOn(id: string, row: number): boolean {
    return this.#known.get(id)?.rows.includes(row) === true
  }

  /** Whether a payment under this id was another one: of another sum, or of other leads. */
  conflicts(id: string, amount: number, rows: readonly number[]): boolean {
    const known = this.#known.get(id)
    if (known === undefined) return false
    return known.amount !== amount || !rows.some((row) => known.rows.includes(row))
  }

  booked(row: number, { payment_id, amount }: LeadPaid): void {
    const rows = this.#known.get(payment_id)?.rows ?? []
    this.#known.set(payment_id, { amount, rows: [...rows, row] })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT_MAX) break
      this.#known.delete(oldest)
    }
  }

  cut(): ListCut<PaymentsImage[number]> {
    return cutOfMap(this.#known, (id, { amount, rows }) => [id, amount, [...rows]])
  }

  load(image: readonly PaymentsImage[number][]): void {
    for (const [id, amount, rows] of image) this.#known.set(id, { amount, rows })
  }
}
