// `npm run bench`: leadbid beside other ways to do the same work, in one run on one machine. Not a
// test: machines differ and are noisy, so no figure fails a build. `--help` tells the rest.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, verdict } from './bench.ts'
import { benchBeside } from './beside.ts'
import { benchBid } from './bid.ts'
import { runCompare } from './compare.ts'
import { Field } from './field.ts'
import { flameGraph } from './flame.ts'
import { runGrowth } from './growth.ts'
import { benchImport } from './import.ts'
import { describe, doubts, machineOf } from './machine.ts'
import { benchMemory } from './memory.ts'
import { runOpen } from './open.ts'
import { HELP, Misuse, type Options, type Part, readOptions } from './options.ts'
import { benchPauses } from './pauses.ts'
import { plotOf } from './plot.ts'
import { runProfile } from './profile.ts'
import { benchRecovery } from './recovery.ts'
import type { Run } from './results.ts'
import { runScale } from './scale.ts'
import { tableOf } from './table.ts'

const MISUSED = 2
const FAILED = 1

const say = (words: string) => void process.stderr.write(`${words}\n`)

const BESIDE_ROUNDS_MAX = 3
const QUICK_BESIDE = { leads: 10_000, rounds: 1, quietSeconds: 2, snapshotSeconds: 0 }

const PARTS: Readonly<Record<Part, (options: Options, run: Run) => Promise<void>>> = {
  compare: (options, run) => runCompare(options, run, say),
  open: (options, run) => runOpen(options, run, say),
  bid: figured(({ quick }) => benchBid(quick ? { large: 100_000 } : {})),
  memory: figured(({ quick }) => benchMemory(quick ? { leads: 100_000 } : {})),
  import: figured(({ quick }) => benchImport(quick ? { rows: 50_000 } : {})),
  recovery: figured(({ quick }) => benchRecovery(quick ? { leads: 50_000 } : {})),
  pauses: figured(({ quick }) => benchPauses(quick ? { leads: 50_000, rounds: 1 } : {})),
  beside: figured(({ quick, rounds, rows }) =>
    benchBeside(
      quick ? { ...QUICK_BESIDE, rows } : { rounds: Math.min(rounds, BESIDE_ROUNDS_MAX), rows },
    ),
  ),
  profile: runProfile,
  'growth-asked': (options, run) => runGrowth('asked', options, run, say),
  'growth-leads': (options, run) => runGrowth('leads', options, run, say),
  'growth-hosts': (options, run) => runGrowth('hosts', options, run, say),
  'growth-campaigns': (options, run) => runGrowth('campaigns', options, run, say),
  scale: (options, run) => runScale(options, run, say),
}

/** A part that gives figures and nothing else. */
function figured(
  bench: (options: Options) => Promise<Figure[]>,
): (options: Options, run: Run) => Promise<void> {
  return async (options, run) => void run.figures.push(...(await bench(options)))
}

async function runAll(options: Options): Promise<Run> {
  const machine = await machineOf()
  say(describe(machine))
  for (const doubt of doubts(machine)) say(`Take care: ${doubt}.`)
  const run: Run = {
    version: 1,
    at: new Date().toISOString(),
    machine,
    options: { ...options },
    contenders: {},
    skipped: {},
    faults: [],
    closed: [],
    open: [],
    growth: [],
    figures: [],
  }
  const folder = folderFor(options, run)
  for (const part of options.parts) {
    if (stopping) break
    say(`\n${part}`)
    await PARTS[part](options, run)
    keep(folder, run) // After each part: an hour's figures are not lost to the last one.
  }
  say(`\nkept in ${folder}: run.json, table.md, pictures`)
  return run
}

function folderFor(options: Options, { at, machine }: Run): string {
  const name = `${at.replace(/[:.]/g, '-')}-${machine.commit}`
  const folder = join(options.out, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

function keep(folder: string, run: Run): void {
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(run, null, 1)}\n`)
  writeFileSync(join(folder, 'table.md'), tableOf(run))
  writeFileSync(join(folder, 'plot.svg'), plotOf(run))
  for (const { role, perSecond, flame } of run.profiles ?? []) {
    const title = `${role}: ${Math.round(perSecond).toLocaleString('en')} awards a second, 256 in flight`
    writeFileSync(join(folder, `flame-${role}.svg`), flameGraph(flame, title))
  }
}

let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    say('stopping what was started')
    stopping = true
    void Field.endAll()
  })
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options === null) process.stdout.write(HELP)
  else {
    const run = await runAll(options)
    process.stdout.write(`${tableOf(run)}\n`)
    for (const figure of run.figures) say(verdict(figure))
    process.exitCode = stopping || run.faults.length > 0 ? FAILED : 0
  }
} catch (error) {
  await Field.endAll()
  say(
    error instanceof Misuse
      ? `bench: ${error.message}`
      : String(error instanceof Error ? error.stack : error),
  )
  process.exitCode = error instanceof Misuse ? MISUSED : FAILED
}
process.exit()
