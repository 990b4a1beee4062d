// Offers: promotions and settlements on running processes, from outside.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from '../support/cluster.ts'
import { allEvents } from '../support/log-facts.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { DAY, Engine, HOUR, iso, T0 } from './engine.ts'

const test = suite('offers', { deadlineMs: 90_000 })
const BASE = { price: 10_000, title: 'Pen', colour: 'blue' }
let engine: Engine

test.before(async () => {
  engine = await Engine.start({ at: T0, gateways: 2 })
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

/** Puts an offer that holds from T0 for a day. */
async function put(key: string, more: object = {}): Promise<Answer> {
  const window = { starts_at: iso(T0 - HOUR), ends_at: iso(T0 + DAY) }
  const answer = await engine.call('offer.put', {
    key,
    fields: { price: 9000 },
    ...window,
    ...more,
  })
  assert.equal(answer.type, 'offer', JSON.stringify(answer))
  return answer
}

async function price(
  key: string,
  { where = {}, at }: { where?: object; at?: number } = {},
): Promise<Answer> {
  const items = [{ key, where, base: BASE }]
  const answer = await engine.call('offer.price', {
    items,
    ...(at === undefined ? {} : { at: iso(at) }),
  })
  assert.equal(answer.type, 'prices', JSON.stringify(answer))
  return answer.prices[0]
}

async function reserve(key: string, reservation_id: string, more: object = {}): Promise<Answer> {
  return await engine.call('offer.reserve', { key, reservation_id, base: BASE, ...more })
}

const onReservation = (service: 'offer.commit' | 'offer.cancel', reservation_id: string) =>
  engine.call(service, { reservation_id })

test('P1: a product without a promotion is not in the overlay, and its price is the base', async () => {
  assert.deepEqual(await price('p1'), { key: 'p1', fields: BASE })
  const { body } = await engine.http('GET', '/api/offers?key=p1')
  assert.deepEqual(body, { type: 'offers', offers: [] })
})

test('P2, P3: price, title and bound override for the time, quantity is told, the rest passes', async () => {
  const fields = { price: 9000, title: 'Pen, on sale', max_per_order: 2 }
  const { offer_id } = await put('p2', { fields, qty_total: 3 })
  const { status, body } = await engine.http('POST', '/api/offers/price', {
    body: { items: [{ key: 'p2', base: BASE }] },
  })
  assert.equal(status, 200)
  const overlaid = { ...fields, colour: 'blue' }
  const ends_at = iso(T0 + DAY)
  assert.deepEqual(body.prices, [{ key: 'p2', fields: overlaid, offer_id, ends_at, left: 3 }])
})

test('P4: the window is half open, to the millisecond', async () => {
  const [starts, ends] = [T0 + HOUR, T0 + 2 * HOUR]
  const { status } = await put('p4', { starts_at: iso(starts), ends_at: iso(ends) })
  assert.equal(status, 'scheduled')
  const seen = []
  for (const at of [starts - 1, starts, ends - 1, ends])
    seen.push((await price('p4', { at })).fields.price)
  assert.deepEqual(seen, [10_000, 9000, 9000, 10_000])
})

test('P5: of ten buyers at once of a quantity of three, exactly three have it at the price', async () => {
  await put('p5', { qty_total: 3 })
  const buy = async (buyer: number) => {
    const reservation_id = `p5-${buyer}`
    const answer = await reserve('p5', reservation_id)
    if (answer.type === 'reserved') {
      assert.equal((await onReservation('offer.commit', reservation_id)).type, 'committed')
    }
    return answer.fields.price
  }
  const paid = await Promise.all(Array.from({ length: 10 }, (_, buyer) => buy(buyer)))
  assert.deepEqual(
    paid.sort((a, b) => a - b),
    [...Array(3).fill(9000), ...Array(7).fill(10_000)],
  )
  const { offers } = await engine.call('offer.list', { key: 'p5' })
  assert.deepEqual([offers[0].status, offers[0].sold, offers[0].left], ['exhausted', 3, 0])
})

test('P5: what was sold stays sold when its owner dies, and the same request has the same answer', async () => {
  await put('p5k', { qty_total: 2 })
  const first = await reserve('p5k', 'p5k-1', { ttl_s: 3600 })
  await onReservation('offer.commit', 'p5k-1')
  const second = await reserve('p5k', 'p5k-2', { ttl_s: 3600 })
  assert.deepEqual([first.left, second.left], [1, 0])
  const owner = engine.cluster.member('h1')
  await owner.kill9()
  owner.restart()
  await engine.cluster.ready()
  assert.deepEqual(await reserve('p5k', 'p5k-2', { ttl_s: 3600 }), second)
  assert.equal((await reserve('p5k', 'p5k-3')).type, 'base')
})

test('P6: a reservation that runs out gives its unit to the next buyer', async () => {
  await put('p6', { qty_total: 3 })
  for (const n of [1, 2]) await reserve('p6', `p6-${n}`, { ttl_s: 3600 })
  assert.equal((await reserve('p6', 'p6-3', { ttl_s: 1 })).fields.price, 9000)
  const fourth = await until(async () => {
    const answer = await reserve('p6', 'p6-4', { ttl_s: 3600 })
    return answer.type === 'reserved' && answer
  }, 'the third unit to be free again')
  assert.equal(fourth.fields.price, 9000)
  assert.equal((await onReservation('offer.commit', 'p6-3')).reason, 'lapsed')
  assert.equal((await reserve('p6', 'p6-5')).type, 'base')
})

test('P7: an overlap is refused with the other offer’s name, higher priority is taken and wins', async () => {
  const { offer_id } = await put('p7')
  const second = {
    key: 'p7',
    fields: { price: 8000 },
    starts_at: iso(T0),
    ends_at: iso(T0 + 2 * DAY),
  }
  const { status, body } = await engine.http('POST', '/api/offers', { body: second })
  assert.deepEqual([status, body.error.code], [409, 'OVERLAPPING_VALIDITY'])
  assert.match(body.error.message, /overlapping_validity/)
  assert.ok(body.error.message.includes(offer_id), body.error.message)
  await put('p7', { ...second, priority: 10 })
  assert.equal((await price('p7')).fields.price, 8000)
})

test('P8: a file of 5,000 products is in force at one instant, or not at all', async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'sale.csv')
  const skus = Array.from({ length: 5000 }, (_, i) => `p8-${i}`)
  const rows = skus.map((sku, i) => `${sku},${1000 + i},5,2026-01-05 06:00,2026-01-05,"Sale, ${i}"`)
  const write = (lines: string[]) =>
    writeFile(file, ['key,price,qty,starts_at,ends_at,title', ...lines].join('\n'))
  const args = ['offers', 'batch', file, '--zone', 'Asia/Kolkata']
  const ends = async (): Promise<number[]> => {
    const items = [skus[0], skus[2500], skus[4999]].map((key) => ({ key, base: BASE }))
    const { prices } = await engine.call('offer.price', { items })
    return prices.map(({ fields }: Answer) => fields.price)
  }
  const BEFORE = [10_000, 10_000, 10_000]
  const AFTER = [1000, 3500, 5999]

  await write(rows.with(4321, 'p8-4321,12.5,5,2026-01-05 06:00,2026-01-05,half a paisa'))
  const broken = await engine.cli(args)
  assert.equal(broken.code, 1)
  assert.match(broken.stderr, /sale\.csv:4323: fields\/price: must be an integer of the minor unit/)
  await write(rows.with(4999, rows[0]!))
  const twice = await engine.cli(args)
  assert.match(twice.stderr, /sale\.csv:5001: .*overlapping_validity/)
  assert.deepEqual(await ends(), BEFORE)

  await write(rows)
  let running = true
  const loading = engine.cli(args).finally(() => {
    running = false
  })
  const seen = new Set<string>()
  while (running) seen.add(String(await ends()))
  const loaded = await loading
  assert.equal(loaded.code, 0, loaded.stderr)
  assert.match(loaded.stdout, /^5000 offers put as one/)
  assert.deepEqual(await ends(), AFTER)
  for (const prices of seen)
    assert.ok(
      [BEFORE, AFTER].some((whole) => String(whole) === prices),
      prices,
    )
  assert.deepEqual(await engine.cli(args), loaded, 'the same file again')
  assert.equal((await price('p8-17')).fields.title, 'Sale, 17')

  const happened = { 'offer.staged': 0, 'offer.activated': 0 }
  for await (const event of allEvents(engine.cluster.nc)) {
    if (event.type === 'offer.staged') happened[event.type] += event.offers.length
    else if (event.type === 'offer.activated') happened[event.type]++
  }
  assert.equal(happened['offer.activated'], 1)
  assert.ok(happened['offer.staged'] >= 5000)
})

