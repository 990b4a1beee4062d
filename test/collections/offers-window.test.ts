import assert from 'node:assert/strict'
import { InputError } from '../../actors/protocol/errors.ts'
import { readEdge } from '../../actors/protocol/offer-window.ts'
import { parseOfferRequest } from '../../actors/protocol/offers.ts'
import { suite } from '../support/suite.ts'
import { anOffer } from './offer-counter.ts'

const test = suite('offers, windows')

function at(edge: 'start' | 'end', text: string, zone?: string): string {
  const told = readEdge(text, zone, edge)
  return 'at' in told ? new Date(told.at).toISOString() : told.fault
}

const INDIA = 'Asia/Kolkata'

test('P9: the 26th of January in India is from 18:30 to 18:30 in UTC', () => {
  const asked = { starts_at: '2026-01-26 00:00', ends_at: '2026-01-26 23:59:59', zone: INDIA }
  const request = parseOfferRequest('offer.put', anOffer(asked))
  assert.ok(request.type === 'offer.put')
  const { starts_at, ends_at, zone } = request.offer
  assert.deepEqual(
    [new Date(starts_at).toISOString(), new Date(ends_at).toISOString(), zone],
    ['2026-01-25T18:30:00.000Z', '2026-01-26T18:30:00.000Z', INDIA],
  )
})

test('P9: a local end includes the day, minute or second it ends with; no other is moved', () => {
  const midnight = '2026-01-26T18:30:00.000Z'
  for (const end of [
    '2026-01-26',
    '2026-01-26 24:00',
    '2026-01-26T23:59',
    '2026-01-26 23:59:59.999',
  ]) {
    assert.equal(at('end', end, INDIA), midnight, end)
  }
  assert.equal(at('end', '2026-01-26 14:59', INDIA), '2026-01-26T09:30:00.000Z')
  assert.equal(at('end', '2026-01-26 14:30', INDIA), '2026-01-26T09:00:00.000Z')
  assert.equal(at('end', '2026-01-26 14:59:30', INDIA), '2026-01-26T09:29:30.000Z')
  assert.equal(at('start', '2026-01-26 14:59:59', INDIA), '2026-01-26T09:29:59.000Z')
  assert.equal(at('end', '2026-01-26T23:59:59+05:30', INDIA), '2026-01-26T18:29:59.000Z')
})

test('P9: where the clocks change, a time they show twice is in, and one they skip is the change', () => {
  const berlin = 'Europe/Berlin'
  assert.equal(at('start', '2026-10-25 02:30', berlin), '2026-10-25T00:30:00.000Z')
  assert.equal(at('end', '2026-10-25 02:30', berlin), '2026-10-25T01:30:00.000Z')
  assert.equal(at('start', '2026-03-29 02:30', berlin), '2026-03-29T01:00:00.000Z')
  assert.equal(at('end', '2026-03-29 02:30', berlin), '2026-03-29T01:00:00.000Z')
  assert.equal(at('start', '2026-03-29 03:00', berlin), '2026-03-29T01:00:00.000Z')
  assert.equal(at('end', '2026-03-29', berlin), '2026-03-29T22:00:00.000Z')
})

test('what is no offer is refused by its path, with the cure', () => {
  const wrong: [more: object, path: string, said: RegExp][] = [
    [{ starts_at: '2026-01-26 00:00' }, '/starts_at', /zone/],
    [{ ends_at: 'tomorrow' }, '/ends_at', /must be a time/],
    [{ ends_at: '2026-02-30', zone: INDIA }, '/ends_at', /must be a time/],
    [{ ends_at: '2026-01-05T06:00:00Z' }, '/ends_at', /after "starts_at"/],
    [{ zone: 'Asia/Delhi' }, '/zone', /IANA/],
    [{ key: '' }, '/key', /empty/],
    [{ key: 'x'.repeat(101) }, '/key', /100/],
    [{ fields: { price: 90.5 } }, '/fields/price', /minor unit/],
    [{ fields: { settlement_amount: '5000' } }, '/fields/settlement_amount', /minor unit/],
    [{ fields: { discount_percent: 120 } }, '/fields/discount_percent', /0 to 100/],
    [{ fields: { nested: {} } }, '/fields/nested', /number or a text/],
    [
      { fields: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`f${i}`, 1])) },
      '/fields',
      /20/,
    ],
    [{ fields: { a: 'x'.repeat(400), b: 'x'.repeat(400) } }, '/fields', /500 characters/],
    [{ qty_total: 0 }, '/qty_total', /1/],
    [{ scope: { city: 'Delhi' } }, '/scope/city', /unknown field/],
    [{ offer_id: 'a b' }, '/offer_id', /A-Z/],
    [{ price: 9000 }, '/price', /unknown field/],
  ]
  for (const [more, path, said] of wrong) {
    assert.throws(
      () => parseOfferRequest('offer.put', anOffer(more)),
      (error: unknown) => {
        assert.ok(error instanceof InputError)
        assert.equal(error.path, path, error.message)
        assert.match(error.message, said)
        return true
      },
    )
  }
})

test.run()
