// Row reader: makes a lead of a row's cells, as the mapping was settled.
//
//   W1. An empty cell says nothing about its field, which then keeps what it was.
//   W2. Cells are personal: a reason names the field and the rule, never the value.

import { createHash } from 'node:crypto'
import type { Fault } from '../protocol/schema.ts'

/** A lead before `parseLead`: names as in the contract. */
export type RawLead = { [field: string]: unknown }
/** Ids given beside the file, for rows that say none. */
export interface Given {
  customer_id?: number | undefined
  campaign_id?: number | undefined
}

export interface RowReader {
  /** Such as columns nobody asked for. */
  warnings: string[]
  read(cells: readonly string[]): { ok: true; value: RawLead } | { ok: false; fault: Fault }
}

export type Value = string | number | null

/** How one field is made of a row. */
export interface Step {
  field: string
  /** Set when the field is one entry of `attributes`. */
  attribute: string | null
  column: number
  kind: 'text' | 'integer' | 'attribute' | 'hash' | 'const'
  map: Map<string, Value> | null
  value: Value
}

const NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/

/**
 * A stable positive integer of 53 bits for any text, the first of its SHA-256. Of a million texts
 * two share one with a chance of 1 in 18,000.
 */
export function hashId(text: string): number {
  const bits = createHash('sha256').update(text).digest().readBigUInt64BE() >> 11n
  return Number(bits) || 1
}

/** The lead of a row, not yet checked, or the first fault. */
export function readRow(
  cells: readonly string[],
  steps: readonly Step[],
  given: Given,
  width: number,
): ReturnType<RowReader['read']> {
  if (cells.length > width && cells.slice(width).some((cell) => cell.trim() !== '')) {
    return refused('', 'has more cells than the header: quote texts that hold the separator')
  }
  const lead: RawLead = {}
  const attributes: RawLead = {}
  let some = false
  for (const step of steps) {
    const value = valueFor(step, cells)
    if (value === undefined) continue
    if (typeof value === 'object' && value !== null) return { ok: false, fault: value }
    if (step.attribute === null) lead[step.field] = value
    else if (value !== null) {
      attributes[step.attribute] = value
      some = true
    }
  }
  if (some) lead.attributes = attributes
  if (given.campaign_id !== undefined) lead.campaign_id ??= given.campaign_id
  if (given.customer_id !== undefined) lead.customer_id ??= given.customer_id
  if (lead.id === undefined) return refused('/id', 'is empty: every lead needs one')
  if (lead.campaign_id === undefined) {
    return refused('/campaign_id', 'is empty: fill it, or give it beside the file')
  }
  return { ok: true, value: lead }
}

function refused(path: string, reason: string): { ok: false; fault: Fault } {
  return { ok: false, fault: { path, reason } }
}

/** What a step makes of a row: a value, nothing for an empty cell, or the fault. */
function valueFor(step: Step, cells: readonly string[]): Value | undefined | Fault {
  if (step.kind === 'const') return step.value
  const text = bare(cells[step.column] ?? '')
  const mapped = step.map?.get(text)
  if (mapped !== undefined) return mapped
  if (text === '') return undefined
  switch (step.kind) {
    case 'hash':
      return hashId(text)
    case 'integer':
      return integer(text, step.field)
    case 'attribute':
      return NUMBER.test(text) ? Number(text) : text
    default:
      return text
  }
}

function integer(text: string, field: string): number | Fault {
  const value = Number(text)
  if (Number.isSafeInteger(value) && isDigits(text)) return value
  const reason = 'must be an integer of at most 16 digits, without separators or decimals'
  return { path: `/${field}`, reason }
}

/** What Number() takes beside digits, such as 1e3, 0x10 and 1.0, is no integer here. */
function isDigits(text: string): boolean {
  for (let i = text.charCodeAt(0) === 0x2d ? 1 : 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x30 || unit > 0x39) return false
  }
  return true
}

/** Without spaces around it and the quote that keeps a spreadsheet from running `+91…` or `=…`. */
function bare(cell: string): string {
  const text = cell.trim()
  return text.charCodeAt(0) === 0x27 && /^'[=+\-@]/.test(text) ? text.slice(1) : text
}
