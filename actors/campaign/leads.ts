// Leads: one campaign's leads as rows of typed arrays. A million leads are some 150 MB this way,
// and 3.5 GB as actors. Rows are in order of acceptance and never move.
//
//   LE1. Whoever changes a row's columns says so before and after (`changing`, `changed`), once for
//        all it does to the row: the table grows and is copied meanwhile (table.ts).

import { type ContactId, contactOf, contactsOf } from '../protocol/contact.ts'
import type { StoredLead } from '../protocol/events.ts'
import type { CustomerId, LeadId } from '../protocol/ids.ts'
import { keyRefOf } from '../protocol/seal.ts'
import { PLANS } from '../protocol/settings.ts'
import { BlobArena } from './blob-arena.ts'
import { ContactBlocks } from './contact-blocks.ts'
import { Dictionary } from './dictionary.ts'
import { IdIndex } from './id-index.ts'
import { leadTypeOf, NEW } from './lead-table.ts'
import { type LeadZones, packZones, unpackZones } from './lead-zones.ts'
import { type Columns, GROWS_AT, Table } from './table.ts'
import type { ColumnBytes } from './table-cut.ts'

/** Every column with its array type; the snapshot writes them in this order. */
const COLUMNS = {
  id: Float64Array,
  /** The lead machine's configuration, see lead-table.ts. */
  config: Uint16Array,
  createdAt: Float64Array,
  lastActivity: Float64Array,
  rescheduledAt: Float64Array,
  /** When it became or becomes due: the start of its present wait. */
  dueAt: Float64Array,
  /** Not offered before; later than `dueAt` only while a skip hides it from all. */
  eligibleAt: Float64Array,
  city: Uint32Array,
  source: Uint32Array,
  stage: Uint32Array,
  timezone: Uint16Array,
  attributes: Uint32Array,
  plan: Uint8Array,
  attempts: Uint16Array,
  /** 1 once its first call was counted on time or late: a call can end without an attempt. */
  called: Uint8Array,
  /** Busy calls of the lead's local day `busyDay` (days since 1970). */
  busyCount: Uint8Array,
  busyDay: Uint32Array,
  amountDue: Float64Array,
  revision: Float64Array,
  phoneHash: Float64Array,
  accountHash: Float64Array,
  /** Handles of the sealed blobs, 0 where there is none. */
  phone: Uint32Array,
  accountNo: Uint32Array,
  /** Which key seals what identifies this person, 0 before anything did. */
  keyRef: Float64Array,
  /** The last award's record number and place, 0 when there was none. */
  awardN: Float64Array,
  awardIndex: Uint16Array,
  /** How the last award ended, see `Closing`. */
  closing: Uint8Array,
  /** Stream sequence of the record with its last event. */
  lastSeq: Float64Array,
  /** Which suppressions bar it, see bars.ts. */
  barred: Uint8Array,
  /** Its last disposition, its last one that is known to mean something, the best of its cycle and
   * the one that stands, see accounts.ts. */
  last: Uint16Array,
  known: Uint16Array,
  best: Uint16Array,
  standing: Uint16Array,
} as const

/** How a lead's last award ended; rows keep the place in this list. */
export const CLOSINGS = [
  'open',
  'lapsed',
  'missed',
  'skipped',
  'disposed',
  'revoked',
  'capped',
  'cooling',
] as const
export type Closing = (typeof CLOSINGS)[number]

export class Leads {
  size = 0
  readonly table = new Table(COLUMNS, 64)
  readonly index = new IdIndex((row) => this.columns.id[row] as number)
  cities = new Dictionary()
  sources = new Dictionary()
  stages = new Dictionary()
  timezones = new Dictionary()
  attributes = new Dictionary()
  /** Who sleeps for a rule on attempts: advice, and in no snapshot. */
  readonly blocks = new ContactBlocks()
  readonly blobs = new BlobArena()

  get columns(): Columns<typeof COLUMNS> {
    return this.table.columns
  }

  row(lead: LeadId): number | undefined {
    return this.index.get(lead)
  }

  id(row: number): LeadId {
    return this.columns.id[row] as LeadId
  }

  /** Say so before a row's columns are changed (LE1). */
  changing(row: number): void {
    this.table.changing(row)
  }

  /** Say so when they were changed (LE1). */
  changed(row: number): void {
    this.table.changed(row)
  }

  /** Adds a lead in the machine's first configuration. */
  add(lead: LeadId, fields: StoredLead): number {
    this.table.extend(this.size)
    const row = this.size++
    this.columns.id[row] = lead
    this.columns.config[row] = NEW
    this.index.add(row)
    this.write(row, fields)
    return row
  }

