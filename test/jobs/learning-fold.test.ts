// Learning fold and model actors: LF1, LF2, MA1 to MA3.

import assert from 'node:assert/strict'
import { LearningFold } from '../../actors/jobs/learning-fold.ts'
import type { Learning } from '../../actors/jobs/model-actor.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { AwardId, CustomerId } from '../../actors/protocol/ids.ts'
import type { Outcome } from '../../actors/protocol/model.ts'
import type { PublishedModel } from '../../actors/runtime/model-store.ts'
import { suite } from '../support/suite.ts'
import { adopted, confirmed, disposed, ended, put } from './told.ts'

const test = suite('learning fold')
const C55 = 55 as CustomerId

/** Learns by heart; its bias is how many outcomes it has, so that each is news. */
class ByHeart implements Learning {
  readonly outcomes: Outcome[] = []

  learn(outcome: Outcome): void {
    if (outcome.seen.features.city === 'poison') throw new Error('cannot learn that')
    this.outcomes.push(outcome)
  }
  model(customer: number) {
    const { length } = this.outcomes.filter((outcome) => outcome.customer === customer)
    return { ...PRIOR_MODEL, version: 0, calls: length, bias: length * 100_000 }
  }
  calibration() {
    return null
  }
}

function newFold() {
  const learning = new ByHeart()
  const faults: number[] = []
  const fold = new LearningFold(learning, (_, seq) => faults.push(seq))
  fold.fold(1, [put(1, 55), put(2, 56), put(3, 55)])
  return { learning, fold, faults }
}

test('outcomes go to the actor of their campaign’s customer, in the order of the log', () => {
  const { learning, fold } = newFold()
  fold.fold(2, [disposed(1), disposed(2), disposed(3)])
  fold.fold(5, [disposed(1)])
  assert.deepEqual(
    learning.outcomes.map(({ customer }) => customer),
    [55, 56, 55, 55],
  )
  assert.deepEqual([fold.learnt, fold.skipped, fold.seq], [4, 0, 5])
  assert.equal(fold.actors.get(C55)?.calls, 3)
  fold.fold(5, [disposed(1)])
  assert.equal(fold.learnt, 4, 'a record folded before is passed over')
})

test('what teaches nothing is counted: told before there was anything to learn from, of nobody, or broken', () => {
  const { fold, faults } = newFold()
  const { seen: _, ...old } = disposed(1)
  fold.fold(2, [old, disposed(9), disposed(1, { city: 'poison' }), disposed(1)])
  assert.deepEqual([fold.learnt, fold.skipped], [1, 3])
  assert.deepEqual(faults, [2])
})

test('a call’s length is learnt where its award was confirmed and not ended otherwise', () => {
  const { learning, fold } = newFold()
  fold.fold(2, [confirmed(1, 'a1'), confirmed(1, 'a2'), confirmed(1, 'a3'), ended(1, 'a3')])
  for (const [i, award] of ['a1', 'a2', 'a3', 'a4'].entries()) {
    fold.fold(3 + i, [disposed(1, { award: award as AwardId })])
  }
  assert.deepEqual(
    learning.outcomes.map(({ handled_ms }) => handled_ms),
    [90_000, 90_000, null, null],
  )
})

test('an image goes on exactly where it was taken', () => {
  const whole = newFold()
  const half = newFold()
  for (const fold of [whole.fold, half.fold]) {
    fold.fold(2, [confirmed(1, 'a1'), disposed(1), adopted(3, 7)])
  }
  const rest = new LearningFold(half.learning, () => {})
  rest.load(unpack(pack(half.fold.image())))
  for (const fold of [whole.fold, rest]) {
    fold.fold(3, [disposed(1, { award: 'a1' as AwardId }), disposed(2)])
  }
  assert.deepEqual(rest.image(), whole.fold.image())
  assert.deepEqual(half.learning.outcomes, whole.learning.outcomes)
  assert.equal(rest.actors.get(C55)?.adopted, 7)
})

/** Folds as many outcomes and asks for what to publish over `held`. */
function grown(calls: number) {
  const { fold } = newFold()
  let seq = 1
  const grow = (count: number) => {
    for (let i = 0; i < count; i++) fold.fold(++seq, [disposed(1)])
  }
  grow(calls)
  const actor = fold.actors.get(C55)
  assert.ok(actor !== undefined)
  const publish = (held: PublishedModel | null, now: number, at = fold.seq) =>
    actor.publish(held, { seq: at, now, wall: 1_000_000 + now })
  return { fold, actor, grow, publish }
}

test('MA2: the first version comes after 20 outcomes, the next where something moved, each higher', () => {
  const few = grown(19)
  assert.equal(few.publish(null, 0), null)
  const { grow, publish } = grown(20)
  const first = publish(null, 0)
  assert.deepEqual(
    [first?.model.version, first?.model.calls, first?.seq, first?.published_at],
    [1, 20, 21, 1_000_000],
  )
  assert.equal(publish(first, 60_000), null, 'nothing was learnt since')
  grow(1)
  assert.equal(publish(first, 64_000)?.model.version, 2)
})

test('MA2: a version that a campaign adopted is never given out again, also when the store lost it', () => {
  const { fold, publish } = grown(20)
  fold.fold(100, [adopted(3, 41), adopted(1, 40)])
  assert.equal(publish(null, 0)?.model.version, 42)
})

test('MA3: what was learnt from less of the log is not published over what was learnt from more', () => {
  const { grow, publish } = grown(20)
  const held = publish(null, 0)
  assert.ok(held !== null)
  grow(5)
  assert.equal(publish({ ...held, seq: 1000 }, 60_000), null)
  assert.notEqual(publish(held, 120_000), null)
})

test('where nothing moved, a version stays and how well it does is told again after a while', () => {
  const { actor, grow, publish } = grown(20)
  const held = publish(null, 0)
  assert.ok(held !== null)
  actor.published(0)
  grow(1)
  // As if that outcome had changed nothing.
  const same = { ...held, model: { ...held.model, bias: held.model.bias + 100_000 } }
  assert.equal(publish(same, 299_999), null)
  const told = publish(same, 305_000)
  assert.deepEqual([told?.model, told?.seq], [same.model, 22])
  assert.equal(told?.published_at, held.published_at)
})

test.run()
