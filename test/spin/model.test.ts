// The model of claim, fence, lapse and suppress: it holds over every state of its configurations,
// each of them meets what it is about, and each planted bug is found by the property it breaks.

import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { hunt, MUTANTS, QUICK } from './searches.ts'
import { check, parse } from './spin.ts'

const test = suite('model')
const met = new Map<string, number>()

for (const { name, bounds } of QUICK) {
  test(`I1, I4, I6, I9 hold: ${name}`, async () => {
    const { breach, sometimes } = await check({ bounds })
    assert.equal(breach, null)
    for (const [what, count] of sometimes) met.set(what, (met.get(what) ?? 0) + count)
  })
}

test('what the model is about was met on the way', () => {
  assert.ok(met.size >= 12, `only ${met.size} counters`)
  const never = [...met].filter(([, count]) => count === 0).map(([what]) => what)
  assert.deepEqual(never, [])
})

for (const mutant of MUTANTS) {
  test(`${mutant.only} does not hold with ${mutant.name}`, async () => {
    const { breach } = await check(hunt(mutant))
    assert.ok(breach !== null, `${mutant.mutant} was not found`)
    assert.equal(breach.property, mutant.only)
    assert.ok(breach.steps > 0)
  })
}

test('SN1: a search that was cut short is no pass', async () => {
  const [first] = QUICK
  assert.ok(first !== undefined)
  await assert.rejects(check({ bounds: first.bounds, memoryMb: 140 }), /not complete|said nothing/)
  const report = 'errors: 0\n5 states, stored\n1.0\ttotal actual memory usage\n'
  const ended = `${report}pan: elapsed time 0 seconds\n`
  assert.equal(parse(ended).property, null)
  assert.throws(() => parse(`Warning: Search not completed\n${ended}`), /not complete/)
  assert.throws(() => parse(`error: max search depth too small\n${ended}`), /not complete/)
  assert.throws(() => parse(ended.replace('errors: 0', 'errors: 1')), /no property's/)
})

test.run()
