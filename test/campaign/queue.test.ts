import assert from 'node:assert/strict'
import type { Conditions, Queue } from '../../actors/campaign/queue.ts'
import { indexPolicy } from '../../actors/policy/index-policy.ts'
import type { Policy } from '../../actors/policy/policy.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import type { CampaignId, CustomerId } from '../../actors/protocol/ids.ts'
import { MILLION, type Model } from '../../actors/protocol/model.ts'
import { defaultSettings, PLANS } from '../../actors/protocol/settings.ts'
import { model } from '../policy/models.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { AROUND_THE_CLOCK, HOUR_MS, MINUTE_MS, settingsOf } from './desk.ts'
import { NaiveQueue } from './naive-queue.ts'
import { anyLead, instant, settings, type Waiting, waiting } from './waiting.ts'

const test = suite('queue')
const OPEN = AROUND_THE_CLOCK

const LIKE: Waiting = {
  kind: 'first',
  plan: null,
  city: null,
  source: null,
  amount: null,
  tier: null,
  zone: null,
  attempts: 1,
  reschedules: 1,
  age: 0,
  activeAge: null,
}

/** Short waits and high prices are where the deadline outweighs a lead's value. */
const waitS = fc.constantFrom(20, 60, 300, 900, 28_800)
const slaPrice = fc.constantFrom(0, 0.5, 3)

/**
 * What happens to a queue: leads come, leave and come back, as they were or otherwise, time passes,
 * something is learnt, other settings come, and somebody asks.
 */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('toggle' as const), lead: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('rewrite' as const), lead: fc.nat(), to: anyLead }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('learn' as const), model }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('configure' as const), to: settings }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(2000), fc.nat(3 * HOUR_MS), fc.nat(20 * HOUR_MS)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('ask' as const),
      count: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 12 })),
      lag: fc.integer({ min: -300, max: 1500 }),
      waitS,
      slaPrice,
      hides: fc.constantFrom(0, 0, 2, 3),
      highest: fc.constantFrom(3, 3, 2, 1),
    }),
  },
)

function assertCounts(naive: NaiveQueue, queue: Queue, now: number): void {
  const { awake, asleep, firstCalls } = queue
  assert.deepEqual({ awake, asleep, firstCalls }, naive.count(now))
  assert.equal(queue.nextWake(), naive.nextWake(now))
  assert.deepEqual(queue.closed(now), naive.closed(now))
}

/** Q2: class and score of each place are what a full sort gives; which of two equals is free. */
function assertBest(
  naive: NaiveQueue,
  queue: Queue,
  ask: { count: number; now: number; conditions: Conditions; hides?: number; highest?: number },
): void {
  const { count, now, conditions, hides = 0, highest = 3 } = ask
  const hidden = hides === 0 ? undefined : (row: number) => row % hides === 0
  const found = queue.best(count, now, conditions, hidden, highest)
  const all = naive
    .ranked(now, conditions)
    .filter(({ row, rank }) => rank <= highest && hidden?.(row) !== true)
  const place = ({ rank, score }: { rank: number; score: number }) => ({ rank, score })
  assert.deepEqual(found.map(place), all.slice(0, count).map(place))
  assert.equal(new Set(found.map(({ row }) => row)).size, found.length, 'a row twice')
  for (const one of found) {
    assert.ok(hidden?.(one.row) !== true && naive.isAwake(one.row, now))
    assert.deepEqual(place(one), naive.scored(one.row, conditions))
  }
}

