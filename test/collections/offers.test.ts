import assert from 'node:assert/strict'
import { OFFER_KEPT_MS } from '../../actors/collections/offer-ledger.ts'
import type { CampaignId, CustomerId } from '../../actors/protocol/ids.ts'
import { quoteFor } from '../../actors/protocol/offers.ts'
import { suite } from '../support/suite.ts'
import {
  anOffer,
  DAY_MS,
  HOUR_MS,
  iso,
  MINUTE_MS,
  OfferCounter,
  SECOND_MS,
  T0,
} from './offer-counter.ts'

const test = suite('offers')
const BASE = { price: 10_000, title: 'Pen', colour: 'blue' }

test('P1: without an active promotion the base is returned, and nothing else', () => {
  const counter = new OfferCounter()
  counter.put({ key: 'other' })
  assert.deepEqual(counter.price('sku-1', BASE), { key: 'sku-1', fields: BASE })
  assert.deepEqual(counter.ask('offer.list', { key: 'sku-1' }).offers, [])
})

test('P2, P3: price, title and bound override, what the offer does not name passes through', () => {
  const counter = new OfferCounter()
  const fields = { price: 9000, title: 'Pen, on sale', max_per_order: 2 }
  const { offer_id } = counter.put({ fields, qty_total: 3 })
  assert.deepEqual(counter.price('sku-1', BASE), {
    key: 'sku-1',
    fields: { ...fields, colour: 'blue' },
    offer_id,
    ends_at: iso(T0 + HOUR_MS),
    left: 3,
  })
})

test('P4: an offer begins and ends by the clock alone, its window half open', () => {
  const counter = new OfferCounter()
  counter.now = T0 - MINUTE_MS
  const { offer_id, status } = counter.put()
  assert.equal(status, 'scheduled')
  const { length } = counter.log
  const seen = [T0 - 1, T0, T0 + HOUR_MS - 1, T0 + HOUR_MS].map((now) => {
    counter.now = now
    const { offers } = counter.ask('offer.list', {})
    return [counter.price('sku-1', BASE).fields.price, offers[0].status]
  })
  const during = [9000, 'active']
  assert.deepEqual(seen, [[10_000, 'scheduled'], during, during, [10_000, 'ended']])
  assert.equal(counter.log.length, length, 'nothing was written for it')
  counter.now = T0 + HOUR_MS
  assert.equal(counter.reserve('r1').type, 'base')
  assert.equal(counter.ask('offer.end', { offer_id }).status, 'ended')
  assert.equal(counter.log.length, length)
})

test('P4: the price of another instant is told without waiting for it', () => {
  const counter = new OfferCounter()
  counter.put({ starts_at: iso(T0 + DAY_MS), ends_at: iso(T0 + 2 * DAY_MS) })
  const at = (ms: number) =>
    counter.ask('offer.price', { items: [{ key: 'sku-1', base: BASE }], at: iso(ms) }).prices[0]
  assert.equal(counter.price('sku-1', BASE).fields.price, 10_000)
  assert.equal(at(T0 + DAY_MS).fields.price, 9000)
  assert.equal(at(T0 + 2 * DAY_MS).fields.price, 10_000)
})

test('P5: of ten buys of a quantity of three, three have the price and seven the base', () => {
  const counter = new OfferCounter()
  counter.put({ qty_total: 3 })
  const sold = Array.from({ length: 10 }, (_, i) => counter.reserve(`r${i}`))
  assert.deepEqual(
    sold.map(({ fields }) => fields.price),
    [9000, 9000, 9000, ...Array(7).fill(10_000)],
  )
  assert.deepEqual(
    sold.slice(0, 3).map(({ left }) => left),
    [2, 1, 0],
  )
  const [shown] = counter.ask('offer.list', { status: 'exhausted' }).offers
  assert.deepEqual([shown.left, shown.held, shown.sold], [0, 3, 0])
  assert.deepEqual(counter.price('sku-1', BASE), { key: 'sku-1', fields: BASE })
})

test('P5: more than is left goes to the next offer that has it, else to the base', () => {
  const counter = new OfferCounter()
  counter.put({ qty_total: 2, priority: 1, fields: { price: 8000 } })
  counter.put({ qty_total: 5 })
  assert.equal(counter.reserve('a', { qty: 3 }).fields.price, 9000)
  assert.equal(counter.reserve('b', { qty: 2 }).fields.price, 8000)
  assert.equal(counter.reserve('c', { qty: 3 }).type, 'base')
})