test('P9: a day in India is kept as 18:30 to 18:30 in UTC', async () => {
  const local = { starts_at: '2026-01-26 00:00', ends_at: '2026-01-26 23:59:59' }
  const { starts_at, ends_at, zone } = await put('p9', { ...local, zone: 'Asia/Kolkata' })
  assert.deepEqual(
    [starts_at, ends_at, zone],
    ['2026-01-25T18:30:00.000Z', '2026-01-26T18:30:00.000Z', 'Asia/Kolkata'],
  )
  const at = async (time: string) => (await price('p9', { at: Date.parse(time) })).fields.price
  assert.equal(await at('2026-01-25T18:29:59.999Z'), 10_000)
  assert.equal(await at('2026-01-25T18:30:00.000Z'), 9000)
  assert.equal(await at('2026-01-26T18:29:59.999Z'), 9000)
  assert.equal(await at('2026-01-26T18:30:00.000Z'), 10_000)
})

test('P10, G16: an offer of one of six warehouses holds there alone, an unscoped one in all', async () => {
  const houses = ['Delhi', 'Mumbai', 'Pune', 'Chennai', 'Kolkata', 'Jaipur']
  await put('p10', { scope: { warehouse: 'Pune' }, fields: { price: 8000 } })
  const prices = async () => {
    const all = await Promise.all(houses.map((warehouse) => price('p10', { where: { warehouse } })))
    return all.map(({ fields }) => fields.price)
  }
  assert.deepEqual(
    await prices(),
    houses.map((house) => (house === 'Pune' ? 8000 : 10_000)),
  )
  await put('p10', { fields: { price: 9500 } })
  assert.deepEqual(
    await prices(),
    houses.map((house) => (house === 'Pune' ? 8000 : 9500)),
  )
  const shown = await engine.cli([
    'offers',
    'price',
    'p10',
    '--warehouse',
    'Pune',
    '--base',
    '10000',
  ])
  assert.match(shown.stdout, /^p10: price 8000 by offer /)
})