test('Q1, Q2: the best k are those of a full sort, and the counts those of a count, at any time', () => {
  const leads = waiting(60)
  const steps = fc.array(step, { maxLength: 60, size: 'max' })
  fc.assert(
    fc.property(settings, instant, leads, steps, (of, start, all, happens) => {
      const naive = new NaiveQueue(of, start, all)
      const { queue } = naive
      let now = start
      for (let row = 0; row < all.length; row += 2) {
        naive.members.add(row)
        queue.enqueue(row, now)
      }
      for (const one of happens) {
        if (one.type === 'toggle') {
          const row = one.lead % all.length
          if (naive.members.delete(row)) queue.remove(row)
          else {
            naive.members.add(row)
            queue.enqueue(row, now)
          }
        } else if (one.type === 'rewrite') {
          const row = one.lead % all.length
          const wasIn = naive.members.has(row)
          if (wasIn) queue.remove(row)
          naive.rewrite(row, one.to)
          if (wasIn) queue.enqueue(row, now)
        } else if (one.type === 'learn') {
          naive.learn(one.model)
          queue.wake(now)
        } else if (one.type === 'configure') {
          naive.configure(one.to)
          assertCounts(naive, queue, now) // Calling hours are those of the settings at once.
          for (let done = false; !done; ) done = queue.place(7, now)
        } else if (one.type === 'pass') {
          now += one.ms
          queue.wake(now)
        } else {
          const { waitS, slaPrice } = one
          const conditions = { asOf: now - one.lag, waitS, slaPrice }
          assertBest(naive, queue, { ...one, now, conditions })
        }
        assertCounts(naive, queue, now)
      }
    }),
    { numRuns: 300 },
  )
})

/** So many that a new model needs several turns to move them, in a few dozen lanes. */
const MANY = 5000

function crowd(): Waiting[] {
  return Array.from({ length: MANY }, (_, i): Waiting => {
    const kind = (['first', 'first', 'again', 'stale'] as const)[i % 4]!
    const city = ['Delhi', 'Pune', null][i % 3]!
    return {
      ...LIKE,
      kind,
      city,
      // Some are due only in the course of it.
      age: ((i * 7919) % (9 * HOUR_MS)) - (i % 40 === 0 ? 9 * HOUR_MS : 0),
      activeAge: (i * 104_729) % HOUR_MS,
    }
  })
}

/** A model with these log-odds for Delhi and Pune. */
function taught(version: number, delhi: number, pune: number): Model {
  const city = { Delhi: [delhi * MILLION, 90], Pune: [pune * MILLION, 90] } as const
  return { ...PRIOR_MODEL, version, weights: { ...PRIOR_MODEL.weights, city } }
}

test('Q1: while a new model moves leads, each is offered once, and Q2 holds once all have moved', () => {
  let now = Date.UTC(2026, 0, 5, 6)
  const naive = new NaiveQueue(settingsOf(), now, crowd())
  const { queue } = naive
  for (let row = 0; row < MANY; row++) naive.members.add(row)
  naive.load(now)
  const conditions = () => ({ asOf: now, waitS: 600, slaPrice: 0.05 })
  const assertAll = () => {
    const rows = queue.best(MANY, now, conditions()).map(({ row }) => row)
    const awake = [...naive.members].filter((row) => naive.isAwake(row, now))
    assert.equal(rows.length, awake.length)
    assert.deepEqual(new Set(rows), new Set(awake))
  }
  const wake = () => {
    now += 30 * MINUTE_MS
    queue.wake(now)
  }
  // The second model comes while the first has moved a part; leads leave and come back meanwhile.
  const models = [taught(1, 2, -1), taught(2, -1, 2)]
  let next = 0
  for (const one of models) {
    naive.learn(one)
    assertAll()
    wake()
    assertAll()
    for (let i = 0; i < 500; i++) {
      const row = (next++ * 97) % MANY
      queue.remove(row)
      if (i % 2 === 0) queue.enqueue(row, now)
      else naive.members.delete(row)
    }
    assertAll()
  }
  while (queue.placing) {
    queue.place(1000, now)
    assertCounts(naive, queue, now)
  }
  assertBest(naive, queue, { count: MANY, now, conditions: conditions() })
  // Nothing is left to move: what was found best is still so.
  const { arrivals } = queue
  queue.wake(now)
  assert.equal(queue.arrivals, arrivals)
})

