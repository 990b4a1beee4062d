import assert from 'node:assert/strict'
import { canonical, Leads } from '../../actors/campaign/leads.ts'
import { loadRows, type RowsImage, readRows } from '../../actors/campaign/leads-image.ts'
import type { StoredLead } from '../../actors/protocol/events.ts'
import type { CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { PLANS } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { FakeSealer } from './desk.ts'

const test = suite('leads')

const CUSTOMER = 55 as CustomerId
const sealer = new FakeSealer()
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
const time = fc.integer({ min: -(10 ** 12), max: 10 ** 13 })
const text = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('constructor', '__proto__'))
const key = fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name !== '__proto__')
const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const attributes = fc
  .dictionary(key, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true })
  .map((map) => JSON.parse(JSON.stringify(map)) as Record<string, string | number>) // no -0

const fields: fc.Arbitrary<StoredLead> = fc.record({
  customer_id: fc.constant(CUSTOMER),
  lead_type: fc.constant('Live' as const), // The machine's; a new row's is Live.
  city: orNull(text),
  source: orNull(text),
  last_activity: orNull(time),
  stage: orNull(text),
  pricing_plan: orNull(fc.constantFrom(...PLANS)),
  rescheduled_at: orNull(time),
  created_at: time,
  timezone: orNull(fc.constantFrom('Asia/Kolkata', 'Europe/Berlin')),
  phone_zones: orNull(fc.constantFrom('Europe/Paris', 'America/Chicago|America/New_York')),
  amount_due: orNull(fc.maxSafeInteger()),
  attributes: orNull(attributes),
  revision: fc.maxSafeNat(),
  phone: orNull(fc.string().map((phone) => sealer.seal(7, phone))),
  account_no: orNull(fc.string().map((account) => sealer.seal(7, account))),
  phone_hash: fc.maxSafeNat(),
  account_hash: fc.maxSafeNat(),
})
const change = fc.record({ row: fc.nat(), fields })

/** Blobs come back as views of another buffer. */
const plain = (lead: StoredLead) => ({
  ...lead,
  phone: lead.phone === null ? null : [...lead.phone],
  account_no: lead.account_no === null ? null : [...lead.account_no],
})

/** All rows as a snapshot holds them, so many in a block. */
function blocksOf(leads: Leads, rows: number): RowsImage[] {
  const cut = leads.table.cut(leads.size)
  const blocks: RowsImage[] = []
  for (let from = 0; from < leads.size; from += rows) {
    blocks.push(structuredClone(readRows(leads, cut, rows))) // The next one is read over it.
  }
  cut.close()
  return blocks
}

function copyOf(leads: Leads, rows: number): Leads {
  const copy = new Leads()
  for (const name of ['cities', 'sources', 'stages', 'timezones', 'attributes'] as const) {
    copy[name].load(leads[name].texts())
  }
  copy.reserve(leads.size)
  for (const block of blocksOf(leads, rows)) loadRows(copy, block)
  return copy
}

test('what was written is read, also after a hundred others, changes, and a snapshot', () => {
  fc.assert(
    fc.property(
      fc.array(fields, { minLength: 1, maxLength: 120, size: 'max' }),
      fc.array(change),
      fc.integer({ min: 1, max: 130 }),
      (all, changes, rows) => {
        const leads = new Leads()
        const model = all.map((lead, i) => {
          assert.equal(leads.add((i * 7 + 1) as LeadId, lead), i)
          return { ...lead }
        })
        for (const { row, fields } of changes) {
          const { lead_type: _, customer_id: __, ...written } = fields
          leads.write(row % all.length, written)
          Object.assign(model[row % all.length]!, written)
        }
        for (const copy of [leads, copyOf(leads, rows)]) {
          for (const [row, lead] of model.entries()) {
            assert.deepEqual(plain(copy.read(row, CUSTOMER)), plain(lead))
            assert.equal(copy.row((row * 7 + 1) as LeadId), row)
            assert.equal(copy.id(row), row * 7 + 1)
          }
          assert.deepEqual(blocksOf(copy, 4096), blocksOf(leads, 4096))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('absent fields stay as they are', () => {
  fc.assert(
    fc.property(
      fields,
      fc.constantFrom('city', 'phone', 'attributes', 'amount_due'),
      (lead, name) => {
        const leads = new Leads()
        leads.add(1 as LeadId, lead)
        leads.write(0, { [name]: null })
        assert.deepEqual(plain(leads.read(0, CUSTOMER)), plain({ ...lead, [name]: null }))
      },
    ),
  )
})

test('a lead remembers the key that seals it, also when what was sealed is gone', () => {
  const leads = new Leads()
  const [lead] = fc.sample(fields, { numRuns: 1, seed: 3 })
  leads.add(1 as LeadId, { ...lead!, phone: sealer.seal(41, '+912212345678'), account_no: null })
  leads.write(0, { phone: null })
  assert.equal(leads.columns.keyRef[0], 41)
})

test('equal attributes are one text, whatever the order of their names', () => {
  fc.assert(
    fc.property(attributes, (map) => {
      const reversed = Object.fromEntries(Object.entries(map).reverse())
      assert.equal(canonical(map), canonical(reversed))
    }),
  )
  assert.equal(canonical({}), null)
  assert.notEqual(canonical({ a: 1 }), canonical({ a: '1' }))
})

test.run()