test('G16: a campaign’s settlement is on its awards as what the agent may quote', async () => {
  await engine.put(161, { kind: 'collections' })
  await engine.put(162, { kind: 'collections' })
  const settlement = { discount_percent: 25, settlement_amount: 750_000 }
  const { offer_id, ends_at } = await put('settlement:jan', {
    scope: { campaign_id: 161 },
    fields: settlement,
    qty_total: 50,
  })
  await engine.accept([1, 2, 3].map((id) => engine.lead(id, 161)))
  await engine.accept([engine.lead(1, 162)])
  const award = await until(async () => {
    const award = await engine.award([161])
    if (award.offer !== undefined) return award
    await engine.call('lead.skip', {
      award_id: award.award_id,
      reason: 'before its host heard of it',
    })
    return false
  }, 'the host to have heard of the offer')
  assert.deepEqual(award.offer, { offer_id, key: 'settlement:jan', fields: settlement, ends_at })
  assert.equal((await engine.award([162])).offer, undefined)
  await engine.call('offer.end', { offer_id })
})

test('P4, P6: when its day is over an offer is too, and a cancelled order gives nothing back', async () => {
  await put('p46', { qty_total: 2 })
  for (const id of ['p46-1', 'p46-2']) {
    await reserve('p46', id)
    await onReservation('offer.commit', id)
  }
  assert.equal((await onReservation('offer.cancel', 'p46-1')).returned, true)
  assert.equal((await price('p46')).left, 1)
  await engine.travel(T0 + DAY)
  assert.equal((await price('p46')).fields.price, 10_000)
  assert.equal((await onReservation('offer.cancel', 'p46-2')).returned, false)
  const { body } = await engine.http('GET', '/api/offers?key=p46&status=ended&limit=5')
  assert.deepEqual(
    body.offers.map(({ sold, left }: Answer) => [sold, left]),
    [[1, 1]],
  )
  const { stdout } = await engine.cli(['audit', '--json'])
  assert.equal(JSON.parse(stdout).ok, true, stdout)
})

test.run()
