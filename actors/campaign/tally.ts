// Tally: what each contractor did in this campaign, by the campaign's local day. Folded from its
// events, so that performance is a sum over campaigns and no history has to be read.
//
//   TL1. Only events that name their local day are counted: those from before 0.3 are in no tally,
//        whether they are replayed or lie behind a snapshot.
//   TL2. Five weeks are kept, counted from the newest day, and so many contractors of a day; those
//        beyond are counted together under `OTHERS`, so that sums stay whole.
//   TL3. A promise that was kept, and what was paid on it, is whoever's took the promise. Money that
//        an outcome reports and that is booked as a payment too would count twice: report it once.

import type { Standard } from '../protocol/dispositions.ts'
import type { Event, LeadDisposed, LeadPaid } from '../protocol/events.ts'
import type { ContractorId } from '../protocol/ids.ts'
import {
  addTallied,
  isNothing,
  noneTallied,
  type Tallied,
  type TallyRow,
} from '../protocol/tally.ts'

export const TALLY_DAYS = 35
export const TALLY_CONTRACTORS_MAX = 2000
/** Stands for contractors beyond the bound; no contractor has this id. */
export const OTHERS = 0 as ContractorId

export type TallyImage = [day: number, rows: [contractor: ContractorId, tallied: Tallied][]][]

/** The lease a disposition ended, if there was one. */
export interface Held {
  confirmedAt: number | null
}

export class Tally {
  /** By local day in days since 1970, then by contractor. */
  readonly #days = new Map<number, Map<ContractorId, Tallied>>()

  get size(): number {
    return this.#days.size
  }

  /** Counts an event; `held` is the lease as it was before the event ended it. */
  apply(event: Event, held?: Held): void {
    if (event.type === 'lead.disposed') this.#disposed(event, held)
    else if (event.type === 'lead.paid') this.#paid(event)
  }

  #disposed(event: LeadDisposed, held: Held | undefined): void {
    const { as, day, contractor_id: contractor = null } = event
    if (contractor === null || day === undefined || as === undefined) return
    const row = this.#row(day, contractor)
    if (row === undefined) return
    row.codes[as.code] = (row.codes[as.code] ?? 0) + 1
    if (as.group !== 'not_counted') {
      row.attempts++
      if (event.channel === 'call') row.calls++
    }
    if (as.human) row.connects++
    if (as.rpc) row.rpc++
    if (event.promise !== undefined) {
      row.promises++
      row.promised_amount += event.promise.amount ?? 0
    }
    if (collects(as)) row.collected_amount += event.amount ?? 0
    if (event.channel === 'call' && held !== undefined && held.confirmedAt !== null) {
      row.talk_ms += Math.max(0, event.at - held.confirmedAt)
    }
  }

  #paid({ day, promised_to, amount, kept }: LeadPaid): void {
    if (promised_to == null) return
    const row = this.#row(day, promised_to)
    if (row === undefined) return
    row.collected_amount += amount
    if (kept === undefined) return
    row.kept++
    row.kept_amount += kept.amount ?? amount
  }

  /** Adds what these contractors did from one day to another, both included, to their sums. */
  sum(span: { from: number; to: number }, into: Map<ContractorId, Tallied>): void {
    for (const [day, rows] of this.#days) {
      if (day < span.from || day > span.to) continue
      // Whichever is shorter: who is asked for, or who was at work that day.
      const asked = into.size < rows.size ? into.keys() : rows.keys()
      for (const contractor of asked) {
        const sum = into.get(contractor)
        const row = rows.get(contractor)
        if (sum !== undefined && row !== undefined) addTallied(sum, row)
      }
    }
  }

  /** The row to count in; undefined for a day that is forgotten already. */
  #row(day: number, contractor: ContractorId): Tallied | undefined {
    let rows = this.#days.get(day)
    if (rows === undefined) {
      const newest = Math.max(day, ...this.#days.keys())
      if (day <= newest - TALLY_DAYS) return undefined
      for (const other of this.#days.keys()) {
        if (other <= newest - TALLY_DAYS) this.#days.delete(other)
      }
      rows = new Map()
      this.#days.set(day, rows)
    }
    const known = rows.get(contractor)
    if (known !== undefined) return known
    const counted = rows.size < TALLY_CONTRACTORS_MAX ? contractor : OTHERS
    const row = rows.get(counted) ?? noneTallied()
    rows.set(counted, row)
    return row
  }

  /** A copy that later events do not change. */
  image(): TallyImage {
    return [...this.#days].map(([day, rows]) => [
      day,
      [...rows].map(([contractor, row]) => [contractor, { ...row, codes: { ...row.codes } }]),
    ])
  }

  load(image: TallyImage): void {
    for (const [day, rows] of image) {
      this.#days.set(
        day,
        new Map(rows.map(([contractor, row]) => [contractor, { ...row, codes: { ...row.codes } }])),
      )
    }
  }
}

/** What these contractors did in the span in all of a shard's campaigns; who did nothing is left out. */
export function tallyRows(
  tallies: Iterable<Tally>,
  span: { from: number; to: number },
  contractors: readonly ContractorId[],
): TallyRow[] {
  const sums = new Map(contractors.map((contractor) => [contractor, noneTallied()]))
  for (const tally of tallies) tally.sum(span, sums)
  return [...sums]
    .filter(([, tallied]) => !isNothing(tallied))
    .map(([contractor_id, tallied]) => ({ contractor_id, ...tallied }))
}

/** Whether an outcome's amount is money that came in: the account is resolved, or part of it paid. */
function collects({ group, code }: Standard): boolean {
  return group === 'resolved' || code === 'PPAID'
}
