import assert from 'node:assert/strict'
import { Sleepers } from '../../actors/campaign/sleepers.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('sleepers')
const ROWS = 12

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ row: fc.nat(ROWS - 1), until: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ row: fc.nat(ROWS - 1) }) },
  { weight: 2, arbitrary: fc.record({ now: fc.nat(50) }) },
)

test('it wakes who sleeps, once and in time, whoever slept, woke and slept again meanwhile', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const model = new Map<number, number>()
      const sleepers = new Sleepers({
        isAsleep: (row) => model.has(row),
        wakesAt: (row) => model.get(row) ?? Number.NaN,
      })
      const rouse = (row: number) => {
        if (model.delete(row)) sleepers.remove()
      }
      for (const one of steps) {
        if ('now' in one) {
          const due = sleepers.due(one.now)
          const isNone = [...model.values()].every((until) => until > one.now)
          assert.equal(due === undefined, isNone)
          if (due === undefined) continue
          assert.equal(model.get(due), Math.min(...model.values()))
          rouse(due)
        } else {
          rouse(one.row)
          if ('until' in one) {
            model.set(one.row, one.until)
            sleepers.add(one.row, ROWS)
          }
        }
        assert.equal(sleepers.count, model.size)
        assert.equal(sleepers.next(), Math.min(...model.values()))
      }
    }),
  )
})

test('SL1: who falls asleep again and again leaves no more behind than is swept out', () => {
  const until = new Map<number, number>()
  let asked = 0
  const sleepers = new Sleepers({
    isAsleep: (row) => until.has(row),
    wakesAt: (row) => {
      asked++
      return until.get(row) ?? Number.NaN
    },
  })
  for (let at = 0; at < 10_000; at++) {
    if (until.delete(0)) sleepers.remove()
    until.set(0, at)
    sleepers.add(0, 1)
  }
  asked = 0
  assert.equal(sleepers.next(), 9999)
  assert.ok(asked < 2000, `${asked} entries looked at for one sleeper`)
})

test.run()
