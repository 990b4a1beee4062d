// Leads image: leads as a snapshot holds them, in blocks of rows that are copied one at a time.
//
//   LI1. Equal leads give equal blocks. What their handles of sealed blobs are depends on what was
//        replaced before, so the blobs themselves stand in the block, in order of rows.
//   LI2. Texts are given codes in order of first sight, so that the dictionaries of a cut are the
//        first texts of what they are later.

import type { Leads } from './leads.ts'
import type { Arrays } from './table.ts'
import { bytesOf, type ColumnBytes, type TableCut } from './table-cut.ts'

/** A stretch of rows. */
export interface RowsImage {
  rows: number
  columns: ColumnBytes
  /** Lengths and bytes of the sealed blobs, phone then account number, in order of rows. */
  sealed: Uint8Array
}

/** All leads at once, as snapshots before 0.4 hold them. */
export interface LeadsImage {
  size: number
  columns: ColumnBytes
  cities: readonly string[]
  sources: readonly string[]
  stages: readonly string[]
  timezones: readonly string[]
  attributes: readonly string[]
  sealed: Uint8Array
}

/** Columns that hold handles of blobs. */
const HANDLES = ['phone', 'accountNo'] as const
const LENGTH_BYTES = 2

/** The next rows of a cut, copied now. */
export function readRows(leads: Leads, cut: TableCut, rows: number): RowsImage {
  const block = cut.read(rows)
  return {
    rows: block.id?.length ?? 0,
    columns: bytesOf(block, HANDLES),
    sealed: sealedOf(leads, block),
  }
}

/** Adds the rows of an image behind those that are there. */
export function loadRows(leads: Leads, { rows, columns, sealed }: RowsImage): void {
  const from = leads.size
  leads.load(rows, columns)
  const { phone, accountNo } = leads.columns
  let at = 0
  const next = () => {
    const length = ((sealed[at] as number) << 8) | (sealed[at + 1] as number)
    const blob = sealed.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length)
    at += LENGTH_BYTES + length
    return length === 0 ? 0 : leads.blobs.add(blob)
  }
  for (let row = from; row < leads.size; row++) {
    phone[row] = next()
    accountNo[row] = next()
  }
}

function sealedOf({ blobs }: Leads, { phone, accountNo }: Arrays): Uint8Array {
  if (phone === undefined || accountNo === undefined) return new Uint8Array()
  let bytes = 0
  for (let i = 0; i < phone.length; i++) {
    bytes += blobs.length(phone[i] ?? 0) + blobs.length(accountNo[i] ?? 0) + 2 * LENGTH_BYTES
  }
  const sealed = new Uint8Array(bytes)
  let at = 0
  for (let i = 0; i < phone.length; i++) {
    at = blobs.copy(phone[i] ?? 0, sealed, at)
    at = blobs.copy(accountNo[i] ?? 0, sealed, at)
  }
  return sealed
}
