// Mapping: which column becomes which field, settled once against the header and then applied to
// every row.
//
//   M1. Whatever is wrong with the mapping or the header is told before the first row is read.
//   M2. Column names are told, but not their long numbers: a file without a header has a person
//       there.

import { z } from 'zod'
import { InputError } from '../protocol/errors.ts'
import { type Mapping, type MappingSource, mappingSchema } from '../protocol/import-job.ts'
import { LEAD_FIELDS, leadSchema } from '../protocol/lead.ts'
import { check, parse, pointer } from '../protocol/schema.ts'
import { COLUMNS_MAX } from './row.ts'
import { type Given, type RowReader, readRow, type Step, type Value } from './row-reader.ts'

const FIELDS: readonly string[] = ['id', 'campaign_id', ...LEAD_FIELDS]
const INTEGERS = new Set([
  'id',
  'campaign_id',
  'customer_id',
  'amount_due',
  'revision',
  'contractor_id',
])
const HASHABLE = /^(id|campaign_id|customer_id|attributes\..+)$/
const ATTRIBUTE = /^attributes\.(.{1,64})$/is
const attributeSchema = z.union(
  [z.string().min(1).max(500), z.number(), z.null()],
  'must be a text or a number',
)

/** Checks a mapping's form; throws InputError with the pointer of its first fault. */
export function parseMapping(value: unknown): Mapping {
  return parse(mappingSchema, value) as Mapping // exactOptional aside, what the schema lets through
}

/** Settles a mapping, or the columns' own names, against the header; throws InputError (M1). */
export function rowReader(
  header: readonly string[],
  mapping: Mapping | null,
  given: Given,
): RowReader {
  if (header.length > COLUMNS_MAX && header.slice(COLUMNS_MAX).some((name) => name.trim() !== '')) {
    throw new InputError('COLUMNS', `file has more than ${COLUMNS_MAX} columns: leave some out`)
  }
  const columns = new Columns(header)
  const steps = Object.entries(mapping ?? named(header)).map(([field, source]) =>
    stepOf(field, source, columns),
  )
  for (const field of ['id', 'campaign_id'] as const) {
    if (steps.some((step) => step.field === field)) continue
    if (field === 'campaign_id' && given.campaign_id !== undefined) continue
    const cure =
      field === 'id' ? 'map a column to it' : 'map a column to it, or give it beside the file'
    throw new InputError(
      'COLUMNS',
      `file has no ${field}: ${cure}; its columns are ${columns.told()}`,
      `/${field}`,
    )
  }
  const unused = columns.unused()
  const warnings = unused === '' ? [] : [`ignored columns nothing is mapped to: ${unused}`]
  return { warnings, read: (cells) => readRow(cells, steps, given, header.length) }
}

/** The header's columns by name, and which of them were asked for. */
class Columns {
  readonly #header: readonly string[]
  readonly #used = new Set<number>()

  constructor(header: readonly string[]) {
    this.#header = header
  }

  /** The column of that name, however it is written; throws when there is none, or two. */
  find(name: string, path: string): number {
    const wanted = plain(name)
    const at = this.#header.findIndex((title) => plain(title) === wanted)
    if (at < 0) {
      throw new InputError(
        'COLUMNS',
        `file has no column ${told(name)}: its columns are ${this.told()}`,
        path,
      )
    }
    if (this.#header.some((title, i) => i > at && plain(title) === wanted)) {
      throw new InputError(
        'COLUMNS',
        `file has two columns ${told(name)}: rename one of them`,
        path,
      )
    }
    this.#used.add(at)
    return at
  }

  told(): string {
    return list(this.#header)
  }

  unused(): string {
    return list(this.#header.filter((_, i) => !this.#used.has(i)))
  }
}

/** Without a mapping a column is what its name says; what is no field of a lead is left alone. */
function named(header: readonly string[]): Mapping {
  const mapping: Mapping = {}
  for (const title of header) {
    const attribute = ATTRIBUTE.exec(title.trim())?.[1]
    if (attribute !== undefined) mapping[`attributes.${attribute}`] = { column: title }
    else if (FIELDS.includes(plain(title)) && plain(title) !== 'attributes') {
      mapping[plain(title)] = { column: title }
    }
  }
  return mapping
}

function stepOf(field: string, source: MappingSource, columns: Columns): Step {
  const at = pointer([field])
  const attribute = ATTRIBUTE.exec(field)?.[1] ?? null
  if (field === 'attributes' || attribute === '__proto__') {
    throw new InputError('INVALID', `${at}: name one attribute, such as attributes.tier`, at)
  }
  const kind = INTEGERS.has(field) ? 'integer' : attribute === null ? 'text' : 'attribute'
  const step: Step = { field, attribute, column: -1, kind, map: null, value: null }
  if ('const' in source) {
    return { ...step, kind: 'const', value: checked(field, source.const, `${at}/const`) }
  }
  if ('hash' in source) {
    if (!HASHABLE.test(field)) {
      throw new InputError(
        'INVALID',
        `${at}/hash: makes integer ids, which ${field} does not hold`,
        `${at}/hash`,
      )
    }
    return { ...step, kind: 'hash', column: columns.find(source.hash, `${at}/hash`) }
  }
  const entries = Object.entries(source.map ?? {})
  for (const [from, to] of entries) checked(field, to, `${at}/map${pointer([from])}`)
  const map = entries.length === 0 ? null : new Map(entries.map(([from, to]) => [from.trim(), to]))
  return { ...step, map, column: columns.find(source.column, `${at}/column`) }
}

/** A value the mapping itself gives, held to its field's schema. */
function checked(field: string, value: Value, at: string): Value {
  const schema = leadSchema.shape[field as keyof typeof leadSchema.shape] ?? attributeSchema
  const result = check<unknown>(schema, value, at)
  if (result.ok) return value
  throw new InputError('INVALID', `${result.fault.path}: ${result.fault.reason}`, result.fault.path)
}

function plain(title: string): string {
  return title.trim().toLowerCase()
}

function list(titles: readonly string[]): string {
  const names = titles.filter((title) => title.trim() !== '')
  const more = names.length > 50 ? ` and ${names.length - 50} more` : ''
  return names.slice(0, 50).map(told).join(', ') + more
}

function told(title: string): string {
  return JSON.stringify(
    title
      .trim()
      .slice(0, 60)
      .replace(/\d{5,}/g, '…'),
  )
}
