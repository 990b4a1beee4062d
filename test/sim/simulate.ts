// Simulate: one seed's history, from an empty log to the verdict.
//
//   SI2. The same seed gives the same history, byte for byte: `hash` says so.

import { seeded } from '../../actors/runtime/random.ts'
import { install } from './builtins.ts'
import { FAULTS } from './faults.ts'
import type { Violation } from './known.ts'
import { drawPlan } from './plan.ts'
import { breakable } from './poison.ts'
import { Run } from './run.ts'
import { native, Scheduler } from './scheduler.ts'
import { type Bug, World } from './world.ts'

/** Monday, 2026-01-05, 06:00 UTC. */
const MONDAY = Date.UTC(2026, 0, 5, 6)

export interface SimulateOptions {
  bug?: Bug
  trace?: (line: string) => void
  /** How long the safety phase is, virtual ms. */
  forMs?: number
}

export interface Result {
  seed: number
  hash: string
  violations: Violation[]
  events: number
  messages: number
  ops: number
  records: number
  virtualMs: number
  realMs: number
  counts: ReadonlyMap<string, number>
}

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Result> {
  const started = native.now()
  const random = seeded(seed * 7919 + 1)
  // Some campaigns close a minute after 06:00: at another moment of each run.
  const scheduler = new Scheduler(MONDAY + Math.floor(random() * 55_000))
  const world = new World(scheduler, random, options.bug ?? null)
  world.trace = options.trace ?? null
  const restore = install(scheduler, random)
  const unbreak = breakable(world)
  const unplant = options.bug?.plant?.() ?? (() => {})
  const rejected = (error: unknown) => world.crash(scheduler.current, error)
  process.on('unhandledRejection', rejected)
  try {
    const run = new Run(world, drawPlan(seed, random, FAULTS))
    const violations = await run.run(options.forMs ?? 40_000)
    return {
      seed,
      violations,
      hash: run.hash(),
      events: scheduler.events,
      messages: world.server.messages,
      ops: world.history.ops.length,
      records: world.server.stream('EVENTS').lastSeq,
      virtualMs: scheduler.now,
      realMs: native.now() - started,
      counts: world.server.counts,
    }
  } finally {
    process.off('unhandledRejection', rejected)
    unplant()
    unbreak()
    restore()
  }
}
