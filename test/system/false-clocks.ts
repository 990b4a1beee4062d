// False clocks: hosts and a gateway whose clocks are minutes off, and jump by an hour while they work.
// Done by libfaketime, which a process loads before all else and asks for the time of day; what it
// measures durations by goes on as it is.
//
//   FC1. Nothing a clock says makes two contractors call one lead, nor anybody call out of hours: a
//        campaign's time is its owner's, and never runs back (I1, I5, I8; the log has the times).
//   FC2. Answers come inside the budget, whoever's clock is ahead or behind (I13).

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { HOSTS_BUCKET } from '../../actors/protocol/subjects.ts'
import type { Beat } from '../../actors/runtime/hosts.ts'
import { startServer } from '../support/server.ts'
import { type TempDir, tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import type { Told } from './log-story.ts'
import { NotDone } from './not-done.ts'
import { awardsGoOn, broken, type Outcome, onStage, type Stage } from './stage.ts'
import { checkTimes } from './time-checker.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60
/** Without summer time, and that of the phones the crowd sends. */
const ZONE = { name: 'Asia/Kolkata', ahead: 330 }
const CLOSING: ReadonlySet<number> = new Set([7, 8, 9, 10, 11, 12])
/** How long a jump is looked at, ms. */
const JUMPED_MS = 4000
/** How far a clock may be from where it was set: a beat is under way, and the file is read once a second. */
const NEAR_MS = 5000

/** At the start, minutes; by the seed one host or the other is ahead. */
const SKEWS = { ahead: 10, behind: -10, gateway: 3 }

export async function falseClocksRun(seed: number): Promise<Outcome> {
  const clocks = await Clocks.prepare()
  const [first, second] = seed % 2 === 0 ? (['h2', 'h1'] as const) : (['h1', 'h2'] as const)
  clocks.set(first, SKEWS.ahead * MINUTE_MS)
  clocks.set(second, SKEWS.behind * MINUTE_MS)
  clocks.set('g1', SKEWS.gateway * MINUTE_MS)
  try {
    const to = closesIn(5)
    return await onStage(
      {
        seed,
        server: await startServer(),
        envOf: (id) => clocks.envOf(id),
        falseClocks: true,
        settingsOf: (campaign) => (CLOSING.has(campaign) ? openUntil(to) : {}),
        inspect: (story) => inspected(story, to),
      },
      async (stage) => await falseClocks(stage, clocks),
    )
  } finally {
    await clocks[Symbol.asyncDispose]()
  }
}

async function falseClocks(stage: Stage, clocks: Clocks): Promise<void> {
  const { cluster, random } = stage
  const host = () => cluster.member(random() < 0.5 ? 'h1' : 'h2')
  const offAt = async (kind: string, target: string, doing: () => Promise<void>) =>
    await broken(stage, { kind, target, deafens: false }, doing)
  await offAt('clocks 20 min apart', 'h1 and h2', async () => {
    await isOff(stage, clocks)
    await sleep(JUMPED_MS)
  })
  await offAt('a shard handed from clock to clock', 'h1 and h2', async () => {
    const leaving = host()
    await leaving.stop()
    await awardsGoOn(stage)
    leaving.restart()
    await cluster.ready()
  })
  const jumps: [string, number][] = [
    ['a clock jumps back an hour', -60],
    ['a clock jumps ahead half an hour', 30],
  ]
  for (const [kind, minutes] of jumps) {
    const { id } = host()
    await offAt(kind, id, async () => {
      clocks.set(id, clocks.of(id) + minutes * MINUTE_MS)
      await isOff(stage, clocks)
      await sleep(JUMPED_MS)
    })
    await awardsGoOn(stage)
  }
  await offAt('clocks are put right', 'all', async () => {
    for (const id of ['h1', 'h2', 'g1']) clocks.set(id, 0)
    await isOff(stage, clocks)
  })
  await awardsGoOn(stage)
}

/** The clocks are where they were set, by what the hosts' beats say: else nothing was tried. */
async function isOff({ cluster }: Stage, clocks: Clocks): Promise<void> {
  const kv = await new Kvm(jetstream(cluster.nc)).open(HOSTS_BUCKET)
  for (const id of ['h1', 'h2']) {
    await until(
      async () => {
        const { at = 0 } = (await kv.get(id))?.json<Beat>() ?? {}
        return Math.abs(at - Date.now() - clocks.of(id)) < NEAR_MS
      },
      `the clock of ${id} to be off by ${clocks.of(id)} ms`,
      { pollMs: 100 },
    )
  }
}

/** The minute of the zone's day that is so far ahead, and still in that day. */
function closesIn(minutes: number): number {
  const now = Math.floor(Date.now() / MINUTE_MS + ZONE.ahead) % DAY_MINUTES
  return Math.min(now + minutes, DAY_MINUTES - 1)
}

/** Open for who is behind, closed for who is ahead; leads' phones are of the same zone. */
function openUntil(minute: number): object {
  const pad = (count: number) => String(Math.floor(count)).padStart(2, '0')
  const to = `${pad(minute / 60)}:${pad(minute % 60)}`
  return { timezone: ZONE.name, hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to }] }
}

