// Allocation table: who each lead of a campaign is allocated to, as rows of typed arrays beside the
// leads'. Nothing is held before the first allocation; a million take some 40 MB.

import type { ContractorId } from '../protocol/ids.ts'
import { Dictionary } from './dictionary.ts'
import { Table } from './table.ts'
import type { ColumnBytes, TableCut } from './table-cut.ts'

const COLUMNS = {
  /** 0: to nobody; all other columns mean nothing then, and are zero. */
  contractor: Float64Array,
  /** When it was given. */
  since: Float64Array,
  /** NaN: none. */
  deadline: Float64Array,
  /** The first attempt since then, NaN before it. */
  firstAt: Float64Array,
  /** 1 once `lead.deadline_missed` was journalled. */
  told: Uint8Array,
  /** The list it came with, 0: none. */
  list: Uint32Array,
} as const

type ColumnName = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as ColumnName[]
const ROWS_MIN = 64
const GROWTH = 1.5

/** All of them at once, as snapshots before 0.4 hold them. */
export interface TableImage {
  columns: ColumnBytes
  lists: readonly string[]
}

/** What is known of one allocation; times in milliseconds. */
export interface Allocation {
  contractor: ContractorId
  since: number
  deadline: number | null
  firstAt: number | null
  told: boolean
  list: string | null
}

export class AllocationTable {
  lists = new Dictionary()
  readonly #table = new Table(COLUMNS, 0)

  get #columns() {
    return this.#table.columns
  }

  /** Null where the row is allocated to nobody. */
  contractor(row: number): ContractorId | null {
    const contractor = this.#columns.contractor[row] ?? 0
    return contractor === 0 ? null : (contractor as ContractorId) // Nothing else is written there.
  }

  /** The deadline that is still to be kept: null where there is none, or an attempt was made. */
  openDeadline(row: number): number | null {
    const { deadline, firstAt } = this.#columns
    return Number.isNaN(firstAt[row]) ? orNull(deadline[row]) : null
  }

  of(row: number): Allocation | null {
    const contractor = this.contractor(row)
    if (contractor === null) return null
    const { since, deadline, firstAt, told, list } = this.#columns
    return {
      contractor,
      since: since[row] as number,
      deadline: orNull(deadline[row]),
      firstAt: orNull(firstAt[row]),
      told: told[row] === 1,
      list: this.lists.text(list[row] as number),
    }
  }

  set(row: number, allocation: Allocation): void {
    this.#reserve(row + 1)
    const { contractor, since, deadline, firstAt, told, list } = this.#columns
    contractor[row] = allocation.contractor
    since[row] = allocation.since
    deadline[row] = allocation.deadline ?? Number.NaN
    firstAt[row] = allocation.firstAt ?? Number.NaN
    told[row] = allocation.told ? 1 : 0
    list[row] = this.lists.code(allocation.list)
  }

  clear(row: number): void {
    if (this.contractor(row) === null) return
    for (const name of NAMES) this.#columns[name][row] = 0
  }

  /** The rows from 0 up to here hold every allocation there is. */
  end(): number {
    const { contractor } = this.#columns
    let end = contractor.length
    while (end > 0 && contractor[end - 1] === 0) end--
    return end
  }

  /** Say so before a row's allocation changes. */
  changing(row: number): void {
    this.#table.changing(row)
  }

  /** The allocations as they are now, to be read in blocks. */
  cut(): TableCut {
    return this.#table.cut(this.end())
  }

  /** Fills rows from `from` on. */
  load(from: number, rows: number, columns: ColumnBytes): void {
    this.#reserve(from + rows)
    this.#table.fill(from, rows, columns)
  }

  #reserve(rows: number): void {
    const { capacity } = this.#table
    if (rows > capacity) {
      this.#table.reserve(Math.max(ROWS_MIN, Math.ceil(rows * GROWTH)), capacity)
    }
  }
}

function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value
}
