// The simulation itself: that it is deterministic, that it finds nothing in the engine, and that it
// would find what is planted.
//
// The gate runs its seeds on two processes and prints its figures; `npm run sim` runs any number by hand.
//
// deadline: 600 s

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { suite } from '../support/suite.ts'
import { BUGS } from './bugs.ts'
import { install } from './builtins.ts'
import { FAULTS } from './faults.ts'
import { Figures } from './figures.ts'
import { Proc, Scheduler } from './scheduler.ts'
import { SEEDS } from './seeds.ts'
import { simulate } from './simulate.ts'

const test = suite('sim', { deadlineMs: 400_000 })

/** Seeds of the gate; on a machine where they take longer than so much real time, at least so many. */
const GATE_SEEDS = 300
const GATE_MS = 110_000
const GATE_LEAST = 250
const GATE_EVENTS = 5_000_000
const PROCESSES = 2
/** What a bug may take to be caught. */
const BUG_SEEDS = 50

/** What must have happened in a gate, or its seeds have not been where it hurts. */
const SOMETIMES = [
  'append refused that had landed',
  'append of a former owner refused',
  '10164',
  'late append',
  'lost ack of append',
  'message cut off',
  'log: shard given up FENCED',
  'log: shard given up RELEASED',
  'log: append unanswered',
  'log: snapshot taken',
  'log: snapshot unreadable, trying an older one',
  'log: queued leads rejected',
  'log: queued leads set aside',
  'log: campaign quarantined',
  'log: beat not taken',
  'log: inbox not written',
  'log: mark not written',
  'shard halted, as it must',
  'log rolled back, which a snapshot or mark knows',
  'message stored twice',
  'message handed out twice',
  'clock of a host set',
  'clock of a host an hour back',
  'record damaged',
  'lead.next: award',
  'lead.next: unavailable',
  'lead.next: no_lead',
  'lead.confirm: confirmed',
  'lead.confirm: refused suppressed',
  'lead.confirm: refused lapsed',
  'lead.confirm: refused capped',
  'lead.attempt: attempt',
  'lead.attempt: refused leased',
  'lead.disposition: recorded late',
  'payment.record: paid',
  'offer.reserve: reserved',
  'offer.commit: refused lapsed',
  'allocation.put: allocated',
  'suppression.remove: removed',
  'live state compared',
  ...FAULTS.map((kind) => `fault: ${kind}`),
]

test('the same seed gives the same history, and another one another', async () => {
  const [first, again, other] = [await simulate(3), await simulate(3), await simulate(4)]
  assert.equal(first.hash, again.hash)
  assert.equal(first.events, again.events)
  assert.notEqual(first.hash, other.hash)
})

test('time and chance outside of any simulated process are refused', () => {
  const scheduler = new Scheduler(0)
  const restore = install(scheduler, () => 0.5)
  try {
    assert.throws(() => Date.now(), /outside of any simulated process/)
    assert.throws(() => Math.random(), /outside of any simulated process/)
    assert.throws(() => setTimeout(() => {}, 1), /outside of any simulated process/)
    scheduler.current = new Proc('p')
    assert.equal(Date.now(), 0)
    assert.equal(Math.random(), 0.5)
  } finally {
    restore()
  }
  assert.ok(Date.now() > 0)
})

test('seeds that once failed hold', async () => {
  for (const { seed } of SEEDS) {
    const { violations } = await simulate(seed)
    assert.deepEqual(violations, [], `seed ${seed}: npm run sim -- --seed ${seed} --trace`)
  }
})

test('the gate: no violation in any seed, and all that matters has happened', async () => {
  const figures = new Figures()
  const parts = await Promise.all(Array.from({ length: PROCESSES }, (_, i) => part(1000 + i)))
  for (const figuresOf of parts) figures.join(figuresOf)
  console.log(`\nfigures: ${figures}`)
  for (const { seed, violations } of figures.failed) {
    for (const { invariant, detail } of violations.slice(0, 5)) {
      console.log(`  seed ${seed}: ${invariant}: ${detail}`)
    }
  }
  const failed = figures.failed.map(({ seed }) => seed)
  assert.deepEqual(failed, [], 'npm run sim -- --seed N --trace')
  assert.ok(figures.seeds >= GATE_LEAST, `only ${figures.seeds} seeds`)
  assert.ok(figures.sums.events >= GATE_EVENTS, `only ${figures.sums.events} events`)
  const never = SOMETIMES.filter((name) => figures.of(name) === 0)
  assert.deepEqual(never, [], 'what never happened')
})

/** Every other seed, in a process of its own: two share no time, no chance and no core. */
async function part(first: number): Promise<Figures> {
  const args = ['--seed', first, '--seeds', GATE_SEEDS, '--step', PROCESSES, '--for-ms', GATE_MS]
  const main = [
    '--import',
    'tsx',
    'test/sim/main.ts',
    '--json',
    '--least',
    String(GATE_LEAST / PROCESSES),
  ]
  const child = spawn(process.execPath, [...main, ...args.map(String)], {
    cwd: PROJECT_DIR,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  const figures: Figures = JSON.parse(output)
  return figures
}

/** Whether a seed is clean when nothing is planted: what it finds is the bug's doing then. */
const clean = new Map<number, Promise<boolean>>()

function isClean(seed: number): Promise<boolean> {
  const found = clean.get(seed) ?? simulate(seed).then(({ violations }) => violations.length === 0)
  clean.set(seed, found)
  return found
}

for (const bug of BUGS) {
  test(`a planted bug is caught within ${BUG_SEEDS} seeds: ${bug.name}`, async () => {
    for (let seed = 1; seed <= BUG_SEEDS; seed++) {
      const { violations } = await simulate(seed, { bug })
      const said = violations.map(({ invariant, detail }) => `${invariant}: ${detail}`)
      if (!said.some((line) => bug.caught.test(line))) continue
      assert.ok(await isClean(seed), `seed ${seed} fails without it as well`)
      return
    }
    assert.fail('it was not')
  })
}

test.run()
