// Admission under a manual clock: what is let in, what is refused and why, and what that makes of an
// engine that is asked for more than it can do.

import assert from 'node:assert/strict'
import { SERVICES, type Service } from '../../../actors/protocol/subjects.ts'
import type { Room } from '../../../actors/runtime/log-room.ts'
import { seeded } from '../../../actors/runtime/random.ts'
import { Admission, type Refusal, type Shed } from '../../../gateway/auction/admission.ts'
import { PLACES } from '../../../gateway/auction/admission-rank.ts'
import { suite } from '../../support/suite.ts'
import { BUDGET_MS, runModel, type Second, sumOf } from './queue-model.ts'

const test = suite('admission')
const PACE = 1000

/** An admission with a clock, a delay and a room that the test sets. */
function make() {
  const stand = { now: 0, delayMs: 0, room: 'ample' as Room }
  const sheds: [string, Shed][] = []
  const admission = new Admission({
    now: () => stand.now,
    random: seeded(3),
    delayMs: () => stand.delayMs,
    room: () => stand.room,
    onShed: (service, why) => sheds.push([service, why]),
  })
  const ask = (service: Service, budgetMs = BUDGET_MS) => admission.refusal(service, budgetMs)
  /** Lets in so many, or as many as there may be. */
  const fill = (service: Service, most: number) => {
    const leaves: (() => void)[] = []
    while (leaves.length < most && ask(service) === null) leaves.push(admission.enter(service))
    return leaves
  }
  return { stand, sheds, admission, ask, fill }
}

function told(refusal: Refusal | null): Refusal {
  assert.ok(refusal !== null, 'it was let in')
  assert.ok(Number.isInteger(refusal.retry_after_ms) && refusal.retry_after_ms >= 100)
  return refusal
}

const surge = (times: number, more: object = {}) =>
  runModel({ seconds: 8, offered: () => times * PACE, pace: () => PACE, ...more })

/** Whether enough was served in time once the limit was found, and nothing piled up. */
function serves(run: readonly Second[]): boolean {
  const { good, most, p99Ms } = sumOf(run.slice(3))
  return good >= 0.9 * PACE * (run.length - 3) && most < PACE / 2 && p99Ms <= BUDGET_MS
}

test('AL1: with too much asked, what is served stays what can be served, and inside the budget', () => {
  for (const times of [1.5, 4, 10]) assert.ok(serves(surge(times)), `${times} times the pace`)
  assert.ok(serves(surge(4, { stallMs: 150, pace: () => 1.5 * PACE })), 'an engine that stalls')
})

test('the model can say no: where everybody is let in, nobody is served in time', () => {
  const run = surge(4, { open: true })
  assert.equal(serves(run), false)
  assert.equal(sumOf(run.slice(3)).good, 0)
  assert.ok(sumOf(run).most > 10 * PACE)
})

test('AL1: the limit follows the pace, down and up again', () => {
  const pace = (second: number) => (second >= 4 && second < 8 ? PACE / 5 : PACE)
  const run = runModel({ seconds: 13, offered: () => 3 * PACE, pace })
  assert.ok(sumOf(run.slice(6, 8)).good >= 0.9 * 2 * (PACE / 5))
  assert.ok(sumOf(run.slice(10)).good >= 0.95 * 3 * PACE)
})

test('AL1: a burst is no queue: all of it is let in and served', () => {
  const { good, refused, offered } = sumOf(
    runModel({ seconds: 4, offered: (second) => (second < 0.1 ? 8000 : 200), pace: () => 4000 }),
  )
  assert.equal(refused, 0)
  assert.ok(good > 0.99 * offered)
})

test('AL1: messages that wait before they are read count like requests in hand', () => {
  const delayMs = (inHand: number) => inHand * 2
  const run = surge(4, { pace: () => 20 * PACE, offered: () => 25 * PACE, delayMs })
  assert.ok(sumOf(run.slice(3)).most <= 200)
  assert.ok(
    sumOf(surge(4, { pace: () => 20 * PACE, offered: () => 25 * PACE }).slice(3)).most > 500,
  )
})

test('after the surge, and after an outage, everybody is served again at once', () => {
  const after = runModel({
    seconds: 9,
    offered: (second) => (second < 5 ? 4 * PACE : 0.7 * PACE),
    pace: () => PACE,
  })
  const outage = runModel({
    seconds: 10,
    offered: () => 0.7 * PACE,
    pace: (second) => (second >= 2 && second < 5 ? 0 : PACE),
  })
  for (const run of [after.slice(6), outage.slice(7)]) {
    const { good, offered } = sumOf(run)
    assert.ok(good >= 0.99 * offered)
  }
  assert.ok(sumOf(outage.slice(3, 5)).refused > 0, 'while nobody is served, few are let in')
})

test('AL2: who was answered by some only says nothing of the queue', () => {
  const slow = (by: 'all' | 'some') => {
    const { stand, admission, ask, fill } = make()
    const before = admission.limit
    const leaves = fill('lead.next', 100)
    for (; stand.now < 2000; stand.now += 20) {
      for (let i = 0; i < 5; i++) admission.went(260, by)
      ask('lead.next')
    }
    for (const leave of leaves) leave()
    return admission.limit < before
  }
  assert.deepEqual([slow('some'), slow('all')], [false, true])
})

