// A run made up: what tables and pictures are drawn from in tests, and to be looked at:
// `node --import tsx test/bench/run-fixture.ts DIR` writes them.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ratioFigure } from './bench.ts'
import type { Turn } from './entrant.ts'
import { CONTENDERS } from './peers/all.ts'
import { plotOf } from './plot.ts'
import type { ClosedRow, GrowthRow, OpenRow, Run } from './results.ts'
import { tableOf } from './table.ts'

/** Claims a second at 1, 64 and 256 in flight, and the most it serves of an open loop. */
const MADE_UP: Readonly<Record<string, readonly [number, number, number]>> = {
  leadbid: [1500, 24_000, 39_000],
  echo: [14_000, 61_000, 84_000],
  relay: [2100, 4100, 4400],
  'redis-always': [3300, 26_000, 30_000],
  'redis-everysec': [9800, 31_000, 33_000],
  postgres: [2600, 5400, 5900],
  bullmq: [1900, 8100, 8600],
}
const RATES = [250, 500, 1000, 2000, 4000, 8000, 16_000, 24_000]
const ROUNDS = 3

export function turnOf(perSecond: number, p50Ms: number): Turn {
  return {
    perSecond,
    count: Math.round(perSecond * 3),
    p50Ms,
    p90Ms: p50Ms * 1.6,
    p99Ms: p50Ms * 3,
    p999Ms: p50Ms * 6,
    maxMs: p50Ms * 9,
    seconds: 3,
    types: { award: Math.round(perSecond * 3) },
    due: 0,
    left: 0,
    unsent: 0,
  }
}

function rounds<T>(make: (wobble: number) => T): T[] {
  return Array.from({ length: ROUNDS }, (_, i) => make(1 + (i - 1) * 0.06))
}

function closedRows(): ClosedRow[] {
  return [8, 16].flatMap((asked) =>
    Object.entries(MADE_UP).flatMap(([contender, speeds]) =>
      [1, 64, 256].map((inFlight, i) => {
        const perSecond = (speeds[i] ?? 1) * (asked === 16 ? 0.85 : 1)
        const turns = rounds((w) => turnOf(perSecond * w, (inFlight / perSecond / w) * 1000))
        return { contender, asked, inFlight, turns }
      }),
    ),
  )
}

function openRows(): OpenRow[] {
  return Object.entries(MADE_UP).flatMap(([contender, [one, , most]]) =>
    RATES.filter((rate) => rate < most * 1.6).map((rate) => {
      const busy = Math.min(0.97, rate / most)
      const turns = rounds((w) => ({
        ...turnOf(rate, (1000 / one) * w * (1 + busy / (1 - busy))),
        keptUp: rate < most,
      }))
      return { contender, asked: 8, rate, turns }
    }),
  )
}

function growthRows(): GrowthRow[] {
  const sizes = [
    ['asked', [1, 2, 4, 8, 16, 32, 64]],
    ['leads', [1000, 10_000, 100_000, 1_000_000]],
  ] as const
  return sizes.flatMap(([of, values]) =>
    values.flatMap((value, i) =>
      [1, 256].map((inFlight) => {
        const perSecond = (inFlight === 1 ? 1400 : 41_000) / (1 + 0.08 * i)
        const turns = rounds((w) => turnOf(perSecond * w, (inFlight / perSecond) * 1000))
        return { of, contender: 'leadbid', value, inFlight, turns }
      }),
    ),
  )
}

/** A run with everything in it. */
export function madeUpRun(): Run {
  const facts = [...CONTENDERS].map(([name, { label, does, durable, lacks }]) => [
    name,
    { label, does, durable, lacks, settings: { version: '1.2' } },
  ])
  return {
    version: 1,
    at: '2026-11-21T12:00:00.000Z',
    machine: {
      cores: 2,
      cpu: 'Made up <CPU> & more',
      memoryGb: 24,
      kernel: '6.1',
      node: 'v20.20.2',
      natsServer: '2.15.1',
      commit: 'abc1234',
      changed: false,
      fileSystem: 'ext4',
      fsyncP50Ms: 0.18,
      fsyncP99Ms: 0.5,
      load: 0.1,
    },
    options: { rounds: ROUNDS, seconds: 3, quick: false },
    contenders: Object.fromEntries(facts),
    skipped: {},
    faults: [],
    closed: closedRows(),
    open: openRows(),
    growth: growthRows(),
    figures: [
      ratioFigure({
        name: 'awards, 256 in flight',
        value: 39_000,
        unit: '/s',
        baseline: { name: 'NATS echo', value: 84_000 },
        atLeast: 0.35,
      }),
    ],
  }
}

const [, script = '', folder] = process.argv
if (script.endsWith('run-fixture.ts')) {
  if (folder === undefined) {
    console.error('which folder? node --import tsx test/bench/run-fixture.ts DIR')
    process.exit(2)
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'table.md'), tableOf(madeUpRun()))
  writeFileSync(join(folder, 'plot.svg'), plotOf(madeUpRun()))
}
