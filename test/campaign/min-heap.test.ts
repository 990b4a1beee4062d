import assert from 'node:assert/strict'
import { MinHeap } from '../../actors/campaign/min-heap.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('min-heap')

const time = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, 1, Number.NEGATIVE_INFINITY, Date.UTC(2026, 0)),
)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ time, row: fc.nat(1_000_000) }) },
  { weight: 2, arbitrary: fc.constant('pop' as const) },
)

test('it gives back what was pushed, earliest first, whatever the order and however often equal', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const heap = new MinHeap()
      const model: { time: number; row: number }[] = []
      const pop = () => {
        assert.equal(heap.peek(), Math.min(...model.map((entry) => entry.time)))
        const at = model.findIndex(
          ({ time, row }) => time === heap.peek() && row === heap.peekRow(),
        )
        assert.ok(at >= 0, 'it holds a row that was never pushed at that time')
        model.splice(at, 1)
        heap.pop()
      }
      for (const one of steps) {
        if (one === 'pop') {
          if (heap.size > 0) pop()
        } else {
          heap.push(one.time, one.row)
          model.push(one)
        }
        assert.equal(heap.size, model.length)
      }
      while (heap.size > 0) pop()
      assert.equal(model.length, 0)
      assert.equal(heap.peek(), Number.POSITIVE_INFINITY)
    }),
  )
})

test.run()
