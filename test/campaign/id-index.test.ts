import assert from 'node:assert/strict'
import { IdIndex } from '../../actors/campaign/id-index.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('id index')

/** Ids as customers number leads: dense, strided, or any integer a number holds exactly. */
const id = fc.oneof(
  fc.integer({ min: 1, max: 3000 }),
  fc.integer({ min: 1, max: 3000 }).map((i) => i * 4096),
  fc.integer({ min: 1, max: 3000 }).map((i) => i * 2 ** 32),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
)

test('every id finds its row, and an id that was never added finds none', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 800, size: 'max' }),
      fc.array(id),
      (ids, others) => {
        const index = new IdIndex((row) => ids[row]!)
        const model = new Map<number, number>()
        for (const [row, added] of ids.entries()) {
          assert.equal(index.get(added), undefined)
          index.add(row)
          model.set(added, row)
          assert.equal(index.get(added), row)
        }
        for (const one of [...ids, ...others]) assert.equal(index.get(one), model.get(one))
      },
    ),
  )
})

test('100,000 strided ids are found in few steps each', () => {
  for (const stride of [1, 2, 1000, 65_536, 2 ** 20]) {
    let asked = 0
    const index = new IdIndex((row) => {
      asked++
      return (row + 1) * stride
    })
    for (let row = 0; row < 100_000; row++) index.add(row)
    asked = 0
    for (let row = 0; row < 100_000; row++) index.get((row + 1) * stride)
    assert.ok(asked < 100_000 * 6, `stride ${stride}: ${asked / 100_000} looks an id`)
  }
})

test.run()
