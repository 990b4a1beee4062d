// Backtest rows: a file of past leads as outcomes in the order they are to be learnt. Nothing a row
// is given depends on later outcomes; numbers are told apart by tenths of the rows that are only
// learnt, so that the rows to be foretold say nothing about that either.

import { open } from 'node:fs/promises'
import { readRows, singly } from '../../actors/jobs/rows.ts'
import { EngineError, InputError } from '../../actors/protocol/errors.ts'
import { UsageError } from './args.ts'

export interface Wanted {
  outcome: string
  features: readonly string[]
  customer: string | null
  order: string | null
  /** Rows from this share of them on are foretold. */
  testFrom: number
}

export interface PastLead {
  customer: string
  features: Record<string, string>
  converted: boolean
}

export interface PastLeads {
  leads: PastLead[]
  /** The first that is foretold. */
  testFrom: number
}

/** A column of more different numbers than this is a quantity, of fewer a code. */
const CODES_MAX = 20
const TENTHS = 10
/** At least so many rows say where the tenths are. */
const TENTHS_ROWS_MIN = 100
/** Said where the cell is empty: that nothing is known may tell as much as a value. */
const ABSENT = 'absent'

const OUTCOMES: Readonly<Record<string, boolean>> = {
  1: true,
  true: true,
  yes: true,
  0: false,
  false: false,
  no: false,
}

interface Table {
  header: string[]
  rows: { line: number; cells: readonly string[] }[]
}

/** Reads a CSV or XLSX file. Throws UsageError for a column it has not, InputError for what it holds. */
export async function pastLeads(file: string, wanted: Wanted): Promise<PastLeads> {
  const { header, rows } = await tableOf(file)
  const at = (name: string, flag: string): number => columnOf(header, name, flag)
  const outcome = at(wanted.outcome, '--outcome')
  const columns = wanted.features.map((name) => ({ name, column: at(name, '--features') }))
  const customer = wanted.customer === null ? null : at(wanted.customer, '--customer')
  if (wanted.order !== null) sortBy(rows, at(wanted.order, '--order'))
  const testFrom = Math.floor(rows.length * wanted.testFrom)
  const readers = columns.map(({ name, column }) => {
    const cells = rows.map((row) => cellOf(row.cells, column))
    return { name, column, read: readerOf(cells, Math.max(testFrom, TENTHS_ROWS_MIN)) }
  })
  const leads = rows.map(({ line, cells }) => ({
    customer: customer === null ? '' : cellOf(cells, customer),
    features: Object.fromEntries(
      readers.map(({ name, column, read }) => [name, read(cellOf(cells, column))]),
    ),
    converted: outcomeOf(cellOf(cells, outcome), line, wanted.outcome),
  }))
  return { leads, testFrom }
}

async function tableOf(file: string): Promise<Table> {
  let header: string[] | null = null
  const rows: Table['rows'] = []
  for await (const { line, cells, fault } of singly(await readRows(await bytesOf(file)))) {
    if (fault !== undefined) throw new InputError('INVALID', `line ${line}: ${fault}`)
    if (header === null) header = cells.map((cell) => cell.trim())
    else rows.push({ line, cells })
  }
  if (header === null) {
    throw new InputError('COLUMNS', 'file is empty: its first line must hold the column names')
  }
  if (rows.length === 0) {
    throw new InputError('INVALID', 'file has no rows below its column names: nothing to foretell')
  }
  return { header, rows }
}

async function bytesOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    return (await open(file)).createReadStream()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new EngineError('NO_FILE', `${file} cannot be read: ${why}`)
  }
}

function columnOf(header: readonly string[], name: string, flag: string): number {
  const column = header.indexOf(name)
  if (column >= 0) return column
  const names = header.filter((known) => known !== '').join(', ')
  throw new UsageError(`${flag}: no column is named ${JSON.stringify(name)}; there are ${names}`)
}

function cellOf(cells: readonly string[], column: number): string {
  return (cells[column] ?? '').trim()
}

function outcomeOf(cell: string, line: number, column: string): boolean {
  const text = cell.toLowerCase()
  const converted = Object.hasOwn(OUTCOMES, text) ? OUTCOMES[text] : undefined
  if (converted !== undefined) return converted
  const value = cell === '' ? 'empty' : JSON.stringify(cell.slice(0, 40))
  throw new InputError(
    'INVALID',
    `line ${line}: ${column} is ${value}: write 1, true or yes for a conversion, 0, false or no for none`,
  )
}

/** By number where every cell is one, else by text; rows that say nothing keep the end. */
function sortBy(rows: Table['rows'], column: number): void {
  const numeric = rows.every(({ cells }) => isNumber(cellOf(cells, column)))
  rows.sort((left, right) => {
    const a = cellOf(left.cells, column)
    const b = cellOf(right.cells, column)
    if (a === '' || b === '') return Number(a === '') - Number(b === '')
    return numeric ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0
  })
}

function isNumber(cell: string): boolean {
  return cell === '' || Number.isFinite(Number(cell))
}

/** How a column's cells are read as values of a feature. */
function readerOf(cells: readonly string[], known: number): (cell: string) => string {
  const quantity = cells.every(isNumber) && new Set(cells).size > CODES_MAX
  if (!quantity) return (cell) => (cell === '' ? ABSENT : cell)
  const seen = cells.slice(0, known).filter((cell) => cell !== '')
  const numbers = seen.map(Number).sort((a, b) => a - b)
  const bounds = Array.from(
    { length: TENTHS - 1 },
    (_, i) => numbers[Math.floor(((i + 1) * numbers.length) / TENTHS)] ?? Number.POSITIVE_INFINITY,
  )
  return (cell) => {
    if (cell === '') return ABSENT
    const tenth = bounds.filter((bound) => bound <= Number(cell)).length
    return `tenth ${tenth + 1}`
  }
}