test('P6: a reservation that lapses gives its unit to the next, and can never be committed', () => {
  const counter = new OfferCounter()
  counter.put({ qty_total: 3 })
  for (const id of ['a', 'b', 'c']) counter.reserve(id, { ttl_s: id === 'c' ? 60 : 600 })
  counter.now += 60 * SECOND_MS - 1
  assert.equal(counter.reserve('d').type, 'base')
  counter.now += 1
  assert.deepEqual(counter.ask('offer.commit', { reservation_id: 'c' }), {
    type: 'refused',
    reason: 'lapsed',
  })
  assert.equal(counter.reserve('d').fields.price, 9000)
  assert.equal(counter.reserve('e').type, 'base')
  for (const service of ['offer.commit', 'offer.release', 'offer.cancel'] as const) {
    assert.equal(counter.ask(service, { reservation_id: 'c' }).reason, 'lapsed')
  }
  assert.equal(counter.reserve('c').reason, 'lapsed')
  assert.equal(counter.events('offer.lapsed').length, 1)
})

test('P6: a lapsed unit is free before anybody wrote that it lapsed, however many there are', () => {
  const counter = new OfferCounter()
  counter.put({ qty_total: 700, ends_at: iso(T0 + DAY_MS) })
  for (let i = 0; i < 700; i++) counter.reserve(`a${i}`, { ttl_s: 1 })
  counter.now += SECOND_MS
  assert.equal(counter.price('sku-1', BASE).left, 700)
  // Lapses are journalled some hundred at a time; all units are free at once.
  counter.handOver()
  assert.equal(counter.reserve('all', { qty: 700 }).left, 0)
  assert.equal(counter.reserve('one').type, 'base')
})

test('P6: a cancelled order returns its unit while the window is open, and not after', () => {
  const counter = new OfferCounter()
  counter.put({ qty_total: 2 })
  for (const reservation_id of ['a', 'b']) {
    counter.reserve(reservation_id)
    assert.equal(counter.ask('offer.commit', { reservation_id }).type, 'committed')
  }
  const cancel = (reservation_id: string) => counter.ask('offer.cancel', { reservation_id })
  assert.equal(cancel('a').returned, true)
  assert.equal(counter.price('sku-1', BASE).left, 1)
  counter.now = T0 + HOUR_MS
  assert.equal(cancel('b').returned, false)
  const { length } = counter.log
  assert.deepEqual([cancel('a').returned, cancel('b').returned], [true, false], 'asked again')
  assert.equal(counter.log.length, length)
  assert.equal(cancel('z').reason, 'unknown')
})

test('P6: each step asked again has the same answer and changes nothing', () => {
  const counter = new OfferCounter()
  counter.put({ qty_total: 3 })
  const twice = (ask: () => { type: string }) => {
    const first = ask()
    const { length } = counter.log
    assert.deepEqual(ask(), first)
    assert.equal(counter.log.length, length)
    return first.type
  }
  assert.equal(
    twice(() => counter.reserve('a')),
    'reserved',
  )
  assert.equal(counter.reserve('a', { qty: 2 }).code, 'REQUEST_CONFLICT')
  assert.equal(
    twice(() => counter.ask('offer.commit', { reservation_id: 'a' })),
    'committed',
  )
  assert.equal(counter.ask('offer.release', { reservation_id: 'a' }).reason, 'committed')
  counter.reserve('b')
  assert.equal(
    twice(() => counter.ask('offer.release', { reservation_id: 'b' })),
    'released',
  )
  assert.equal(counter.reserve('b').reason, 'released')
  counter.reserve('c')
  assert.equal(counter.ask('offer.cancel', { reservation_id: 'c' }).type, 'released')
  assert.equal(counter.price('sku-1', BASE).left, 2)
})

