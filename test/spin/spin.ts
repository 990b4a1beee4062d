// Spin: checks a configuration of the model: pan.c made in a folder of its own, compiled, run.
//
//   SN1. A search counts only when it ended by itself, over every state within its bounds: one that
//        ran out of memory, depth or time is an error, never a pass.
//   SN2. Without spin or a C compiler nothing is checked, and that is an error that names the cure.

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { tempDir } from '../support/temp-dir.ts'

export type Property = 'I1' | 'I4' | 'I6' | 'I9'

/** The model's parameters; what is not given is as in the model. */
export interface Bounds {
  /** Hosts that may own the campaign's shard, and the contact's. */
  NC: number
  NK: number
  /** Contractors, and awards. */
  NA: number
  AWARDS?: number
  /** Claims of each shard. */
  EC?: number
  EK?: number
  /** Shards dropped with what is in flight; whether x is suppressed, and somebody else too. */
  DROPS?: number
  STOPS?: number
  OTHERS?: number
}

export interface Search {
  bounds: Bounds
  /** A planted bug, and the one property to look at. */
  mutant?: string
  only?: Property
  /** Level by level, for the shortest counterexample. */
  shortest?: boolean
  memoryMb?: number
  limitMs?: number
}

export interface Found {
  states: number
  seconds: number
  memoryMb: number
  /** The property that does not hold, and how many steps lead there. */
  breach: { property: string; steps: number } | null
  /** How often the search met what it must have met. */
  sometimes: Map<string, number>
}

const MODEL = join(PROJECT_DIR, 'test/spin/claim.pml')
const DEPTH_MAX = 10_000
const MEMORY_MB = 1200
const LIMIT_MS = 60_000
/** The process that starts the others; its steps are not the counterexample's. */
const INIT = 0
const CURE = 'install Debian’s packages `spin`, `gcc` and `libc6-dev`'

/** Searches every state; throws where that could not be done to the end. */
export async function check(search: Search): Promise<Found> {
  await using dir = await tempDir()
  const cwd = dir.path
  const limitMs = search.limitMs ?? LIMIT_MS
  await tool('spin', ['-a', ...definitions(search), MODEL], cwd, limitMs)
  await tool('cc', compilation(search), cwd, limitMs)
  const { output, code } = await run('./pan', [`-m${DEPTH_MAX}`, '-E'], cwd, limitMs)
  const found = parse(output)
  if (found.property === null) return { ...found.figures, breach: null }
  if (code === null) throw new Error(`pan was stopped:\n${output}`)
  const steps = stepsOf(await readFile(join(cwd, 'claim.pml.trail'), 'utf8'))
  return { ...found.figures, breach: { property: found.property, steps } }
}

function definitions({ bounds, mutant, only }: Search): string[] {
  const names = Object.entries(bounds).map(([name, value]) => `-D${name}=${value}`)
  if (mutant !== undefined) names.push(`-D${mutant}`)
  if (only !== undefined) names.push(`-DONLY=${only.slice(1)}`)
  return names
}

function compilation({ shortest, memoryMb = MEMORY_MB }: Search): string[] {
  const how = shortest ? ['-DBFS'] : []
  // A mutant's search ends so soon that optimising would take longer than searching.
  const effort = shortest ? '-O0' : '-O1'
  return [
    effort,
    '-w',
    '-DSAFETY',
    '-DNOFAIR',
    `-DMEMLIM=${memoryMb}`,
    ...how,
    '-o',
    'pan',
    'pan.c',
  ]
}

/** What pan reports; throws where its search was not one of all states (SN1). */
export function parse(output: string): {
  property: string | null
  figures: Omit<Found, 'breach'>
} {
  const figures = {
    states: number(output, /(\d+) states, stored/),
    seconds: number(output, /elapsed time ([\d.e+-]+) seconds/),
    memoryMb: number(output, /([\d.]+)\s+total actual memory usage/),
    sometimes: new Map(
      [...output.matchAll(/^sometimes (\S+) (\d+)$/gm)].map(
        ([, name = '', count = '']): [string, number] => [name, Number(count)],
      ),
    ),
  }
  const errors = number(output, /errors: (\d+)/)
  if (errors === 0) {
    const cut = /Search not completed|max search depth too small|out of memory|memory bound/i
    if (cut.test(output)) throw new Error(`the search is not complete:\n${output}`)
    return { property: null, figures }
  }
  const property = /assertion violated .*\|\|(I\d+)\)/.exec(output)?.[1]
  if (property === undefined) throw new Error(`an error that is no property's:\n${output}`)
  return { property, figures }
}

function number(output: string, pattern: RegExp): number {
  const text = pattern.exec(output)?.[1]
  if (text === undefined) throw new Error(`pan said nothing of ${pattern}:\n${output}`)
  return Number(text)
}

/** Lines of a trail are `step:process:transition`; negative ones are its head. */
function stepsOf(trail: string): number {
  const steps = trail.split('\n').map((line) => /^(\d+):(\d+):\d+$/.exec(line))
  return steps.filter((step) => step !== null && Number(step[2]) !== INIT).length
}

async function tool(name: string, args: string[], cwd: string, limitMs: number): Promise<void> {
  const { output, code } = await run(name, args, cwd, limitMs)
  if (code !== 0 || /\berror\b/i.test(output)) {
    throw new Error(`${name} failed (${CURE}):\n${output}`)
  }
}

/** Runs a program to its end; `code` is null where a signal ended it. */
async function run(
  program: string,
  args: string[],
  cwd: string,
  limitMs: number,
): Promise<{ output: string; code: number | null }> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, limitMs)
  try {
    const code = await new Promise<number | null>((ended, failed) => {
      child.once('close', ended)
      child.once('error', (cause) => {
        failed(new Error(`${program} does not start: ${CURE}`, { cause }))
      })
    })
    if (late) throw new Error(`${program} was not done after ${limitMs} ms:\n${output}`)
    return { output, code }
  } finally {
    clearTimeout(timer)
  }
}
