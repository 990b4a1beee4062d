// Tables against plain rows: growing, changing and being copied at the same time.

import assert from 'node:assert/strict'
import { type Arrays, Table } from '../../actors/campaign/table.ts'
import { bytesOf, type TableCut } from '../../actors/campaign/table-cut.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { suite } from '../support/suite.ts'

const test = suite('table')

const COLUMNS = { at: Float64Array, code: Uint16Array } as const
/** Past the size up to which a table is copied whole, and past its first growth beyond. */
const ROWS = 60_000

interface Row {
  at: number
  code: number
}

/** A cut that is being read, what it must show, and what was read of it. */
interface Reading {
  cut: TableCut
  expected: Row[]
  found: Row[]
}

function rowsOf(block: Arrays): Row[] {
  return Array.from(block.at ?? [], (at, i) => ({ at, code: block.code?.[i] ?? Number.NaN }))
}

for (const seed of [1, 2, 3]) {
  test(`TB1, TB2: rows that come and change while it grows are there, and cuts show what was (seed ${seed})`, () => {
    const random = seeded(seed)
    const below = (n: number) => Math.floor(random() * n)
    const table = new Table(COLUMNS, 64)
    const model: Row[] = []
    const readings: Reading[] = []
    const write = (row: number, value: Row) => {
      table.columns.at[row] = value.at
      table.columns.code[row] = value.code
    }
    const any = (): Row => ({ at: below(9) === 0 ? Number.NaN : below(1e9), code: below(65_536) })
    for (let size = 0; size < ROWS; size++) {
      table.extend(size)
      model.push(any())
      write(size, model[size] as Row)
      for (let changes = below(3); changes > 0; changes--) {
        const row = below(size + 1)
        model[row] = any()
        table.changing(row)
        write(row, model[row] as Row)
        table.changed(row)
      }
      if (size % 9000 === 8000) {
        const expected = model.map((row) => ({ ...row }))
        readings.push({ cut: table.cut(model.length), expected, found: [] })
      }
      if (size % 400 === 0) {
        for (const { cut, found } of readings) found.push(...rowsOf(cut.read(below(900))))
      }
    }
    assert.deepEqual(rowsOf(table.cut(ROWS).read(ROWS)), model)
    assert.equal(readings.length, 6)
    for (const { cut, expected, found } of readings) {
      found.push(...rowsOf(cut.read(ROWS)))
      assert.deepEqual(found, expected)
      assert.equal(cut.kept, 0, 'nothing is kept of what was read')
    }
  })
}

test('TB3: a column that is cleared is zero from then on, and in no cut of before', () => {
  const table = new Table(COLUMNS, 64)
  for (let row = 0; row < 30_000; row++) {
    table.extend(row)
    table.columns.code[row] = 7
    if (row !== 25_000) continue
    const cut = table.cut(row)
    table.clear('code')
    assert.ok(cut.read(row).code?.every((code) => code === 7))
  }
  const { code } = table.columns
  assert.ok(code.subarray(0, 25_001).every((value) => value === 0))
  assert.ok(code.subarray(25_001, 30_000).every((value) => value === 7))
})

test('what a cut learns later is in it, whether the row has changed since or not', () => {
  const table = new Table(COLUMNS, 64)
  for (let row = 0; row < 3; row++) table.extend(row)
  const cut = table.cut(3)
  table.changing(1)
  table.columns.code[1] = 9
  cut.amend(0, 'at', 5)
  cut.amend(1, 'at', 6)
  cut.amend(3, 'at', 7)
  assert.deepEqual(rowsOf(cut.read(3)), [
    { at: 5, code: 0 },
    { at: 6, code: 0 },
    { at: 0, code: 0 },
  ])
})

test('a closed cut keeps nothing more', () => {
  const table = new Table(COLUMNS, 64)
  const cut = table.cut(10)
  cut.close()
  table.changing(1)
  assert.equal(cut.kept, 0)
})

test('of a column with one value that value is written once, and read for all rows', () => {
  const values: [number[], number][] = [
    [[1, 1, 1], 1],
    [[Number.NaN, Number.NaN], 1],
    [[0, -0], 2],
    [[1, 2], 2],
    [[5], 1],
    [[], 0],
  ]
  for (const [at, length] of values) {
    const bytes = bytesOf({ at: Float64Array.from(at), code: new Uint16Array(at.length) })
    assert.equal(bytes.at?.length, length * 8, String(at))
    const table = new Table(COLUMNS, 64)
    table.fill(10, at.length, bytes)
    const read = [...table.columns.at.subarray(10, 10 + at.length)]
    assert.ok(read.every((value, i) => Object.is(value, at[i])))
    assert.equal(table.columns.at[10 + at.length], 0)
  }
})

test.run()
