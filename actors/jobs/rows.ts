// Rows: a file of leads, read. The file's own bytes say which format it has, for names and content
// types are guesses of whoever sent it.

import { InputError } from '../protocol/errors.ts'
import type { ByteSource } from '../runtime/sealed-stream.ts'
import type { Row, Rows } from './row.ts'
import { csvRows } from './rows-csv.ts'
import { xlsxRows } from './rows-xlsx.ts'

const ZIP = [0x50, 0x4b]
/** Compound File Binary: Excel before 2007, and newer workbooks behind a password. */
const COMPOUND = [0xd0, 0xcf, 0x11, 0xe0]
const UTF16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
]

/**
 * The rows of a CSV or XLSX file. Throws InputError for a file that cannot be read: at once where
 * the first bytes tell, else from the iterator, at the line that is at fault. `signal` also ends the
 * reading of a workbook, which may take seconds before its first row.
 */
export async function readRows(bytes: ByteSource, signal?: AbortSignal): Promise<Rows> {
  const source = bytes[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  try {
    while (start.length < COMPOUND.length) {
      const next = await source.next()
      if (next.done) break
      start = Buffer.concat([start, next.value])
    }
    const whole = behind(start, source)
    return formatOf(start) === 'xlsx' ? xlsxRows(whole, signal) : csvRows(whole)
  } catch (error) {
    await source.return?.()
    throw error
  }
}

/** Rows one by one, where there are few. */
export async function* singly(rows: Rows): AsyncGenerator<Row> {
  for await (const block of rows) yield* block
}

/** Which format a file's first bytes are; throws InputError for one that is refused. */
export function formatOf(start: Uint8Array): 'csv' | 'xlsx' {
  const begins = (magic: readonly number[]) => magic.every((byte, i) => start[i] === byte)
  if (begins(COMPOUND)) {
    throw new InputError(
      'XLS_UNSUPPORTED',
      'file is an old Excel workbook (.xls) or has a password: save as .xlsx or .csv, without a password',
    )
  }
  if (UTF16.some(begins)) {
    throw new InputError('NOT_UTF8', 'file is UTF-16: save it as "CSV UTF-8" or as .xlsx')
  }
  return begins(ZIP) ? 'xlsx' : 'csv'
}

async function* behind(
  start: Buffer,
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
  } finally {
    await source.return?.()
  }
}