test('P7: an overlap of key, scope and priority is refused by the name of the other offer', () => {
  const counter = new OfferCounter()
  const { offer_id } = counter.put()
  const late = { starts_at: iso(T0 + HOUR_MS - 1), ends_at: iso(T0 + DAY_MS) }
  const refused = counter.ask('offer.put', anOffer({ ...late, fields: { price: 1 } }))
  assert.equal(refused.code, 'OVERLAPPING_VALIDITY')
  assert.match(refused.message, /overlapping_validity/)
  assert.match(refused.message, new RegExp(offer_id))
  counter.put({ starts_at: iso(T0 + HOUR_MS), ends_at: iso(T0 + DAY_MS) })
  counter.put({ scope: { warehouse: 'Delhi' } })
  counter.put({ fields: { price: 8000 }, priority: 1 })
  assert.equal(counter.price('sku-1', BASE).fields.price, 8000)
})

test('P7: an offer that was ended leaves room for the next', () => {
  const counter = new OfferCounter()
  const { offer_id } = counter.put()
  counter.now += MINUTE_MS
  const ended = counter.ask('offer.end', { offer_id })
  assert.deepEqual([ended.status, ended.ends_at], ['ended', iso(T0 + MINUTE_MS)])
  assert.equal(counter.price('sku-1', BASE).fields.price, 10_000)
  counter.put({ starts_at: iso(T0 + MINUTE_MS), fields: { price: 8500 } })
  assert.equal(counter.price('sku-1', BASE).fields.price, 8500)
})

test('P8: a batch of 5,000 in parts comes into force at one instant, by one event', () => {
  const counter = new OfferCounter()
  const all = Array.from({ length: 5000 }, (_, i) =>
    anOffer({ key: `sku-${i}`, fields: { price: i } }),
  )
  for (let from = 0; from < 5000; from += 250) {
    assert.equal(counter.price('sku-0', BASE).fields.price, 10_000, 'not yet')
    const more = from < 4750
    const answer = counter.batch('diwali', all.slice(from, from + 250), { from, more })
    assert.equal(answer.type, more ? 'staged' : 'activated', JSON.stringify(answer))
  }
  assert.equal(counter.events('offer.activated').length, 1)
  assert.equal(counter.price('sku-0', BASE).fields.price, 0)
  assert.equal(counter.price('sku-4999', BASE).fields.price, 4999)
  const again = counter.batch('diwali', all.slice(4750), { from: 4750 })
  assert.deepEqual(again, { type: 'activated', batch_id: 'diwali', offers: 5000 })
  assert.equal(counter.batch('diwali', [anOffer()]).code, 'REQUEST_CONFLICT')
})

test('P8: one wrong offer refuses the batch by its place, and drops what was staged', () => {
  const counter = new OfferCounter()
  const first = [anOffer({ key: 'a' }), anOffer({ key: 'b' })]
  const wrong: [offer: object, code: string, path: string][] = [
    [anOffer({ key: 'd', fields: { price: 9.5 } }), 'INVALID', '/offers/1/fields/price'],
    [anOffer({ key: 'a' }), 'OVERLAPPING_VALIDITY', '/offers/1/starts_at'],
    [anOffer({ key: 'c' }), 'OVERLAPPING_VALIDITY', '/offers/1/starts_at'],
    [anOffer({ key: 'd', ends_at: iso(T0 - 1) }), 'INVALID', '/offers/1/ends_at'],
    [anOffer({ key: 'd', offer_id: 'x1' }), 'INVALID', '/offers/1/offer_id'],
  ]
  for (const [offer, code, path] of wrong) {
    counter.batch('sale', first, { more: true })
    const refused = counter.batch('sale', [anOffer({ key: 'c', offer_id: 'x1' }), offer])
    assert.deepEqual([refused.code, refused.path], [code, path], JSON.stringify(refused))
    assert.equal(counter.log.at(-1)?.type, 'offer.dropped')
  }
  assert.deepEqual(counter.ask('offer.list', {}).offers, [])
  assert.equal(counter.events('offer.activated').length, 0)
})

test('P8: what was put while a batch was staged refuses the batch, not the other way round', () => {
  const counter = new OfferCounter()
  counter.batch('sale', [anOffer({ key: 'a' })], { more: true })
  const { offer_id } = counter.put({ key: 'a' })
  const refused = counter.batch('sale', [anOffer({ key: 'b' })])
  assert.equal(refused.code, 'OVERLAPPING_VALIDITY')
  assert.match(refused.message, /offer 0 of the batch/)
  const { offers } = counter.ask('offer.list', {})
  assert.deepEqual(
    offers.map((offer: { offer_id: string }) => offer.offer_id),
    [offer_id],
  )
})