function* inspected(story: readonly Told[], to: number): Generator<string> {
  const seen = { times: 0, calls: 0 }
  yield* checkTimes(story, { campaigns: CLOSING, zone: ZONE.ahead, to }, seen)
  if (seen.calls === 0) yield 'ST2: nobody was awarded in a campaign that closes'
  if (seen.times === 0) yield 'ST2: no campaign did two things'
}

/** What each process takes for the time of day. */
class Clocks implements AsyncDisposable {
  readonly #library: string
  readonly #dir: TempDir
  readonly #skews = new Map<string, number>()

  private constructor(library: string, dir: TempDir) {
    this.#library = library
    this.#dir = dir
  }

  /** Throws NotDone where there is no libfaketime, or Node does not heed it here. */
  static async prepare(): Promise<Clocks> {
    const library = libraryPath()
    if (library === undefined) {
      throw new NotDone('there is no libfaketime: install the package faketime')
    }
    const clocks = new Clocks(library, await tempDir())
    clocks.set('probe', 60 * MINUTE_MS)
    const env = { ...process.env, ...clocks.envOf('probe') }
    const { stdout } = spawnSync(process.execPath, ['-p', 'Date.now()'], { env, encoding: 'utf8' })
    const off = Number(stdout) - Date.now()
    if (Math.abs(off - 60 * MINUTE_MS) < MINUTE_MS) return clocks
    await clocks[Symbol.asyncDispose]()
    throw new NotDone(`libfaketime moves no clock of Node here: it is ${off} ms off`)
  }

  /** Sets how far a process's clock is off, ms; it notices within a second. */
  set(id: string, skewMs: number): void {
    this.#skews.set(id, skewMs)
    const seconds = Math.round(skewMs / 1000)
    writeFileSync(this.#file(id), `${seconds < 0 ? '' : '+'}${seconds}s\n`)
  }

  of(id: string): number {
    return this.#skews.get(id) ?? 0
  }

  envOf(id: string): Record<string, string> {
    if (!this.#skews.has(id)) return {}
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file(id),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1', // Its older name.
    }
  }

  #file(id: string): string {
    return join(this.#dir.path, id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir[Symbol.asyncDispose]()
  }
}

/** Debian keeps it in a folder named by the machine's kind. */
function libraryPath(): string | undefined {
  const name = join('faketime', 'libfaketimeMT.so.1')
  const folders = ['/usr/lib', '/usr/local/lib'].filter((folder) => existsSync(folder))
  const places = folders.flatMap((folder) => [
    folder,
    ...readdirSync(folder).map((entry) => join(folder, entry)),
  ])
  return places.map((place) => join(place, name)).find((path) => existsSync(path))
}
