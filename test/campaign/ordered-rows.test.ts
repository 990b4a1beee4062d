import assert from 'node:assert/strict'
import { before, OrderedRows, type Place } from '../../actors/campaign/ordered-rows.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('ordered rows')

const ROWS = 3000
/** Few keys for many rows, so that ties abound; one below everything, as of a lead never active. */
const keys = fc.array(fc.oneof(fc.nat(40), fc.constant(Number.NEGATIVE_INFINITY)), {
  minLength: 20,
  maxLength: 60,
})

/** A plain sorted array of rows. */
class Model {
  readonly rows: number[] = []
  readonly #keyOf: (row: number) => number

  constructor(keyOf: (row: number) => number) {
    this.#keyOf = keyOf
  }

  insert(row: number): void {
    const at = this.rows.findIndex((other) => this.#after(other, row))
    this.rows.splice(at < 0 ? this.rows.length : at, 0, row)
  }

  remove(row: number): boolean {
    const at = this.rows.indexOf(row)
    if (at >= 0) this.rows.splice(at, 1)
    return at >= 0
  }

  #after(a: number, b: number): boolean {
    const [ka, kb] = [this.#keyOf(a), this.#keyOf(b)]
    return ka > kb || (ka === kb && a > b)
  }
}

function forwards(order: OrderedRows): number[] {
  const rows: number[] = []
  for (let place = order.start(); before(place, order.end()); place = order.next(place)) {
    rows.push(order.row(place))
  }
  return rows
}

function backwards(order: OrderedRows): number[] {
  const rows: number[] = []
  let place: Place | undefined = order.previous(order.end())
  for (; place !== undefined; place = order.previous(place)) rows.push(order.row(place))
  return rows.reverse()
}

function assertSame(order: OrderedRows, model: Model, keyOf: (row: number) => number): void {
  assert.equal(order.size, model.rows.length)
  assert.deepEqual(forwards(order), model.rows)
  assert.deepEqual(backwards(order), model.rows)
  for (const key of [Number.NEGATIVE_INFINITY, -1, 0, 7, 39.5, 40, 41]) {
    const above = model.rows.filter((row) => keyOf(row) <= key).length
    assert.equal(order.countBefore(order.above(key)), above, `rows up to ${key}`)
  }
}

/** Blocks of rows put in or taken out together: up, down, or hither and thither. */
const block = fc.record({
  insert: fc.boolean(),
  from: fc.nat(ROWS - 1),
  count: fc.nat(1200),
  stride: fc.constantFrom(1, -1, 7, 1009),
})

test('rows stand in order of key, then of row, through any inserts and removals', () => {
  fc.assert(
    fc.property(keys, fc.array(block, { maxLength: 8 }), (table, blocks) => {
      const keyOf = (row: number) => table[row % table.length]!
      const order = new OrderedRows(keyOf)
      const model = new Model(keyOf)
      const held = new Set<number>()
      for (const { insert, from, count, stride } of blocks) {
        for (let i = 0; i < count; i++) {
          const row = (((from + i * stride) % ROWS) + ROWS) % ROWS
          if (!insert) {
            assert.equal(order.remove(row), model.remove(row))
            held.delete(row)
          } else if (!held.has(row)) {
            order.insert(row)
            model.insert(row)
            held.add(row)
          }
        }
        assertSame(order, model, keyOf)
      }
    }),
    { numRuns: 60 },
  )
})

test('an order without rows has an end where it starts, and nothing to remove', () => {
  const order = new OrderedRows(() => 0)
  assert.equal(order.remove(1), false)
  assert.deepEqual([forwards(order), backwards(order)], [[], []])
  order.insert(1)
  assert.equal(order.remove(2), false)
  assert.equal(order.remove(1), true)
  assert.equal(before(order.start(), order.end()), false)
})

test.run()
