// CSV rows: a stream of bytes cut into blocks of whole lines, each parsed at once.
//
//   V1. Every line belongs to a row that is handed out, to a row with a fault, or is blank. A row
//       with bad quotes costs that row only: reading goes on at the line after its first. csv-parse
//       by itself either stops there or swallows lines up to the next quote without a word.
//   V2. Held at most: one block, and a row of ROW_BYTES_MAX that is not complete yet.
//   V3. Reasons name the rule that was broken, never what the file says there.

import { isUtf8 } from 'node:buffer'
import { InputError } from '../protocol/errors.ts'
import type { ByteSource } from '../runtime/sealed-stream.ts'
import { countLines, parseUntilFault, soundRows } from './csv-block.ts'
import { ROW_BYTES_MAX, type Row } from './row.ts'

const BLOCK_BYTES = 128 * 1024
const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22
const BOM = [0xef, 0xbb, 0xbf]
const DELIMITERS = [',', ';', '\t']
const TOO_LONG = `is longer than ${ROW_BYTES_MAX} bytes: is a quote missing before it?`

/** Rows of a CSV in UTF-8; comma, semicolon or tab, whichever its first line holds most of. */
export async function* csvRows(bytes: ByteSource): AsyncGenerator<Iterable<Row>> {
  const blocks = new CsvBlocks()
  let held: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    held.push(chunk)
    length += chunk.length
    if (length < BLOCK_BYTES) continue
    yield blocks.take(Buffer.concat(held), false)
    held = []
    length = 0
  }
  yield blocks.take(Buffer.concat(held), true)
}

class CsvBlocks {
  /** From a row's first byte on: what was not handed out yet. */
  #rest: Buffer = Buffer.alloc(0)
  /** The line `#rest` begins at. */
  #line = 1
  #delimiter: string | null = null
  /** Inside a line that was given up for its length; its fault is out already. */
  #skipping = false

  /** Drops the line that is being skipped; false when its end is not in sight yet. */
  #skipLine(last: boolean): boolean {
    const end = this.#rest.indexOf(LF)
    this.#skipping = end < 0 && !last
    if (end >= 0) this.#line++
    this.#rest = end < 0 ? Buffer.alloc(0) : this.#rest.subarray(end + 1)
    return !this.#skipping
  }

  *take(bytes: Buffer, last: boolean): Generator<Row> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    if (this.#skipping && !this.#skipLine(last)) return
    if (this.#delimiter === null) this.#begin()
    const end = last ? this.#rest.length : this.#rest.lastIndexOf(LF) + 1
    const block = this.#rest.subarray(0, end)
    if (!isUtf8(block)) throw notUtf8(block, this.#line)
    // Without a quote every line is a row and split() is a parser, several times as fast.
    if (block.includes(QUOTE)) yield* this.#quoted(block, last)
    else yield* this.#plain(block)
    if (this.#rest.length > ROW_BYTES_MAX && !this.#rest.includes(LF)) {
      yield { line: this.#line, cells: [], fault: TOO_LONG }
      this.#skipping = true
      this.#skipLine(last)
    }
  }

  /** The first block: no byte order mark, and the delimiter is known from here on. */
  #begin(): void {
    if (BOM.every((byte, i) => this.#rest[i] === byte)) this.#rest = this.#rest.subarray(3)
    const end = this.#rest.indexOf(LF)
    const header = this.#rest.subarray(0, end < 0 ? this.#rest.length : end)
    if (header.length > ROW_BYTES_MAX) {
      throw new InputError('NOT_CSV', `first line ${TOO_LONG} (a CSV has its column names there)`)
    }
    const returns = header.indexOf(CR)
    if (returns >= 0 && returns < header.length - 1) {
      throw new InputError('NOT_CSV', 'lines end with a lone CR: save it as "CSV UTF-8"')
    }
    this.#delimiter = delimiterOf(header.toString())
  }

  *#plain(block: Buffer): Generator<Row> {
    const delimiter = this.#delimiter ?? ','
    const text = block.toString()
    let start = 0
    while (start < text.length) {
      const found = text.indexOf('\n', start)
      const next = found < 0 ? text.length : found + 1
      let end = found < 0 ? text.length : found
      if (text.charCodeAt(end - 1) === CR && end > start) end--
      const line = this.#line
      if (found >= 0) this.#line++
      if (end - start > ROW_BYTES_MAX) yield { line, cells: [], fault: TOO_LONG }
      else if (end > start) yield { line, cells: text.slice(start, end).split(delimiter) }
      start = next
    }
    this.#rest = this.#rest.subarray(block.length)
  }

  *#quoted(block: Buffer, last: boolean): Generator<Row> {
    // Nearly always all is well, and every line a row; to be told more costs half as much again.
    const sound = soundRows(block, this.#delimiter ?? ',')
    if (sound === null) return yield* this.#doubtful(block, last)
    for (const cells of sound) yield rowOf(this.#line++, cells)
    this.#rest = this.#rest.subarray(block.length)
  }

  /** Rows of several lines, blank lines, wrong quotes, or a row that goes on in the next block. */
  *#doubtful(block: Buffer, last: boolean): Generator<Row> {
    let at = 0
    while (at < block.length) {
      const { rows, fault } = parseUntilFault(block.subarray(at), this.#delimiter ?? ',')
      let from = at
      for (const { cells, end } of rows) {
        from = this.#skipBlank(block, from)
        yield rowOf(this.#line, cells)
        this.#line += countLines(block, from, at + end)
        from = at + end
      }
      at = this.#skipBlank(block, from)
      if (fault === null) break
      // A quote may close in the next block, unless the row is too long by then.
      if (fault.open && !last && block.length - at <= ROW_BYTES_MAX) break
      yield { line: this.#line, cells: [], fault: fault.reason }
      at = block.indexOf(LF, at) + 1 || block.length
      this.#line++
    }
    this.#rest = this.#rest.subarray(at)
  }

  #skipBlank(block: Buffer, from: number): number {
    let at = from
    for (;;) {
      const end = block[at] === CR ? at + 1 : at
      if (block[end] !== LF) return at
      this.#line++
      at = end + 1
    }
  }
}

function rowOf(line: number, cells: string[]): Row {
  let length = 0
  for (const cell of cells) length += cell.length
  return length > ROW_BYTES_MAX ? { line, cells: [], fault: TOO_LONG } : { line, cells }
}

function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, '')
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ','
}

function notUtf8(block: Buffer, firstLine: number): InputError {
  let line = firstLine
  let start = 0
  for (;;) {
    const end = block.indexOf(LF, start)
    if (end < 0 || !isUtf8(block.subarray(start, end))) break
    line++
    start = end + 1
  }
  return new InputError('NOT_UTF8', `line ${line}: not UTF-8: save the file as "CSV UTF-8"`)
}