  /** Writes the fields that are there; what is absent stays. The lead type is the machine's. */
  write(row: number, fields: Partial<StoredLead>): void {
    const c = this.columns
    if (fields.city !== undefined) c.city[row] = this.cities.code(fields.city)
    if (fields.source !== undefined) c.source[row] = this.sources.code(fields.source)
    if (fields.stage !== undefined) c.stage[row] = this.stages.code(fields.stage)
    if (fields.timezone !== undefined || fields.phone_zones !== undefined) {
      const { own, phone } = this.zones(row)
      const { timezone = own, phone_zones = phone } = fields
      c.timezone[row] = this.timezones.code(packZones({ own: timezone, phone: phone_zones }))
    }
    if (fields.attributes !== undefined) {
      c.attributes[row] = this.attributes.code(canonical(fields.attributes))
    }
    if (fields.pricing_plan !== undefined) {
      c.plan[row] = fields.pricing_plan === null ? 0 : PLANS.indexOf(fields.pricing_plan) + 1
    }
    if (fields.created_at !== undefined) c.createdAt[row] = fields.created_at
    if (fields.last_activity !== undefined) c.lastActivity[row] = orNaN(fields.last_activity)
    if (fields.rescheduled_at !== undefined) c.rescheduledAt[row] = orNaN(fields.rescheduled_at)
    if (fields.amount_due !== undefined) c.amountDue[row] = orNaN(fields.amount_due)
    if (fields.revision !== undefined) c.revision[row] = fields.revision
    if (fields.phone_hash !== undefined) c.phoneHash[row] = fields.phone_hash
    if (fields.account_hash !== undefined) c.accountHash[row] = fields.account_hash
    if (fields.phone !== undefined) c.phone[row] = this.#keep(row, fields.phone)
    if (fields.account_no !== undefined) c.accountNo[row] = this.#keep(row, fields.account_no)
  }

  /** A lead's fields as the journal would keep them. */
  read(row: number, customer: CustomerId): StoredLead {
    const c = this.columns
    const zones = this.zones(row)
    return {
      customer_id: customer,
      lead_type: leadTypeOf(c.config[row] as number),
      city: this.cities.text(c.city[row] as number),
      source: this.sources.text(c.source[row] as number),
      last_activity: orNull(c.lastActivity[row] as number),
      stage: this.stages.text(c.stage[row] as number),
      pricing_plan: PLANS[(c.plan[row] as number) - 1] ?? null,
      rescheduled_at: orNull(c.rescheduledAt[row] as number),
      created_at: c.createdAt[row] as number,
      timezone: zones.own,
      phone_zones: zones.phone,
      amount_due: orNull(c.amountDue[row] as number),
      attributes: this.attributesOf(row),
      revision: c.revision[row] as number,
      phone: this.blobs.get(c.phone[row] as number),
      account_no: this.blobs.get(c.accountNo[row] as number),
      phone_hash: c.phoneHash[row] as number,
      account_hash: c.accountHash[row] as number,
    }
  }

  /** Whom a call of the lead reaches; 0 where it has neither phone nor account number. */
  contactOf(row: number): ContactId | 0 {
    const { phoneHash, accountHash } = this.columns
    return contactOf(phoneHash[row] as number, accountHash[row] as number)
  }

  /** Everybody whose word an attempt on the lead needs, whom it reaches first. */
  contactsOf(row: number): ContactId[] {
    const { phoneHash, accountHash } = this.columns
    return contactsOf(phoneHash[row] as number, accountHash[row] as number)
  }

  /** Whether a suppression keeps it out of every queue. */
  isBarred(row: number): boolean {
    return this.columns.barred[row] !== 0
  }

  /** The zones a lead's calling hours go by: its own, else its phone's, else null. */
  zoneOf(row: number): string | null {
    const { own, phone } = this.zones(row)
    return own ?? phone
  }

  zones(row: number): LeadZones {
    return unpackZones(this.timezones.text(this.columns.timezone[row] as number))
  }

  attributesOf(row: number): Record<string, string | number> | null {
    const text = this.attributes.text(this.columns.attributes[row] as number)
    return text === null ? null : (JSON.parse(text) as Record<string, string | number>)
  }

  sealedPhone(row: number): Uint8Array | null {
    return this.blobs.get(this.columns.phone[row] as number)
  }

  sealedAccountNo(row: number): Uint8Array | null {
    return this.blobs.get(this.columns.accountNo[row] as number)
  }

  /** Remembers the key a blob was sealed under, so that all of a lead's blobs share one. */
  noteKey(row: number, blob: Uint8Array | null): void {
    if (blob !== null) this.columns.keyRef[row] = keyRefOf(blob)
  }

  #keep(row: number, blob: Uint8Array | null): number {
    if (blob === null) return 0
    this.noteKey(row, blob)
    return this.blobs.add(blob)
  }

  closing(row: number): Closing {
    return CLOSINGS[this.columns.closing[row] as number] as Closing
  }

  close(row: number, closing: Closing): void {
    this.columns.closing[row] = CLOSINGS.indexOf(closing)
  }

  /** Room for so many leads, before any is there. */
  reserve(leads: number): void {
    // Growing begins before it is full: what is added to a full table has time to grow it.
    this.table.reserve(Math.ceil(leads / GROWS_AT))
    this.index.reserve(leads)
  }

  /** Adds rows of a snapshot behind those that are there. */
  load(rows: number, columns: ColumnBytes): void {
    const from = this.size
    // Bytes that are damaged may say anything.
    if (from + rows > this.table.capacity) throw new RangeError(`${from + rows} rows are too many`)
    this.table.fill(from, rows, columns)
    this.size = from + rows
    for (let row = from; row < this.size; row++) this.index.add(row)
  }
}

function orNaN(value: number | null): number {
  return value ?? Number.NaN
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

/** One text for equal attributes, whatever order their keys came in. */
export function canonical(attributes: Record<string, string | number> | null): string | null {
  if (attributes === null) return null
  const names = Object.keys(attributes)
  if (names.length === 0) return null
  // Of one file they all come in one order, and mostly in this.
  if (names.every((name, i) => i === 0 || (names[i - 1] as string) < name)) {
    return JSON.stringify(attributes)
  }
  return JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, attributes[name]])))
}
