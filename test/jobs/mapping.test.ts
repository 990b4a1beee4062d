import assert from 'node:assert/strict'
import { parseMapping, rowReader } from '../../actors/jobs/mapping.ts'
import { hashId, type RawLead } from '../../actors/jobs/row-reader.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import type { Mapping } from '../../actors/protocol/import-job.ts'
import { suite } from '../support/suite.ts'

const test = suite('mapping')

function lead(
  header: string[],
  cells: string[],
  mapping: Mapping | null = null,
  given = {},
): RawLead {
  const read = rowReader(header, mapping, given).read(cells)
  if (!read.ok) throw new Error(`${read.fault.path}: ${read.fault.reason}`)
  return read.value
}

function fault(header: string[], cells: string[], mapping: Mapping | null = null) {
  const read = rowReader(header, mapping, {}).read(cells)
  if (read.ok) throw new Error('was not refused')
  return read.fault
}

function refusal(act: () => unknown): InputError {
  try {
    act()
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('was not refused')
}

test('A3: columns are found by name, in any order, whatever their case and spaces', () => {
  const header = [' City', 'ID ', 'Amount_Due', 'attributes.Tier', 'CAMPAIGN_ID']
  assert.deepEqual(lead(header, [' Delhi ', ' 7', '150000', 'gold', '4']), {
    city: 'Delhi',
    id: 7,
    amount_due: 150_000,
    campaign_id: 4,
    attributes: { Tier: 'gold' },
  })
})

test('W1: an empty cell and a missing last one say nothing', () => {
  assert.deepEqual(lead(['id', 'campaign_id', 'city', 'stage'], ['7', '4', '  ']), {
    id: 7,
    campaign_id: 4,
  })
})

test('column, const, map and hash', () => {
  const mapping: Mapping = {
    id: { hash: 'Prospect' },
    campaign_id: { const: 4 },
    lead_type: { column: 'Status', map: { open: 'Live', old: 'Stale', '': 'Stale' } },
    city: { column: 'Town' },
    source: { column: 'Town', map: { Delhi: null } },
    'attributes.visits': { column: 'Visits' },
    'attributes.list': { const: 'may' },
  }
  const header = ['Prospect', 'status', 'Town', 'Visits']
  assert.deepEqual(lead(header, ['7927b2df', 'open', 'Delhi', '2.5'], mapping), {
    id: hashId('7927b2df'),
    campaign_id: 4,
    lead_type: 'Live',
    city: 'Delhi',
    source: null,
    attributes: { visits: 2.5, list: 'may' },
  })
  // What a map does not know goes through, for the lead's own schema to judge.
  assert.equal(lead(header, ['x', 'Warm', 'Pune', ''], mapping).lead_type, 'Warm')
  assert.equal(lead(header, ['x', '', 'Pune', ''], mapping).lead_type, 'Stale')
})

test('a hash is the same for ever: positive, safe, of the trimmed text', () => {
  assert.equal(hashId('7927b2df-8bba-4d29-b9a2-b6e0beafe620'), 823_574_300_234_605)
  const ids = Array.from({ length: 20_000 }, (_, i) => hashId(`lead ${i}`))
  assert.ok(ids.every((id) => Number.isSafeInteger(id) && id > 0))
  assert.equal(new Set(ids).size, ids.length)
  const mapping: Mapping = { id: { hash: 'k' }, campaign_id: { const: 1 } }
  assert.equal(lead(['k'], [' a '], mapping).id, hashId('a'))
})

test('integers are digits; attributes are numbers when they look like numbers', () => {
  for (const text of ['7.0', '1e3', '0x10', '1,000', '+7', '9007199254740993', 'seven', '7 7']) {
    const { path, reason } = fault(['id', 'campaign_id'], [text, '4'])
    assert.equal(path, '/id')
    assert.match(reason, /must be an integer of at most 16 digits/)
    assert.ok(!reason.includes(text))
  }
  const cases = ['12', '-1.50', '007', '1e5', '', '+5', '12345678901234567890', '0.1']
  const values = cases.map((text) => {
    const read = lead(['id', 'campaign_id', 'attributes.a'], ['1', '4', text])
    return (read.attributes as RawLead | undefined)?.a
  })
  assert.deepEqual(values, [12, -1.5, '007', '1e5', undefined, '+5', '12345678901234567890', 0.1])
})

test('the quote that keeps a spreadsheet from running a cell is taken off again', () => {
  const read = lead(
    ['id', 'campaign_id', 'phone', 'city'],
    ['1', '4', "'+912212345678", "'s-Hertogenbosch"],
  )
  assert.equal(read.phone, '+912212345678')
  assert.equal(read.city, "'s-Hertogenbosch")
})

test('ids given beside the file fill what a row does not say', () => {
  const given = { campaign_id: 4, customer_id: 55 }
  assert.deepEqual(lead(['id'], ['1'], null, given), { id: 1, campaign_id: 4, customer_id: 55 })
  const header = ['id', 'campaign_id', 'customer_id']
  assert.deepEqual(lead(header, ['1', '9', ''], null, given), {
    id: 1,
    campaign_id: 9,
    customer_id: 55,
  })
})

test('M1: a column that is not there, or there twice, is told with those that are', () => {
  const missing = refusal(() =>
    rowReader(['Id', 'Town'], { id: { column: 'Id' }, city: { column: 'City' } }, {}),
  )
  assert.equal(missing.path, '/city/column')
  assert.match(missing.message, /no column "City": its columns are "Id", "Town"/)
  const twice = refusal(() => rowReader(['id', 'campaign_id', 'City', 'city '], null, {}))
  assert.match(twice.message, /two columns "city"/)
  const noId = refusal(() => rowReader(['name', 'campaign_id'], null, {}))
  assert.match(noId.message, /file has no id: .*its columns are "name", "campaign_id"/)
  assert.match(
    refusal(() => rowReader(['id'], null, {})).message,
    /no campaign_id: .*beside the file/,
  )
})

test('M2: a first row of data instead of names is not told with its numbers', () => {
  const { message } = refusal(() => rowReader(['1', '+912212345678', 'Delhi'], null, {}))
  assert.ok(!message.includes('912212345678'))
})

test('columns nothing is mapped to are a warning', () => {
  const { warnings } = rowReader(['id', 'campaign_id', 'Remarks', ''], null, {})
  assert.deepEqual(warnings, ['ignored columns nothing is mapped to: "Remarks"'])
})

test('a mapping is refused with the pointer of what is wrong in it', () => {
  const wrong: [unknown, string][] = [
    [{ town: { column: 'x' } }, '/town'],
    [{ city: {} }, '/city'],
    [{ city: { column: 'x', const: 'y' } }, '/city'],
    [{ city: { column: 5 } }, '/city/column'],
    [{ city: { hash: 'x', map: {} } }, '/city/map'],
    [{ city: { from: 'x' } }, '/city/from'],
    [[], ''],
  ]
  for (const [mapping, path] of wrong) {
    assert.equal(refusal(() => parseMapping(mapping)).path, path, JSON.stringify(mapping))
  }
  const values: [Mapping, string][] = [
    [{ lead_type: { const: 'Warm' } }, '/lead_type/const'],
    [{ customer_id: { const: '55' } }, '/customer_id/const'],
    [{ lead_type: { column: 'x', map: { a: 'Live', 'b/c': 'Warm' } } }, '/lead_type/map/b~1c'],
    [{ city: { hash: 'x' } }, '/city/hash'],
    [{ attributes: { column: 'x' } }, '/attributes'],
    [{ 'attributes.__proto__': { column: 'x' } }, '/attributes.__proto__'],
  ]
  for (const [mapping, path] of values) {
    assert.equal(refusal(() => rowReader(['x'], mapping, {})).path, path, JSON.stringify(mapping))
  }
})

test('a row with more cells than the header, and one without a key, are refused', () => {
  assert.match(fault(['id', 'campaign_id'], ['1', '4', 'x']).reason, /more cells than the header/)
  assert.deepEqual(lead(['id', 'campaign_id'], ['1', '4', '', ' ']), { id: 1, campaign_id: 4 })
  assert.equal(fault(['id', 'campaign_id'], ['', '4']).path, '/id')
  assert.equal(fault(['id', 'campaign_id'], ['1', '']).path, '/campaign_id')
  const wide = Array.from({ length: 201 }, (_, i) => `c${i}`)
  assert.match(refusal(() => rowReader(wide, null, {})).message, /more than 200 columns/)
})

test.run()
