// Beside: how long a claim takes while something else goes on: an import, snapshots, other settings, a
// host that comes and loads what it is to follow. Requests come at a steady rate from beginning to end;
// a time counts from when its request was due.
//
//   BS1. What goes on and what does not take turns; the ratio told is the median of the rounds', each
//        against its own quiet times. A large import comes in several files with a quiet time before
//        each: on a noisy machine half a minute is too little to hold a quarter of an hour against.
//   BS2. Snapshots are those the host takes of itself; each is held against the times right before and
//        after it, for a machine that others use is slower in one minute than in the next, and all
//        together against all times between, where slow minutes count. No time counts as quiet in which
//        one was taken.
//   BS3. Nobody confirms an award, so that each is open until its lease ends, after 90 s: some 18,000
//        at 200 requests a second, as of people who talk for as long.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { INBOX } from '../../actors/protocol/subjects.ts'
import { seeded } from '../../actors/runtime/random.ts'
import { writeLeadFile } from '../jobs/lead-file.ts'
import { Cluster, type Member, openCampaign } from '../support/cluster.ts'
import { until } from '../support/until.ts'
import { type Figure, floorFigure, limitFigure, makeLeads, ratioFigure } from './bench.ts'
import type { Asked, AskingOrder } from './beside-client.ts'
import { WEIGHTS } from './crowd.ts'
import { LOOP_NOTES, type LoopNotes } from './loop-watch.ts'
import { median, quantile } from './stats.ts'
import { spread } from './work.ts'

const CUSTOMER = 55
const CAMPAIGNS = 64
const ASKED = 8
/** Those the file's rows are of. */
const IMPORTED = 7
const PUT_MS = 3000
const SETTLE_MS = 1000
const WARM_MS = 8000
const PAUSE_MAX_MS = 20
/** Far more than an import of millions takes. */
const IMPORT_MAX_MS = 3_600_000
/** Of one file (BS1). */
const FILE_ROWS_MAX = 125_000
/** Calls come first, but an import beside them ends all the same: a million rows in 25 minutes. */
const ROWS_PER_SECOND_MIN = 667
/** So many are waited for, one a shard; the log behind the last ones has to grow first. */
const SNAPSHOTS = 4
const SNAPSHOTS_MAX_MS = 900_000
/** How a host's log says that it took one. */
const TAKEN = '"snapshot taken"'
const MINUTE_MS = 60_000
/** Snapshots of so long together, and the times beside them, are a round of their own (BS2). */
const PAIR_MS = 10_000
/** More of those than one stretch has. */
const PAIRS_MAX = 10_000
/** With fewer claims than this a p99 says nothing. */
const CLAIMS_MIN = 500

export interface BesideOptions {
  /** Rows of each round's import. */
  rows?: number
  /** Leads that wait before the first. */
  leads?: number
  rounds?: number
  /** Requests a second. */
  rate?: number
  /** How long it is quiet between two things, and how long snapshots are waited for, seconds. */
  quietSeconds?: number
  snapshotSeconds?: number
  /** What is to go on; by default all of it. */
  things?: readonly Thing[]
}

const BETWEEN = 'between snapshots'
const THINGS = ['an import', 'other settings', 'a host that comes and goes', 'snapshots'] as const
export type Thing = (typeof THINGS)[number]
const before = (thing: Thing | '') => `before ${thing}`

/** Ms since 1970. */
interface Span {
  from: number
  to: number
}

/** A stretch of time in which something went on. */
interface Stretch extends Span {
  what: string
  round: number
}

interface ImportShown {
  job_id: string
  status: string
  rows: number
  rejected: number
}

export async function benchBeside(options: BesideOptions = {}): Promise<Figure[]> {
  const { rows = 100_000, leads = 200_000, rounds = 3, rate = 200 } = options
  const { quietSeconds = 30, snapshotSeconds = 300, things = THINGS } = options
  const files = Math.ceil(rows / FILE_ROWS_MAX)
  const order = things.flatMap((it) => Array<Thing>(it === 'an import' ? files : 1).fill(it))
  const scene = await Scene.open(leads, rate)
  const goOn: { [thing in Thing]: (round: number) => Promise<unknown> } = {
    'an import': () => scene.import(),
    'other settings': (round) => scene.put(round),
    'a host that comes and goes': () => scene.comeAndGo(),
    snapshots: () => scene.snapshots(snapshotSeconds * 1000),
  }
  try {
    await sleep(WARM_MS)
    for (let round = 0; round < rounds; round++) {
      for (const thing of order) {
        if (thing === 'an import') await scene.file(Math.ceil(rows / files))
        await scene.during(before(thing), round, () => sleep(quietSeconds * 1000))
        await scene.during(thing, round, () => goOn[thing](round))
      }
    }
    return scene.figures(await scene.close())
  } catch (error) {
    await scene.close()
    throw error
  }
}