test('P8: a part again changes nothing, one out of turn is told, from 0 it begins anew', () => {
  const counter = new OfferCounter()
  const [a, b, c] = ['a', 'b', 'c'].map((key) => anOffer({ key })) as [object, object, object]
  counter.batch('sale', [a], { from: 0, more: true })
  const { length } = counter.log
  assert.equal(counter.batch('sale', [a], { from: 0, more: true }).staged, 1)
  assert.equal(counter.batch('sale', [c], { from: 2, more: true }).path, '/from')
  assert.equal(counter.log.length, length)
  assert.equal(counter.batch('sale', [b, c], { from: 0, more: true }).staged, 2)
  // Its answer was lost between staging and activation: the last part again finishes it.
  assert.equal(counter.batch('sale', [b, c], { from: 0 }).offers, 2)
  assert.equal(counter.price('a', BASE).fields.price, 10_000)
  assert.equal(counter.price('b', BASE).fields.price, 9000)
})

test('P8: a batch that nobody finishes for an hour is dropped by the next request', () => {
  const counter = new OfferCounter()
  const window = { ends_at: iso(T0 + DAY_MS) }
  counter.batch('sale', [anOffer({ key: 'a', ...window })], { more: true })
  counter.now += HOUR_MS
  counter.price('a', BASE)
  assert.deepEqual(counter.log.at(-1), {
    type: 'offer.dropped',
    campaign_id: 0,
    at: counter.now,
    batch_id: 'sale',
    reason: 'abandoned',
  })
  assert.equal(counter.batch('sale', [anOffer({ key: 'b', ...window })]).offers, 1)
  assert.equal(counter.price('a', BASE).fields.price, 10_000)
})

test('P10, G16: a warehouse’s offer holds there, and before the unscoped one', () => {
  const counter = new OfferCounter()
  counter.put({ fields: { price: 9500 } })
  counter.put({ scope: { warehouse: 'Delhi' }, fields: { price: 9000 } })
  const at = (where: object) => counter.price('sku-1', BASE, where).fields.price
  assert.deepEqual(
    [at({}), at({ warehouse: 'Pune' }), at({ warehouse: 'Delhi' })],
    [9500, 9500, 9000],
  )
  const both = { warehouse: 'Delhi', customer_id: 55 }
  counter.put({ scope: both, fields: { price: 8000 } })
  assert.equal(at({ ...both, campaign_id: 4 }), 8000)
  assert.equal(at({ ...both, customer_id: 56 }), 9000)
})

test('G16: a settlement of a campaign or its customer is quoted while it is active', () => {
  const counter = new OfferCounter()
  const who = { campaign: 4 as CampaignId, customer: 55 as CustomerId }
  const quote = (of = who) => {
    const published = counter.offers.published().map(([, value]) => value)
    return quoteFor(published, of, counter.now)?.offer_id
  }
  const settlement = (offer_id: string, more: object) =>
    counter.put({ key: 'settlement:jan', fields: { discount_percent: 20 }, offer_id, ...more })
  counter.put({ scope: { campaign_id: 4 } })
  settlement('all', {})
  settlement('shop', { scope: { warehouse: 'Delhi' } })
  assert.equal(quote(), undefined)
  settlement('bank', { scope: { customer_id: 55 } })
  assert.equal(quote(), 'bank')
  settlement('own', { scope: { campaign_id: 4 }, qty_total: 1 })
  assert.equal(quote(), 'own')
  assert.equal(quote({ ...who, campaign: 5 as CampaignId }), 'bank')
  const key = 'settlement:jan'
  assert.equal(counter.reserve('r', { key, where: { campaign_id: 4 }, ttl_s: 60 }).offer_id, 'own')
  assert.equal(quote(), 'bank', 'its one unit is held')
  counter.now += MINUTE_MS
  assert.equal(quote(), 'own', 'and free again when that lapsed')
  counter.ask('offer.end', { offer_id: 'own' })
  assert.equal(quote(), 'bank')
})