test('Q4: a call moves few of the leads a new model moves, and what was found best stays found meanwhile', () => {
  const now = Date.UTC(2026, 0, 5, 6)
  const naive = new NaiveQueue(settingsOf(), now, crowd())
  const { queue } = naive
  naive.load(now)
  naive.learn(taught(1, 2, -1))
  const { arrivals } = queue
  let calls = 0
  for (; queue.placing; calls++) {
    assert.equal(queue.arrivals, arrivals)
    queue.wake(now)
  }
  assert.ok(calls > MANY / 100, `${calls} calls`)
  assert.equal(queue.arrivals, arrivals + 1)
})

test('Q4: while other settings move leads, each is offered once, under the hours of the settings', () => {
  const now = Date.UTC(2026, 0, 5, 6)
  const naive = new NaiveQueue(settingsOf({ hours: OPEN }), now, crowd())
  const { queue } = naive
  for (let row = 0; row < MANY; row++) naive.members.add(row)
  naive.load(now)
  const conditions = { asOf: now, waitS: 600, slaPrice: 0.05 }
  const offered = () => new Set(queue.best(MANY, now, conditions).map(({ row }) => row))
  const awake = new Set([...naive.members].filter((row) => naive.isAwake(row, now)))
  const weights = { city: { Delhi: 2, Pune: -1 } }
  const shut = [{ days: [2], from: '09:00', to: '19:00' }]
  const all = [
    settingsOf({ hours: OPEN, weights }),
    settingsOf({ hours: shut, weights }),
    settingsOf({ hours: OPEN, weights, policy: 'fifo' }),
    settingsOf({ hours: OPEN }),
  ]
  for (const to of all) {
    naive.configure(to)
    for (let done = false; !done; ) {
      assert.deepEqual(offered(), to.hours === all[1]?.hours ? new Set() : awake)
      done = queue.place(900, now)
    }
    assertCounts(naive, queue, now)
    assertBest(naive, queue, { count: MANY, now, conditions })
  }
})

test('Q2: when something was learnt, what is best changes with it', () => {
  const now = Date.UTC(2026, 0, 5, 6)
  const at = (city: string): Waiting => ({ ...LIKE, city, age: MINUTE_MS })
  const naive = new NaiveQueue(settingsOf(), now, [at('Delhi'), at('Pune')])
  naive.load(now)
  const best = () => naive.queue.best(1, now, { asOf: now, waitS: 600, slaPrice: 0 })[0]?.row
  for (const [model, row] of [
    [taught(1, 1, 0), 0],
    [taught(2, 0, 1), 1],
    [taught(3, 0, -1), 0],
  ] as const) {
    naive.learn(model)
    naive.queue.wake(now)
    assert.equal(best(), row)
  }
})

test('Q2 in the morning: of the night’s leads and the first of the day the best come first', () => {
  const opening = Date.UTC(2026, 0, 6, 3, 30)
  const of = settingsOf({ weights: { city: { Pune: -4 } } })
  const lead = fc.record({
    city: fc.constantFrom(null, 'Pune'),
    at: fc.integer({ min: -HOUR_MS * 16, max: HOUR_MS }),
  })
  const morning = fc.integer({ min: 0, max: HOUR_MS })
  const leads = fc.array(lead, { minLength: 10, maxLength: 60, size: 'max' })
  fc.assert(
    fc.property(leads, morning, waitS, slaPrice, (all, since, wait, price) => {
      const now = opening + since
      const waiting = all.map(({ city, at }) => ({ ...LIKE, city, age: since - at }))
      const naive = new NaiveQueue(of, now, waiting)
      for (let row = 0; row < all.length; row++) naive.members.add(row)
      naive.load(now)
      const conditions = { asOf: now, waitS: wait, slaPrice: price }
      assertBest(naive, naive.queue, { count: all.length, now, conditions })
    }),
    { numRuns: 100 },
  )
})