test('AL3: a request whose budget is less than it takes is refused, until that is forgotten', () => {
  const { stand, admission, ask, fill, sheds } = make()
  fill('lead.next', 8)
  for (; stand.now <= 200; stand.now += 10) {
    admission.went(120, 'all')
    ask('lead.next')
  }
  assert.equal(admission.serviceMs, 120)
  assert.equal(told(ask('lead.next', 100)).type, 'overloaded')
  assert.equal(ask('lead.next', 130), null)
  assert.deepEqual(sheds, [['lead.next', 'budget']])
  stand.now += 1500
  assert.equal(ask('lead.next', 100), null)
})

test('AL3: a few are let in whatever is thought of their chances', () => {
  const { stand, admission, ask, fill } = make()
  for (; stand.now <= 200; stand.now += 10) {
    admission.went(700, 'all')
    ask('lead.next')
  }
  assert.equal(ask('lead.next', 50), null)
  fill('lead.next', 8)
  assert.equal(admission.neededMs, 0, 'and are tried')
  assert.equal(ask('lead.next', 50)?.type, 'overloaded')
  fill('lead.next', 1)
  assert.equal(admission.neededMs, 700)
})

test('AD2: what can wait gives way while requests for a lead are refused, but for a few', () => {
  const { stand, admission, ask, fill, sheds } = make()
  assert.equal(fill('lead.ingest', 99).length, 64)
  assert.equal(sheds.pop()?.[1], 'full')
  const calm = make()
  assert.ok(calm.fill('lead.show', 1000).length >= 256)
  const limit = fill('lead.next', 9999).length
  assert.equal(limit, admission.limit)
  assert.deepEqual(sheds.pop(), ['lead.next', 'queue'])
  assert.equal(admission.pressed, true)
  assert.equal(told(ask('lead.ingest')).type, 'overloaded')
  assert.deepEqual(sheds.pop(), ['lead.ingest', 'rank'])
  assert.equal(fill('lead.show', 99).length, 4)
  assert.equal(sheds.pop()?.[1], 'rank')
  assert.equal(told(admission.bulkRefusal('export')).type, 'overloaded')
  stand.now += 600
  assert.equal(admission.bulkRefusal('export'), null)
})

test('AD2: ends of calls are let in when nothing else is', () => {
  const { stand, sheds, ask, fill } = make()
  fill('lead.next', 9999)
  stand.delayMs = 5000
  for (const service of SERVICES.filter((one) => PLACES[one].rank === 'end')) {
    assert.equal(ask(service), null, service)
  }
  assert.equal(fill('lead.disposition', 9999).length, 4096)
  assert.deepEqual(sheds.pop(), ['lead.disposition', 'full'])
  assert.equal(told(ask('lead.confirm')).type, 'overloaded')
})

test('AD2: confirm, outcome and suppression are ends; leads on their way in, lists and puts are not', () => {
  for (const service of ['lead.confirm', 'lead.disposition', 'suppression.add'] as const) {
    assert.equal(PLACES[service].rank, 'end')
    assert.equal(PLACES[service].writing, 'ends')
  }
  for (const service of ['lead.ingest', 'campaign.list', 'campaign.put', 'lead.show'] as const) {
    assert.equal(PLACES[service].rank, 'rest')
  }
})

test('AD4: a log that fills up takes no leads, then begins nothing; calls are ended all the same', () => {
  const { stand, ask, admission } = make()
  const open = () => SERVICES.filter((service) => ask(service) === null)
  stand.room = 'tight'
  assert.deepEqual(
    SERVICES.filter((service) => !open().includes(service)),
    SERVICES.filter((service) => PLACES[service].writing === 'grows'),
  )
  const { retry_after_ms, ...ingest } = told(ask('lead.ingest'))
  assert.deepEqual(ingest, { type: 'overloaded', reason: 'log_full' })
  assert.ok(retry_after_ms >= 15_000)
  assert.equal(admission.bulkRefusal('import')?.reason, 'log_full')
  stand.room = 'full'
  assert.deepEqual(
    open(),
    SERVICES.filter((service) => ['ends', 'reads'].includes(PLACES[service].writing)),
  )
  assert.equal(told(ask('lead.next')).type, 'unavailable')
})

test('AD5: when to come again is drawn by chance, and later the more are refused', () => {
  const hints = (share: number) => {
    const { stand, admission, ask } = make()
    const leaves: (() => void)[] = []
    const found: number[] = []
    for (let i = 0; stand.now < 3000; stand.now += 1, i++) {
      while (i % share !== 0 && ask('lead.next') === null) leaves.push(admission.enter('lead.next'))
      if (i % share === 0) leaves.splice(0, 1)[0]?.()
      const refusal = ask('lead.next')
      if (refusal === null) leaves.push(admission.enter('lead.next'))
      else if (stand.now > 1500) found.push(refusal.retry_after_ms)
    }
    const mean = found.reduce((sum, ms) => sum + ms, 0) / found.length
    return { mean, different: new Set(found).size }
  }
  const [few, many] = [hints(2), hints(10)]
  assert.ok(few.different > 50 && many.different > 50)
  assert.ok(many.mean > 2 * few.mean, `${few.mean} and ${many.mean}`)
})

test.run()
