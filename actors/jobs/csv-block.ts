// CSV block: csv-parse on a block of whole lines, quickly where all is well, and with every row's
// place where it is not.

import { CsvError, parse } from 'csv-parse/sync'

const LF = 0x0a

const FORM = {
  record_delimiter: ['\r\n', '\n'],
  relax_column_count: true,
  skip_empty_lines: true,
}

export interface Parsed {
  /** `end` is where the row ends in the block, its line end included. */
  rows: { cells: string[]; end: number }[]
  fault: { reason: string; open: boolean } | null
}

/** The rows of a block of which every line is one, else null: a closer look tells why. */
export function soundRows(block: Buffer, delimiter: string): string[][] | null {
  const lines = countLines(block, 0, block.length) + (block.at(-1) === LF ? 0 : 1)
  try {
    const rows: string[][] = parse(block, { ...FORM, delimiter })
    return rows.length === lines ? rows : null
  } catch (error) {
    if (error instanceof CsvError) return null
    throw error
  }
}

/** The rows up to the end, or to the first whose quotes are wrong. */
export function parseUntilFault(block: Buffer, delimiter: string): Parsed {
  const rows: Parsed['rows'] = []
  try {
    parse(block, {
      ...FORM,
      delimiter,
      // What came before an error is lost with it unless it is taken here.
      on_record: (cells: string[], { bytes }) => {
        rows.push({ cells, end: bytes })
        return null
      },
    })
    return { rows, fault: null }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return { rows, fault: quoteFault(error.code) }
  }
}

function quoteFault(code: string): { reason: string; open: boolean } {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return { reason: 'has a quote that is not closed: close it, or double it', open: true }
    case 'CSV_INVALID_CLOSING_QUOTE':
      return { reason: 'has text after a closing quote: double quotes inside a text', open: false }
    case 'INVALID_OPENING_QUOTE':
      return { reason: 'has a quote inside an unquoted text: quote it whole', open: false }
    default:
      return { reason: `is not CSV (${code})`, open: false }
  }
}

/** Line ends in `block` from `from` up to `to`. */
export function countLines(block: Buffer, from: number, to: number): number {
  let lines = 0
  for (let at = block.indexOf(LF, from); at >= 0 && at < to; at = block.indexOf(LF, at + 1)) lines++
  return lines
}
