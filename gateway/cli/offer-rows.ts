// Offer rows: a file of offers, one a row, as `offer.batch` takes them. Columns named like an
// offer's own fields are those, every other column is a field the offer overrides.

import { open } from 'node:fs/promises'
import type { Row } from '../../actors/jobs/row.ts'
import { readRows, singly } from '../../actors/jobs/rows.ts'
import { EngineError } from '../../actors/protocol/errors.ts'

const NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,10})?$/
/** Columns of an offer itself, and how their cells are read. */
const OWN: { readonly [column: string]: 'text' | 'number' } = {
  offer_id: 'text',
  key: 'text',
  starts_at: 'text',
  ends_at: 'text',
  zone: 'text',
  qty_total: 'number',
  priority: 'number',
}
const SCOPE: typeof OWN = { warehouse: 'text', customer_id: 'number', campaign_id: 'number' }
/** What a column may be called as well. */
const ALIASES: { readonly [column: string]: string } = { qty: 'qty_total', timezone: 'zone' }

export interface RowOffer {
  /** Where it stands in the file, from 1. */
  line: number
  offer: { [field: string]: unknown }
}

/** The offers of a CSV or XLSX; `given` are fields for rows that do not say them. */
export async function readOffers(file: string, given: object, max: number): Promise<RowOffer[]> {
  let header: readonly string[] | null = null
  const offers: RowOffer[] = []
  for await (const row of singly(await readRows(await bytesOf(file)))) {
    if (row.fault !== undefined) throw broken(file, row.line, row.fault)
    if (header === null) {
      header = headerOf(file, row)
      continue
    }
    if (row.cells.every((cell) => cell.trim() === '')) continue
    if (row.cells.slice(header.length).some((cell) => cell.trim() !== '')) {
      throw broken(file, row.line, 'has more cells than the header: quote texts with a separator')
    }
    if (offers.length === max) throw broken(file, row.line, `a batch holds at most ${max} offers`)
    offers.push({ line: row.line, offer: { ...given, ...offerOf(header, row.cells) } })
  }
  if (offers.length > 0) return offers
  throw new EngineError('COLUMNS', `${file} holds no offers: a header and a row for each`)
}

function headerOf(file: string, { line, cells }: Row): string[] {
  const names = cells.map((cell) => ALIASES[cell.trim()] ?? cell.trim())
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i)
  if (twice !== undefined) throw broken(file, line, `column ${twice} comes twice`)
  if (names.includes('key')) return names
  throw new EngineError('COLUMNS', `${file}: no column "key": the first row names the columns`)
}

function offerOf(header: readonly string[], cells: readonly string[]): RowOffer['offer'] {
  const offer: RowOffer['offer'] = {}
  const scope: RowOffer['offer'] = {}
  const fields: RowOffer['offer'] = {}
  for (const [i, name] of header.entries()) {
    const cell = cells[i]?.trim() ?? ''
    if (name === '' || cell === '') continue // An empty cell says nothing.
    // A number that is none stays a text, so that whoever checks it can name it.
    const value = NUMBER.test(cell) ? Number(cell) : cell
    if (OWN[name] !== undefined) offer[name] = OWN[name] === 'text' ? cell : value
    else if (SCOPE[name] !== undefined) scope[name] = SCOPE[name] === 'text' ? cell : value
    else fields[name] = value
  }
  return { ...offer, scope, fields }
}

async function bytesOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  try {
    return (await open(file)).createReadStream()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new EngineError('NO_FILE', `${file} cannot be read: ${why}`)
  }
}

function broken(file: string, line: number, why: string): EngineError {
  return new EngineError('REFUSED', `${file}:${line}: ${why}`)
}