test('Q3, Q4: a queue loaded some rows at a time is the queue its leads came into one by one', () => {
  const some = fc.integer({ min: 1, max: 90 })
  fc.assert(
    fc.property(settings, instant, waiting(80), model, some, (of, now, all, learnt, rows) => {
      const naive = new NaiveQueue(of, now, all)
      naive.learn(learnt)
      for (let row = 0; row < all.length; row++) {
        naive.members.add(row)
        naive.queue.enqueue(row, now)
      }
      const loaded = naive.another(now, rows)
      assertCounts(naive, loaded, now)
      assertCounts(naive, naive.queue, now)
      assert.deepEqual(loaded.firstCallsAt(now), naive.queue.firstCallsAt(now))
      const conditions = { asOf: now, waitS: 600, slaPrice: 0.5 }
      assertBest(naive, loaded, { count: all.length, now, conditions })
    }),
    { numRuns: 80 },
  )
})

test('uncalled leads past their deadline are counted as such, retries never, under either policy', () => {
  for (const policy of ['index', 'fifo'] as const) {
    const of = { ...defaultSettings(4 as CampaignId, 55 as CustomerId, 'UTC'), policy }
    const now = Date.UTC(2026, 0, 5, 12)
    const at = (kind: Waiting['kind'], minutes: number): Waiting => {
      return { ...LIKE, kind, age: minutes * MINUTE_MS }
    }
    const all = [at('first', 29), at('first', 31), at('again', 300), at('stale', 900)]
    const naive = new NaiveQueue(of, now, all)
    const { queue } = naive
    naive.load(now)
    const counted = { oldest: now - 31 * MINUTE_MS, overdue: 1 }
    assert.deepEqual(queue.firstCallsAt(now), counted)
    assert.equal(queue.firstCalls, 2)
  }
})

test('a bid costs the same for 100,000 leads as for 1,000: it scores a few leads a lane', () => {
  const of = defaultSettings(4 as CampaignId, 55 as CustomerId, 'Asia/Kolkata')
  const now = Date.UTC(2026, 0, 5, 6)
  const scored = (size: number): number => {
    // The same lanes and ages, whatever the size: hundredfold, a few ms apart.
    const all = Array.from({ length: size }, (_, i): Waiting => {
      const kind = (['first', 'again', 'callback', 'stale'] as const)[i % 4]!
      const plan = PLANS[Math.floor(i / 4) % 3]!
      const age = (i % 1000) * 100_000 + Math.floor(i / 1000)
      return { ...LIKE, kind, plan, age, attempts: Math.floor(i / 12) % 4, activeAge: age * 40 }
    })
    let calls = 0
    const counting: Policy = {
      ...indexPolicy,
      score: (...args) => {
        calls++
        return indexPolicy.score(...args)
      },
    }
    const naive = new NaiveQueue(of, now, all)
    const { queue } = naive
    Object.assign(queue, { policy: counting })
    naive.load(now)
    queue.best(8, now, { asOf: now, waitS: 600, slaPrice: 0.5 })
    return calls
  }
  // Kinds, plans and attempts make 48 lanes; of each that could win the ends of its spans are scored.
  for (const size of [1000, 10_000, 100_000]) {
    const count = scored(size)
    assert.ok(count > 0 && count < 3 * 48, `${count} scores for ${size} leads`)
  }
})

test('a sleeping lead that is updated over and over leaves nothing behind', () => {
  const of = defaultSettings(4 as CampaignId, 55 as CustomerId, 'UTC')
  const now = Date.UTC(2026, 0, 5)
  const naive = new NaiveQueue(of, now, [{ ...LIKE, age: -HOUR_MS }])
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 500_000; i++) {
    naive.queue.enqueue(0, now)
    naive.queue.remove(0)
  }
  naive.queue.enqueue(0, now)
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 2 ** 20, `${grown} bytes for one sleeper`)
  assert.equal(naive.queue.nextWake(), now + HOUR_MS)
})

test.run()
