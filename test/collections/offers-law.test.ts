// The laws of offers under random work: nothing is oversold, nothing is withheld, and the log alone
// makes the state.

import assert from 'node:assert/strict'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { anOffer, HOUR_MS, iso, MINUTE_MS, OfferCounter, SECOND_MS, T0 } from './offer-counter.ts'

const test = suite('offers, laws')
const TOTAL = 4

type Step =
  | { do: 'reserve'; qty: number; ttl: number; again: number | null }
  | { do: 'commit' | 'release' | 'cancel'; back: number }
  | { do: 'wait'; seconds: number }
  | { do: 'hand over' }

/** So many reservations before the latest one. */
const back = fc.integer({ min: 0, max: 4 })
const reserving = fc.record({
  do: fc.constant('reserve' as const),
  qty: fc.integer({ min: 1, max: 3 }),
  ttl: fc.integer({ min: 1, max: 60 }),
  again: fc.option(back, { freq: 6 }),
})
const settling = fc.record({
  do: fc.constantFrom('commit', 'commit', 'release', 'cancel', 'cancel'),
  back,
})
const waiting = fc.record({
  do: fc.constant('wait' as const),
  seconds: fc.integer({ min: 0, max: 120 }),
})
/** How long the offer holds. */
const minutes = fc.integer({ min: 1, max: 60 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: reserving },
  { weight: 6, arbitrary: settling },
  { weight: 4, arbitrary: waiting },
  { weight: 1, arbitrary: fc.constant({ do: 'hand over' as const }) },
)

/** What whoever asked was promised, by the answers alone. */
class Promises {
  readonly #held = new Map<string, { qty: number; until: number }>()
  readonly #sold = new Map<string, number>()
  /** Sold and taken back after the window: not to be sold again. */
  #spent = 0

  take(answer: { [field: string]: unknown }): void {
    const name = String(answer.reservation_id)
    const hold = this.#held.get(name)
    if (answer.type === 'reserved') {
      const until = Date.parse(String(answer.until))
      this.#held.set(name, { qty: Number(answer.qty), until })
    } else if (answer.type === 'committed' && hold !== undefined) {
      this.#sold.set(name, hold.qty)
      this.#held.delete(name)
    } else if (answer.type === 'released') this.#held.delete(name)
    else if (answer.type === 'cancelled') {
      if (answer.returned !== true) this.#spent += this.#sold.get(name) ?? 0
      this.#sold.delete(name)
    }
  }

  taken(now: number): number {
    let units = this.#spent
    for (const { qty, until } of this.#held.values()) if (until > now) units += qty
    for (const qty of this.#sold.values()) units += qty
    return units
  }
}

/** Takes a step; reservations are numbered from 1, `made` of them so far. */
function ask(counter: OfferCounter, step: Step, made: number): { [field: string]: unknown } {
  switch (step.do) {
    case 'wait':
      counter.now += step.seconds * SECOND_MS
      return {}
    case 'hand over':
      counter.handOver()
      return {}
    case 'reserve': {
      const { qty, ttl, again } = step
      const id = again === null ? made + 1 : made - again
      return counter.reserve(`r${id}`, { qty, ttl_s: ttl })
    }
    default:
      return counter.ask(`offer.${step.do}`, { reservation_id: `r${made - step.back}` })
  }
}

/** How often each answer came, so that the law was put to the test at all. */
function met(answers: Map<string, number>, type: unknown): void {
  answers.set(String(type), (answers.get(String(type)) ?? 0) + 1)
}

test('P5, P6: whatever is reserved, committed, released, cancelled and lapses in any order, never more than there is is promised, and what is free is not withheld', () => {
  const answers = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 120 }), minutes, (steps, open_min) => {
      const counter = new OfferCounter()
      const ends = T0 + open_min * MINUTE_MS
      counter.put({ qty_total: TOTAL, ends_at: iso(ends) })
      const promises = new Promises()
      let made = 0
      for (const step of steps) {
        const before = promises.taken(counter.now)
        const answer = ask(counter, step, made)
        if (step.do === 'reserve' && step.again === null) made++
        met(answers, answer.returned === false ? 'kept' : (answer.reason ?? answer.type))
        promises.take(answer)
        const taken = promises.taken(counter.now)
        assert.ok(taken <= TOTAL, `${taken} of ${TOTAL} units are promised`)
        const open = counter.now < ends
        if (answer.type === 'base' && open && step.do === 'reserve') {
          assert.ok(before + step.qty > TOTAL, `withheld: ${before} of ${TOTAL} were taken`)
        }
        // Asking brings about what is due by time: after a wait the next step has to.
        if (open && step.do !== 'wait') {
          assert.equal(counter.price('sku-1', {}).left ?? 0, TOTAL - taken)
        }
      }
      assert.deepEqual(counter.replayed().image(), counter.offers.image())
    }),
    { numRuns: 120 },
  )
  for (const type of ['reserved', 'base', 'committed', 'released', 'cancelled', 'lapsed', 'kept']) {
    assert.ok((answers.get(type) ?? 0) > 0, `${type}: ${JSON.stringify([...answers])}`)
  }
})

const window = fc.record({
  from: fc.integer({ min: 0, max: 20 }),
  hours: fc.integer({ min: 1, max: 6 }),
  priority: fc.integer({ min: 0, max: 1 }),
  scope: fc.constantFrom({}, { warehouse: 'Delhi' }, { customer_id: 55 }),
  batch: fc.boolean(),
})

test('P7: offers put in any order and manner never overlap within a key, scope and priority', () => {
  fc.assert(
    fc.property(fc.array(window, { maxLength: 40 }), (windows) => {
      const counter = new OfferCounter()
      for (const [i, { from, hours, batch, ...rest }] of windows.entries()) {
        const starts_at = iso(T0 + from * HOUR_MS)
        const offer = anOffer({ ...rest, starts_at, ends_at: iso(T0 + (from + hours) * HOUR_MS) })
        if (batch) counter.batch(`b${i}`, [anOffer({ key: `k${i}` }), offer])
        else counter.ask('offer.put', offer)
      }
      const { offers } = counter.ask('offer.list', { key: 'sku-1', limit: 1000 })
      for (const a of offers) {
        for (const b of offers) {
          const alike =
            JSON.stringify([a.scope, a.priority]) === JSON.stringify([b.scope, b.priority])
          if (a === b || !alike) continue
          assert.ok(
            a.ends_at <= b.starts_at || b.ends_at <= a.starts_at,
            `${a.offer_id} and ${b.offer_id}`,
          )
        }
      }
      assert.deepEqual(counter.replayed().image(), counter.offers.image())
    }),
  )
})

test.run()
