// Row: what a file of leads is read into, whichever format it has.

/** One row; the first one that is not blank is the header. */
export interface Row {
  /** Where the row begins in the file, from 1: the line of a CSV, the row of a sheet. */
  line: number
  /** As texts, also numbers and dates of a sheet, so that both formats make the same leads. */
  cells: readonly string[]
  /** Set when the row could not be read; it has no cells then. */
  fault?: string
}

/**
 * Rows of a file, some at a time, all of which are to be taken before the next: an await for each row
 * costs as much as reading it.
 */
export type Rows = AsyncIterable<Iterable<Row>>

/** The most columns a file may have. */
export const COLUMNS_MAX = 200
/** The longest row, bytes. */
export const ROW_BYTES_MAX = 64 * 1024
