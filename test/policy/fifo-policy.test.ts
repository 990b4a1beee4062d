import assert from 'node:assert/strict'
import { fifoPolicy } from '../../actors/policy/fifo-policy.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { order, sceneAt, T0, type Waiting } from './scene.ts'

const test = suite('fifo policy')

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const fifo = (leads: readonly Waiting[], weights?: Parameters<typeof order>[3]) =>
  order(fifoPolicy, leads, sceneAt(T0), weights)

test('A11: leads created at 10:00, 10:01 and 10:02 are called in that order', () => {
  const at = (minute: number) => ({
    name: `10:0${minute}`,
    arrival: T0 - (30 - minute) * MINUTE_MS,
  })
  assert.deepEqual(fifo([at(2), at(0), at(1)]), ['10:00', '10:01', '10:02'])
})

test('neither chance nor plan nor attempts count, and a retry waits from when it became due', () => {
  const leads: Waiting[] = [
    { name: 'third', arrival: T0 - MINUTE_MS, plan: 'Enterprise', city: 'Delhi' },
    { name: 'first', arrival: T0 - 3 * MINUTE_MS, kind: 'again', attempts: 3 },
    { name: 'second', arrival: T0 - 2 * MINUTE_MS },
  ]
  assert.deepEqual(fifo(leads, { city: { Delhi: 8 } }), ['first', 'second', 'third'])
})

test('a callback comes first, and stale leads last, newest activity first', () => {
  const leads: Waiting[] = [
    { name: 'never active', kind: 'stale', arrival: Number.NEGATIVE_INFINITY },
    { name: 'active long ago', kind: 'stale', arrival: T0 - 9 * DAY_MS },
    { name: 'active today', kind: 'stale', arrival: T0 - MINUTE_MS },
    { name: 'live', arrival: T0 - 40 * DAY_MS },
    { name: 'callback', kind: 'callback', arrival: T0 },
  ]
  const expected = ['callback', 'live', 'active today', 'active long ago', 'never active']
  assert.deepEqual(fifo(leads), expected)
})

test('any live leads are called by arrival', () => {
  const lead = fc.record({
    arrival: fc.integer({ min: T0 - 60 * DAY_MS, max: T0 }),
    kind: fc.constantFrom('first' as const, 'again' as const),
    plan: fc.constantFrom('Starter' as const, 'Enterprise' as const),
    attempts: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.uniqueArray(lead, { selector: ({ arrival }) => arrival }), (leads) => {
      const named = leads.map((one) => ({ ...one, name: String(one.arrival) }))
      const sorted = [...named].sort((a, b) => a.arrival - b.arrival).map(({ name }) => name)
      assert.deepEqual(fifo(named), sorted)
    }),
  )
})

test('a first call and a retry keep lanes of their own, or retries would count as uncalled', () => {
  const kinds = (['first', 'again', 'callback', 'stale'] as const).map(
    (kind) => fifoPolicy.laneOf({ kind, plan: 'Pro', chance: -9, attempts: 2, worth: 8 }).kind,
  )
  assert.deepEqual(kinds, ['first', 'again', 'callback', 'stale'])
})

test.run()
