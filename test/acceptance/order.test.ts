// Order: which of several leads is called first, by what a customer weighs, what leads show, how
// old they are and what was promised; asked of real processes through the contract alone.

import assert from 'node:assert/strict'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { DAY, Engine, HOUR, iso, MINUTE } from './engine.ts'

const test = suite('order', { deadlineMs: 30_000 })
let engine: Engine
let lastCampaign = 500

test.before(async () => {
  engine = await Engine.start()
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

/** A campaign of this test's own. */
async function campaign(more: object = {}): Promise<number> {
  const id = ++lastCampaign
  await engine.put(id, more)
  return id
}

function ago(ms: number): string {
  return iso(engine.now() - ms)
}

/** The order in which these leads of a campaign are called; A31: every answer's terms add up. */
async function called(campaign_id: number, leads: readonly object[]): Promise<number[]> {
  await engine.accept(
    leads.map((lead, i) => engine.lead(i + 1, campaign_id, { pricing_plan: 'Pro', ...lead })),
  )
  const order: number[] = []
  for (const _ of leads) {
    const award = await engine.award([campaign_id])
    assertAddsUp(award)
    order.push(award.lead_id)
    await engine.dispose(award, 'converted')
  }
  return order
}

function assertAddsUp({ score, why }: Answer): void {
  let sum = 0
  for (const { name, value, detail } of why.terms) {
    sum += value
    assert.ok(typeof detail === 'string' && detail !== '', `${name} has no words`)
  }
  assert.equal(sum, score)
}

function term({ why }: Answer, name: string): number {
  return why.terms.find((one: { name: string }) => one.name === name).value
}

test('A14: of two leads created at once a customer’s weights decide: city, source and stage in turn', async () => {
  const created_at = ago(2 * MINUTE)
  const values = { city: ['Mumbai', 'Delhi'], source: ['ads', 'site'], stage: ['new', 'demo'] }
  for (const [feature, [worse, better]] of Object.entries(values)) {
    assert.ok(worse !== undefined && better !== undefined)
    const leads = [worse, better].map((value) => ({ created_at, city: null, [feature]: value }))
    const weights = { [feature]: { [better]: 0.4, [worse]: 0.1 } }
    assert.deepEqual(await called(await campaign({ weights }), leads), [2, 1], feature)
    const swapped = { [feature]: { [better]: 0.1, [worse]: 0.4 } }
    assert.deepEqual(await called(await campaign({ weights: swapped }), leads), [1, 2], feature)
  }
})

test('A14: the last activity decides without any weights: the fresher lead first, whichever it is', async () => {
  const created_at = ago(2 * MINUTE)
  const active = (ms: number) => ({ created_at, last_activity: ago(ms) })
  assert.deepEqual(await called(await campaign(), [active(20 * DAY), active(10 * MINUTE)]), [2, 1])
  assert.deepEqual(await called(await campaign(), [active(10 * MINUTE), active(20 * DAY)]), [1, 2])
  const days = [active(2 * DAY), active(3 * HOUR), active(40 * DAY), active(12 * HOUR)]
  assert.deepEqual(await called(await campaign(), days), [2, 4, 1, 3])
})

test('A15: another customer orders by its own weights, and the first one’s changes leave that alone', async () => {
  const of = (customer_id: number, delhi: number, mumbai: number) => {
    return { customer_id, weights: { city: { Delhi: delhi, Mumbai: mumbai } } }
  }
  const [first, second] = [await campaign(of(55, 0.5, 0.1)), await campaign(of(56, 0.1, 0.5))]
  const created_at = ago(2 * MINUTE)
  const leads = (id: number, customer_id: number) =>
    ['Delhi', 'Mumbai', 'Delhi', 'Mumbai'].map((city, i) =>
      engine.lead(i + 1, id, { customer_id, city, created_at }),
    )
  await engine.accept([...leads(first, 55), ...leads(second, 56)])
  const city = async (id: number) => {
    const award = await engine.award([id])
    await engine.dispose(award, 'converted')
    return award.lead.city
  }
  assert.deepEqual([await city(first), await city(second)], ['Delhi', 'Mumbai'])
  await engine.put(first, of(55, 0.1, 0.9))
  assert.deepEqual([await city(first), await city(second)], ['Mumbai', 'Mumbai'])
  assert.deepEqual([await city(first), await city(second)], ['Mumbai', 'Delhi'])
})

test('A30: of equal leads Enterprise goes before Pro before Starter, live or stale', async () => {
  const created_at = ago(5 * MINUTE)
  const plans = ['Starter', 'Enterprise', 'Pro'].map((pricing_plan) => ({ pricing_plan }))
  const live = plans.map((plan) => ({ ...plan, created_at }))
  assert.deepEqual(await called(await campaign(), live), [2, 3, 1])
  const stale = plans.map((plan) => ({ ...plan, lead_type: 'Stale', last_activity: created_at }))
  assert.deepEqual(await called(await campaign(), stale), [2, 3, 1])
})

test('G6: with a power of 0 the plan only breaks ties, and a slightly better Starter goes first', async () => {
  const created_at = ago(5 * MINUTE)
  const leads = [
    { created_at, pricing_plan: 'Starter', city: 'Pune' },
    { created_at, pricing_plan: 'Starter', city: 'Delhi' },
    { created_at, pricing_plan: 'Enterprise', city: 'Pune' },
  ]
  const weights = { city: { Delhi: 0.1 } }
  const tie = await campaign({ weights, index: { plan_gamma: 0 } })
  assert.deepEqual(await called(tie, leads), [2, 3, 1])
  const strong = await campaign({ weights, index: { plan_gamma: 1 } })
  assert.deepEqual(await called(strong, leads), [3, 2, 1])
  // By default the plan weighs twice as much: a tenth of log-odds is less than that.
  assert.deepEqual(await called(await campaign({ weights }), leads), [3, 2, 1])
})

test('A31: an attribute that came up yesterday orders leads once it is configured, and not before', async () => {
  const created_at = ago(MINUTE)
  const leads = [1, 2, 3].map((visits) => ({
    created_at,
    attributes: { visits, webinar: visits === 2 ? 'attended' : 'missed' },
  }))
  const of = (attributes: object) => campaign({ weights: { attributes } })
  assert.deepEqual(await called(await of({ visits: 0.5 }), leads), [3, 2, 1])
  assert.deepEqual(await called(await of({ visits: -0.5 }), leads), [1, 2, 3])
  assert.deepEqual((await called(await of({ webinar: { attended: 1 } }), leads))[0], 2)
  const before = await campaign()
  await engine.accept(leads.map((lead, i) => engine.lead(i + 1, before, lead)))
  const scores = [await engine.award([before]), await engine.award([before])]
  assert.ok(Math.abs(scores[0]!.score / scores[1]!.score - 1) < 0.01)
})

test('G22: a stale share of a quarter gives about ten of forty awards to stale leads, live ones waiting', async () => {
  const live = (i: number) => ({ created_at: ago(MINUTE + i * 100) })
  const stale = (i: number) => ({ lead_type: 'Stale', last_activity: ago(i * HOUR) })
  for (const [share, low, high] of [
    [0.25, 9, 11],
    [0, 0, 0],
  ] as const) {
    const id = await campaign({ stale_share: share })
    const leads = Array.from({ length: 80 }, (_, i) => (i < 50 ? live(i) : stale(i)))
    await engine.accept(leads.map((lead, i) => engine.lead(i + 1, id, lead)))
    const types: string[] = []
    for (let i = 0; i < 40; i++) {
      const award = await engine.award([id])
      assertAddsUp(award)
      types.push(award.lead.lead_type)
    }
    const stales = types.filter((type) => type === 'Stale').length
    assert.ok(stales >= low && stales <= high, `${stales} of 40 are stale: ${types}`)
    // Spread over the awards, not in a row.
    assert.equal(types.join().includes('Stale,Stale'), false)
  }
})

test('G23: no bucket of age decides: within five minutes the fresher counts, and across them the better', async () => {
  const aged = (minutes: number, city: string) => ({ created_at: ago(minutes * MINUTE), city })
  const weights = { city: { Delhi: 0.4 } }
  // Equal leads of one bucket of five minutes are told apart by age all the same.
  const alike = [aged(4.5, 'Pune'), aged(1, 'Pune'), aged(2.5, 'Pune')]
  assert.deepEqual(await called(await campaign({ weights }), alike), [2, 3, 1])
  // Half a minute across the edge of a bucket is less than what a city makes.
  const across = [aged(4.8, 'Pune'), aged(5.3, 'Delhi')]
  assert.deepEqual(await called(await campaign({ weights }), across), [2, 1])
  // And a few minutes are more than that.
  const apart = [aged(1, 'Pune'), aged(9, 'Delhi')]
  assert.deepEqual(await called(await campaign({ weights }), apart), [1, 2])
})

test('G24: past its deadline a lead has no term of it, and competes on its value alone', async () => {
  // A low price of the promise, so that what competes is the value.
  const id = await campaign({ weights: { city: { Delhi: 4 } }, index: { sla_price_cap: 0.02 } })
  const late = { created_at: ago(31 * MINUTE), city: 'Delhi', pricing_plan: 'Enterprise' }
  const inTime = { created_at: ago(25 * MINUTE), city: 'Pune', pricing_plan: 'Starter' }
  const lost = { created_at: ago(3 * HOUR), city: 'Pune', pricing_plan: 'Starter' }
  await engine.accept([late, inTime, lost].map((lead, i) => engine.lead(i + 1, id, lead)))
  const awards = [await engine.award([id]), await engine.award([id]), await engine.award([id])]
  // What is lost for the promise is not lost for the sale, and goes by what it is worth.
  assert.deepEqual(
    awards.map(({ lead_id }) => lead_id),
    [1, 2, 3],
  )
  assert.equal(term(awards[0]!, 'deadline'), 0)
  assert.ok(term(awards[1]!, 'deadline') > 0)
  assert.equal(term(awards[2]!, 'deadline'), 0)
  for (const award of awards) {
    assert.ok(term(award, 'value') > 0)
    assertAddsUp(award)
  }
})

test('I10: asked several times at once by its id, in either encoding, a request takes one lead', async () => {
  const id = await campaign()
  await engine.accept([1, 2, 3].map((lead) => engine.lead(lead, id)))
  const body = { campaign_ids: [id], request_id: `at-once-${id}` }
  const asked = (['json', 'msgpack', 'json', 'msgpack'] as const).map((encoding) =>
    engine.call('lead.next', body, encoding),
  )
  const awards = await Promise.all(asked)
  assert.deepEqual(
    awards.map(({ type, award_id }) => [type, award_id]),
    awards.map(() => ['award', awards[0]?.award_id]),
  )
  await engine.award([id])
  await engine.award([id])
  await engine.noLead([id])
})

test.run()