class Scene {
  readonly #cluster: Cluster
  readonly #client: ChildProcess
  readonly #stretches: Stretch[] = []
  /** The worst of each process in each kind of stretch. */
  readonly #notes = new Map<string, LoopNotes>()
  readonly #rowsPerSecond: number[] = []
  readonly #file: string
  /** The next row's lead. */
  #from = 10_000_000

  private constructor(cluster: Cluster, client: ChildProcess) {
    this.#cluster = cluster
    this.#file = join(cluster.server.dataDir, 'leads.csv')
    this.#client = client
  }

  static async open(leads: number, rate: number): Promise<Scene> {
    const watch = join(import.meta.dirname, 'loop-watch.ts')
    const env = {
      LEADBID_SHARDS: '4',
      LEADBID_LOG_LEVEL: 'info',
      NODE_OPTIONS: `--import tsx --import ${watch}`,
    }
    const cluster = await Cluster.start({ workers: 1, env })
    await fill(cluster, leads)
    const order: AskingOrder = { url: cluster.server.url, campaigns: CAMPAIGNS, asked: ASKED, rate }
    const script = join(import.meta.dirname, 'beside-client.ts')
    const client = fork(script, [JSON.stringify(order)], {
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
    })
    await once(client, 'message')
    return new Scene(cluster, client)
  }

