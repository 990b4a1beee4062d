// Where a profile's time is said to go, and its picture.

import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { flameGraph, flameOf } from './flame.ts'

const test = suite('flame')

const frame = (functionName: string, url: string) => ({
  functionName,
  url,
  scriptId: '0',
  lineNumber: 0,
  columnNumber: 0,
})

/** A host that packs for its shard, reads from NATS, collects, begins a profile, and rests. */
const PROFILE = {
  nodes: [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 4, 6, 7, 8] },
    { id: 2, callFrame: frame('append', 'file:///x/actors/shard/journal.ts'), children: [3] },
    { id: 3, callFrame: frame('pack', 'file:///x/node_modules/msgpackr/pack.js') },
    { id: 4, callFrame: frame('onRead', 'node:internal/stream'), children: [5] },
    { id: 5, callFrame: frame('parse', 'file:///x/node_modules/@nats-io/nats-core/parser.js') },
    { id: 6, callFrame: frame('(garbage collector)', '') },
    { id: 7, callFrame: frame('(idle)', '') },
    { id: 8, callFrame: frame('post', 'node:inspector') },
  ],
  startTime: 0,
  endTime: 1000,
  samples: [2, 3, 5, 6, 7, 8, 3],
  timeDeltas: [10, 30, 20, 10, 100, 50, 30],
}

test('FL1, FL2: time counts for the nearest caller that is ours; idle time and the profiler do not', () => {
  const flame = flameOf(PROFILE)
  assert.deepEqual(flame.rooms, [
    { room: 'actors/shard, in msgpackr', us: 60 },
    { room: 'NATS client', us: 20 },
    { room: 'actors/shard', us: 10 },
    { room: 'collecting garbage', us: 10 },
  ])
  assert.equal(flame.root.us, 100)
  assert.equal(flame.busy, 0.5)
  const [append] = flame.root.callees
  assert.deepEqual([append?.name, append?.us, append?.callees[0]?.us], ['append', 70, 60])
})

test('the picture names each function with its share, in the colour of whose it is', () => {
  const picture = flameGraph(flameOf(PROFILE), 'a host')
  for (const [kind, name, share] of [
    ['p0', 'append', '70.0'],
    ['p1', 'pack', '60.0'],
    ['p2', 'onRead', '20.0'],
    ['p3', '\\(garbage collector\\)', '10.0'],
  ]) {
    const box = new RegExp(`<title>${name} \\S* ?${share} %</title><rect class="${kind}"`)
    assert.match(picture, box)
  }
  assert.ok(!picture.includes('idle)') && !picture.includes('inspector'))
})

test.run()
