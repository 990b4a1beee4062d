// XLSX process: reads one workbook from stdin and hands its rows out as they are asked for. Runs
// under a limit of memory and may die of it; see rows-xlsx.

import { buffer } from 'node:stream/consumers'
import { readSheet } from 'read-excel-file/universal'
import { InputError } from '../protocol/errors.ts'
import type { Row } from './row.ts'
import { storedZip } from './stored-zip.ts'
import { inflateEntry, readDirectory } from './zip.ts'

export type FromReader =
  | { type: 'rows'; rows: Row[] }
  | { type: 'end' }
  | { type: 'fault'; code: string; message: string }

const LIMITS = { entries: 200, bytes: 200_000_000, ratio: 100 }
const ROWS_MAX = 200_000
const CELL_CHARS_MAX = 32_767
const ROWS_AT_ONCE = 500

type Cell = string | number | boolean | Date | null

/** The rows of the first sheet, blank ones left out. */
async function readRows(file: Buffer): Promise<Row[]> {
  const sheet = (await readSheet(unpacked(file), {
    trim: false,
    parseNumber: numberText,
  })) as unknown as (Cell[] | null)[] // its types say `typeof Date` where a Date is meant
  if (sheet.length > ROWS_MAX + 1) throw tooManyRows()
  const rows: Row[] = []
  for (const [i, cells] of sheet.entries()) {
    if (cells?.some((cell) => cell !== null)) rows.push(rowOf(i + 1, cells))
    sheet[i] = null // its cells are not needed beside the row's
  }
  return rows
}

function rowOf(line: number, cells: readonly Cell[]): Row {
  const texts = cells.map(textOf)
  if (texts.every((text) => text.length <= CELL_CHARS_MAX)) return { line, cells: texts }
  return { line, cells: [], fault: `has a cell of more than ${CELL_CHARS_MAX} characters` }
}

/**
 * The same workbook with nothing packed in it any more. The reader then has nothing to inflate,
 * and no size to believe that was not checked here.
 */
function unpacked(file: Buffer): ArrayBuffer {
  const entries = readDirectory(file, LIMITS)
  const names = entries.map(({ name }) => name)
  if (names.includes('xl/vbaProject.bin') || names.includes('xl/workbook.bin')) {
    throw new InputError(
      'XLS_UNSUPPORTED',
      'file is a workbook with macros (.xlsm) or a binary one (.xlsb): save as .xlsx or .csv',
    )
  }
  if (!names.includes('xl/workbook.xml')) {
    throw new InputError('XLSX_BROKEN', 'file is no Excel workbook: save as .xlsx or .csv')
  }
  const wanted = entries.filter(({ name }) => /\.xml(\.rels)?$/.test(name))
  return storedZip(wanted, (entry) => {
    const part = inflateEntry(file, entry)
    refuseFarRows(part)
    return part
  })
}

/** One cell in row 900,000,000 makes the reader fill all rows before it; its limits are the net. */
function refuseFarRows(part: Buffer): void {
  for (let at = part.indexOf('<row '); at >= 0; at = part.indexOf('<row ', at + 5)) {
    const number = /\br="(\d+)"/.exec(part.toString('latin1', at, at + 64))?.[1]
    if (Number(number) > ROWS_MAX + 1) throw tooManyRows()
  }
}

function tooManyRows(): InputError {
  return new InputError(
    'XLSX_TOO_LARGE',
    `sheet has more than ${ROWS_MAX} rows: split it, or save it as .csv`,
  )
}

/** As the sheet has it where a double would change it: a long id must not lose its last digits. */
function numberText(text: string): string {
  const value = Number(text)
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? text : String(value)
}

function textOf(cell: Cell): string {
  if (cell === null) return ''
  if (cell instanceof Date) return dateText(cell.getTime())
  if (typeof cell === 'boolean') return cell ? 'TRUE' : 'FALSE'
  return String(cell)
}

/** Sheets keep days as doubles and the reader rounds down: 10:10:10 may come as 10:10:09.999. */
function dateText(ms: number): string {
  const exact = ms % 1000 === 999 ? ms + 1 : ms
  return Number.isNaN(exact) ? '' : new Date(exact).toISOString()
}

function faultOf(error: unknown): FromReader {
  if (error instanceof InputError)
    return { type: 'fault', code: error.code, message: error.message }
  // What the reader says may quote a cell, so its words stay here.
  const message = 'workbook cannot be read: save it again as .xlsx or .csv'
  return { type: 'fault', code: 'XLSX_BROKEN', message }
}

// Read at once: whoever sends the workbook asks only when all of it has left.
const rows = buffer(process.stdin).then(readRows)
rows.catch(() => undefined) // told by the answer
let sent = 0

async function answer(): Promise<FromReader> {
  try {
    const all = await rows
    const next = all.slice(sent, sent + ROWS_AT_ONCE)
    sent += next.length
    return next.length === 0 ? { type: 'end' } : { type: 'rows', rows: next }
  } catch (error) {
    return faultOf(error)
  }
}

// An answer that cannot be made or sent ends this process, which is an answer as well.
process.on('message', async () => process.send?.(await answer()))
process.on('disconnect', () => process.exit())
