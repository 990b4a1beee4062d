import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { getHeapSnapshot } from 'node:v8'
import { suite } from '../support/suite.ts'
import { bytesByField } from './memory.ts'

const test = suite('memory')
const COUNT = 10_000

class Held {
  readonly open = { numbers: new Float64Array(COUNT), again: null as unknown }
  readonly #secret = [new Int32Array(COUNT), new Int32Array(COUNT)]
  readonly #texts = new Map(
    Array.from({ length: COUNT }, (_, i) => [`${i}`, { text: `text ${i}` }]),
  )
  readonly #act = () => this.#secret.length + this.#texts.size

  constructor() {
    this.open.again = this.open.numbers
    assert.equal(this.#act(), 2 + COUNT)
  }
}

test('what an object holds is counted once, by field, private ones and what maps hold too', async () => {
  const held = new Held()
  const bytes = bytesByField(JSON.parse(await text(getHeapSnapshot())), Held.name)
  assert.ok(held.open.numbers.length > 0)
  const near = (field: string, least: number, most = least * 1.01 + 500) => {
    const found = bytes.get(field) ?? 0
    assert.ok(found >= least && found <= most, `${field}: ${found}, not ${least} to ${most}`)
  }
  near('open.numbers', 8 * COUNT)
  near('#secret', 2 * 4 * COUNT)
  near('#texts', 50 * COUNT, 200 * COUNT)
  assert.equal(bytes.has('open.again'), false)
  const all = [...bytes.values()].reduce((sum, each) => sum + each, 0)
  assert.ok(all < 20 * COUNT + 200 * COUNT, `${all} in all: it found its way to what others hold`)
})

test.run()