  /** Lets it go on, and keeps from when to when, and how the processes' loops did meanwhile. */
  async during(what: string, round: number, goOn: () => Promise<unknown>): Promise<void> {
    await this.#note('')
    const from = Date.now()
    await goOn()
    this.#stretches.push({ what, round, from, to: Date.now() })
    await this.#note(THINGS.some((thing) => thing === what) ? what : '')
    const took = (this.#stretches.at(-1)?.to ?? 0) - from
    process.stderr.write(`${what}: ${took / 1000} s\n`)
    await sleep(SETTLE_MS)
  }

  /** Writes the file that is to be imported. */
  async file(rows: number): Promise<void> {
    await writeLeadFile(this.#file, { rows, from: this.#from })
    this.#from += rows
  }

  async import(): Promise<void> {
    const gateway = this.#cluster.member('g1')
    const port = /"http":(\d+)/.exec(gateway.output)?.[1]
    const url = `http://127.0.0.1:${port}/api/imports`
    const began = performance.now()
    const staged = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: await openAsBlob(this.#file),
    })
    const { job_id } = (await staged.json()) as ImportShown // As the contract has it.
    const job = await until(
      async () => {
        const shown = (await (await fetch(`${url}/${job_id}`)).json()) as ImportShown
        return shown.status === 'ready' || shown.status === 'failed' ? shown : null
      },
      'the import to be done',
      { deadlineMs: IMPORT_MAX_MS, pollMs: 250 },
    )
    if (job.status !== 'ready' || job.rejected > 0) throw new Error(JSON.stringify(job))
    // What its owners could not take at once waits in the inbox, and is part of the import.
    const jsm = await jetstreamManager(this.#cluster.nc)
    const isEmpty = async () => (await jsm.streams.info(INBOX)).state.messages === 0
    await until(isEmpty, 'queued leads to be taken in', { deadlineMs: IMPORT_MAX_MS, pollMs: 250 })
    this.#rowsPerSecond.push((job.rows * 1000) / (performance.now() - began))
  }

  /** Other weights for every campaign the file's rows are of. */
  async put(round: number): Promise<void> {
    const weights = { ...WEIGHTS, city: { Delhi: 1 + round, Chennai: -1 - round } }
    const ids = Array.from({ length: IMPORTED }, (_, i) => i + 1)
    await spread(ids, 1, (id) => put(this.#cluster, id, { weights }))
    await sleep(PUT_MS)
  }

  /** Waits so long at least, and until each shard took a snapshot. */
  async snapshots(leastMs: number): Promise<void> {
    const before = this.#snapshots
    await sleep(leastMs)
    const isEnough = () => this.#snapshots >= before + SNAPSHOTS
    await until(isEnough, 'snapshots', { deadlineMs: SNAPSHOTS_MAX_MS, pollMs: 1000 }).catch(() =>
      process.stderr.write(`${this.#snapshots - before} of ${SNAPSHOTS} snapshots came\n`),
    )
  }

  get #snapshots(): number {
    return this.#cluster.member('h1').output.split(TAKEN).length - 1
  }

  /** Another host loads every shard, owns some, and hands them back. */
  async comeAndGo(): Promise<void> {
    const host = this.#cluster.add('actors', 'h2')
    await this.#cluster.ready(2)
    await host.stop()
    await this.#cluster.ready(1)
    this.#cluster.members.splice(this.#cluster.members.indexOf(host), 1)
  }

  /** Stops it all; what the client kept. */
  async close(): Promise<Asked> {
    const kept = once(this.#client, 'message')
    this.#client.send('stop')
    const [asked] = (await kept) as [Asked] // beside-client.ts sends nothing else by now.
    this.#client.disconnect()
    const taken = takenIn(this.#cluster.member('h1').output)
    const stretches = this.#stretches.flatMap((one) => withSnapshots(one, taken))
    this.#stretches.splice(0, this.#stretches.length, ...stretches)
    await this.#cluster[Symbol.asyncDispose]()
    process.stderr.write(`${JSON.stringify(asked.types)}\n`)
    return asked
  }

  figures(asked: Asked): Figure[] {
    const stretches = this.#stretches
    const p99 = (of: readonly Stretch[]) => {
      const times = timesIn(asked, of)
      return times.length < CLAIMS_MIN ? Number.NaN : quantile(times, 0.99)
    }
    const ratioTo = (what: string, base: string): [number, number, number] => {
      const rounds = [...new Set(stretches.map(({ round }) => round))].map((round) => {
        const of = (kind: string) =>
          stretches.filter((it) => it.round === round && it.what === kind)
        return [p99(of(what)), p99(of(base))] as const
      })
      const there = rounds.filter(([a, b]) => a > 0 && b > 0)
      const middle = (place: 0 | 1) => median(there.map((pair) => pair[place]))
      return [middle(0), middle(1), median(there.map(([a, b]) => a / b))]
    }
    const figure = (what: string, base: string, atMost: number) => {
      const [value, value0, ratio] = ratioTo(what, base)
      const name = `p99 of a claim beside ${what}`
      const baseline = { name: base, value: value0 }
      return ratioFigure({ name, value, unit: 'ms', baseline, ratio, atMost })
    }
    const together = (what: string, base: string, atMost: number) => {
      const [value = Number.NaN, value0 = Number.NaN] = [what, base].map((kind) =>
        p99(stretches.filter((it) => it.what === kind)),
      )
      const name = `p99 of a claim beside ${what}, all together`
      const baseline = { name: base, value: value0 }
      return ratioFigure({ name, value, unit: 'ms', baseline, ratio: value / value0, atMost })
    }
    const loops = [...this.#notes].map(([name, { heldMs }]) =>
      limitFigure(`longest turn of ${name}`, heldMs, 'ms', PAUSE_MAX_MS),
    )
    for (const [name, notes] of this.#notes) {
      process.stderr.write(`${name}: ${JSON.stringify(notes)}\n`)
    }
    for (const what of [...new Set(stretches.map((one) => one.what))]) {
      const times = timesIn(
        asked,
        stretches.filter((one) => one.what === what),
      )
      const each = [0.5, 0.9, 0.99, 1].map((share) => quantile(times, share).toFixed(1))
      process.stderr.write(
        `${what}: ${times.length} claims, p50 p90 p99 max ${each.join(' ')} ms\n`,
      )
    }
    for (const one of stretches.filter(({ what }) => what === 'an import')) {
      process.stderr.write(`an import, p99 by the minute: ${byMinute(asked, one).join(' ')} ms\n`)
    }
    const snapshots = stretches.filter(({ what }) => what === 'a snapshot')
    for (const round of new Set(snapshots.map((one) => one.round))) {
      const some = snapshots.filter((one) => one.round === round)
      const took = some.map(({ from, to }) => ((to - from) / 1000).toFixed(1)).join(' and ')
      const beside = stretches.filter((it) => it.what === BETWEEN && it.round === round)
      const [during, around] = [some, beside].map((of) => p99(of).toFixed(1))
      process.stderr.write(`snapshots of ${took} s: p99 ${during} ms, ${around} around them\n`)
    }
    const speed = median(this.#rowsPerSecond)
    return [
      figure('an import', before('an import'), 1.5),
      figure('a snapshot', BETWEEN, 1.2),
      together('a snapshot', BETWEEN, 1.2),
      figure('other settings', before('other settings'), 1.5),
      figure('a host that comes and goes', before('a host that comes and goes'), 100),
      floorFigure('rows imported beside calls', speed, 'rows/s', ROWS_PER_SECOND_MIN),
      ...loops,
    ]
  }

  /** Asks the processes how their loops did; kept under `what`, the worst of all rounds. */
  async #note(what: string): Promise<void> {
    const { members } = this.#cluster
    for (const member of members.filter(({ role }) => role !== 'worker')) {
      const notes = await loopNotes(member)
      if (what === '' || notes === null) continue
      const name = `${member.id} beside ${what}`
      const worst = this.#notes.get(name)
      if (worst === undefined || notes.heldMs > worst.heldMs) this.#notes.set(name, notes)
    }
  }
}

async function loopNotes(member: Member): Promise<LoopNotes | null> {
  const notes = () => member.output.split(LOOP_NOTES)
  const told = notes().length
  member.signal('SIGUSR2')
  const [line = ''] = await until(() => notes().length > told && notes().slice(-1), 'loop notes')
  return JSON.parse(line.split('\n')[0] ?? 'null')
}

/** When snapshots were taken, as a host's log tells. */
function takenIn(log: string): Span[] {
  return log.split('\n').flatMap((line) => {
    if (!line.includes(TAKEN)) return []
    const { time, ms } = JSON.parse(line) as { time: string; ms: number } // As the log writes it.
    return [{ from: Date.parse(time) - ms, to: Date.parse(time) }]
  })
}

/** A stretch, divided where what was taken matters to it (BS2). */
function withSnapshots(stretch: Stretch, taken: readonly Span[]): Stretch[] {
  const { what, round, from, to } = stretch
  const isQuiet = what.startsWith(before(''))
  if (!isQuiet && what !== 'snapshots') return [stretch]
  const within = taken
    .filter((one) => one.from < to && one.to > from)
    .map((one) => ({ from: Math.max(from, one.from), to: Math.min(to, one.to) }))
  const ends = [from, ...within.map((one) => one.to)]
  const begins = [...within.map((one) => one.from), to]
  const rest = ends.map((end, i) => ({ from: end, to: begins[i] ?? to }))
  if (isQuiet) return rest.map((span) => ({ what, round, ...span }))
  let beforeMs = 0
  return within.flatMap((span, i) => {
    const own = round * PAIRS_MAX + Math.floor(beforeMs / PAIR_MS)
    beforeMs += span.to - span.from
    const beside = rest.slice(i, i + 2).map((span) => ({ what: BETWEEN, round: own, ...span }))
    return [{ what: 'a snapshot', round: own, ...span }, ...beside]
  })
}

/** The p99 of each minute of a stretch, ms. */
function byMinute(asked: Asked, { what, round, from, to }: Stretch): string[] {
  const minutes = Array.from({ length: Math.ceil((to - from) / MINUTE_MS) }, (_, i) => {
    const begin = from + i * MINUTE_MS
    return { what, round, from: begin, to: Math.min(to, begin + MINUTE_MS) }
  })
  return minutes.map((one) => quantile(timesIn(asked, [one]), 0.99).toFixed(1))
}

/** Times of what was due in these stretches, sorted. */
function timesIn({ due, tookMs }: Asked, stretches: readonly Stretch[]): Float64Array {
  const within = (at: number) => stretches.some(({ from, to }) => at >= from && at < to)
  return tookMs.filter((_, i) => within(due[i] ?? 0)).sort()
}

async function put(cluster: Cluster, id: number, more: object): Promise<void> {
  const reply = await cluster.call(
    'campaign.put',
    openCampaign(id, { customer_id: CUSTOMER, weights: WEIGHTS, ...more }),
    { budgetMs: 20_000 },
  )
  if (reply.type !== 'campaign') throw new Error(`campaign ${id}: ${JSON.stringify(reply)}`)
}

async function fill(cluster: Cluster, leads: number): Promise<void> {
  const random = seeded(42)
  const now = Date.now()
  const each = Math.ceil(leads / CAMPAIGNS)
  const batches: object[][] = []
  for (let id = 1; id <= CAMPAIGNS; id++) {
    await put(cluster, id, {})
    for (let from = 1; from <= each; from += 500) {
      const count = Math.min(500, each - from + 1)
      const some = makeLeads(id, from, count, random, now)
      batches.push(some.map((lead) => ({ ...lead, customer_id: CUSTOMER })))
    }
  }
  await spread(batches, 8, async (batch) => {
    await until(
      async () => {
        const reply = await cluster.call('lead.ingest', { leads: batch }, { budgetMs: 10_000 })
        return reply.type === 'ingested'
      },
      'leads to be taken in',
      { deadlineMs: 60_000 },
    )
  })
}