test('what is published is settlements, and each event names those it changed', () => {
  const counter = new OfferCounter()
  const known = new Map<string, string>()
  const follow = (act: () => void) => {
    const before = counter.log.length
    act()
    const changed = new Set(counter.log.slice(before).flatMap((e) => counter.offers.changed(e)))
    const published = new Map(
      counter.offers.published().map(([key, v]) => [key, JSON.stringify(v)]),
    )
    for (const key of changed) {
      const value = published.get(key)
      if (value === undefined) known.delete(key)
      else known.set(key, value)
    }
    assert.deepEqual([...known].sort(), [...published].sort())
    return [...changed]
  }
  const key = 'settlement:jan'
  const put = (offer_id: string, more: object = {}) => counter.put({ offer_id, key, ...more })
  assert.deepEqual(
    follow(() => put('s1', { qty_total: 5 })),
    ['offer.s1'],
  )
  assert.deepEqual(
    follow(() => counter.put({ offer_id: 'p1' })),
    [],
  )
  follow(() => counter.batch('b', [anOffer({ key: 'settlement:feb' }), anOffer({ key: 'x' })]))
  follow(() => counter.reserve('r1', { key }))
  follow(() => counter.reserve('r2', { key, ttl_s: 1 }))
  follow(() => counter.ask('offer.commit', { reservation_id: 'r1' }))
  counter.now += 2 * SECOND_MS
  follow(() => counter.ask('offer.cancel', { reservation_id: 'r1' }))
  follow(() => counter.ask('offer.end', { offer_id: 's1' }))
  assert.equal(known.size, 2)
  counter.now += OFFER_KEPT_MS + HOUR_MS
  follow(() => counter.price('sku-1', BASE))
  assert.equal(known.size, 0)
})

test('an offer that ended is forgotten 31 days later, with what was reserved of it', () => {
  const counter = new OfferCounter()
  counter.put({ offer_id: 'old', qty_total: 1 })
  counter.reserve('r')
  counter.ask('offer.commit', { reservation_id: 'r' })
  counter.now = T0 + HOUR_MS + OFFER_KEPT_MS - 1
  assert.equal(counter.ask('offer.list', {}).offers[0].offer_id, 'old')
  counter.now += 1
  counter.ask('offer.list', {})
  assert.deepEqual(counter.ask('offer.list', {}).offers, [])
  assert.equal(counter.ask('offer.cancel', { reservation_id: 'r' }).reason, 'unknown')
  assert.equal(counter.events('offer.forgotten').length, 1)
})

test('an offer keeps its key and scope, and its fields once a unit was reserved', () => {
  const counter = new OfferCounter()
  const same = { offer_id: 'x', qty_total: 3 }
  counter.put(same)
  const { length } = counter.log
  counter.put(same)
  counter.put({ ...same, fields: { price: 8000 } })
  assert.equal(counter.log.length, length + 1, 'the same again is no event')
  counter.reserve('r', { qty: 2 })
  const change = (more: object) => counter.ask('offer.put', anOffer({ ...same, ...more }))
  const fields = { price: 8000 }
  for (const [more, path] of [
    [{ fields, key: 'other' }, '/key'],
    [{ fields, scope: { warehouse: 'Delhi' } }, '/scope'],
    [{ fields: { price: 7000 } }, '/fields'],
    [{ fields, qty_total: 1 }, '/qty_total'],
  ] as const) {
    const refused = change(more)
    assert.deepEqual([refused.code, refused.path], ['OFFER_FIXED', path])
  }
  assert.equal(change({ fields, qty_total: 2, ends_at: iso(T0 + DAY_MS) }).left, 0)
  counter.now = T0 + DAY_MS
  assert.equal(change({ fields, ends_at: iso(T0 + 3 * DAY_MS) }).path, '/offer_id')
})

test('an offer put without an id is the same one when the request comes again', () => {
  const counter = new OfferCounter()
  const { offer_id } = counter.put()
  assert.equal(counter.put().offer_id, offer_id)
  assert.equal(counter.log.length, 1)
})

test('a list goes on where its page ended', () => {
  const counter = new OfferCounter()
  for (let i = 0; i < 5; i++) counter.put({ offer_id: `x${i}`, key: `sku-${i}` })
  const page = (after?: string) => {
    const { offers, next } = counter.ask('offer.list', { limit: 2, ...(after ? { after } : {}) })
    return [offers.map((offer: { offer_id: string }) => offer.offer_id).join(), next]
  }
  assert.deepEqual(
    [page(), page('x1'), page('x3')],
    [
      ['x0,x1', 'x1'],
      ['x2,x3', 'x3'],
      ['x4', undefined],
    ],
  )
  assert.equal(counter.ask('offer.list', { after: 'nowhere' }).path, '/after')
})

test.run()
