// Full log: the streams reach a limit that somebody set, and are given room again.
//
//   FL1. While the log takes nothing, nothing is told as done that needs it, and callers are told
//        `unavailable` inside their budget.
//   FL2. With room again everything goes on, without anybody being started anew.

import { setTimeout as sleep } from 'node:timers/promises'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { EVENTS, INBOX } from '../../actors/protocol/subjects.ts'
import { until } from '../support/until.ts'
import { awardsGoOn, broken, type Stage, toldBetween } from './stage.ts'

/** How long nothing is taken, ms. */
const FULL_MS = 4000
/** What fits before that. */
const ROOM = { max_msgs: 12, max_bytes: 30_000 }

interface Limit {
  streams: readonly string[]
  by: keyof typeof ROOM
}

const LIMITS: readonly Limit[] = [
  { streams: [EVENTS], by: 'max_msgs' },
  { streams: [EVENTS], by: 'max_bytes' },
  { streams: [EVENTS, INBOX], by: 'max_bytes' },
]

/** The log by number, the log by bytes, and the log together with the inbox; in an order of the seed. */
export async function fullLog(stage: Stage): Promise<void> {
  const first = Math.floor(stage.random() * LIMITS.length)
  const limits = LIMITS.map((_, i) => LIMITS[(first + i) % LIMITS.length] as Limit) // Inside the list.
  await reached(stage, limits)
}

/** The log and the inbox together, for every test run. */
export async function fullStreams(stage: Stage): Promise<void> {
  await reached(stage, LIMITS.slice(-1))
}

async function reached(stage: Stage, limits: readonly Limit[]): Promise<void> {
  const jsm = await jetstreamManager(stage.cluster.nc)
  const pids = pidsOf(stage)
  for (const limit of limits) await full(stage, jsm, limit)
  stage.expect(pidsOf(stage).join() === pids.join(), 'FL2: a process was started anew')
}

function pidsOf({ cluster }: Stage): number[] {
  return cluster.members.map(({ pid }) => pid)
}

async function full(
  stage: Stage,
  jsm: JetStreamManager,
  { streams, by: limit }: Limit,
): Promise<void> {
  const target = streams.join(' and ')
  const fault = { kind: `${target} full (${limit})`, target, deafens: false }
  let from = 0
  await broken(stage, fault, async () => {
    for (const stream of streams) await fill(jsm, stream, limit)
    from = performance.now()
    await sleep(FULL_MS)
    for (const stream of streams) await jsm.streams.update(stream, { [limit]: -1 })
  })
  const told = toldBetween(stage, from + 1000, from + FULL_MS)
  const refused = (told.get('unavailable') ?? 0) + (told.get('overloaded') ?? 0)
  stage.expect(refused > 0, `FL1: with ${fault.kind} nobody was told unavailable`)
  const done = ['award', 'confirmed', 'recorded', 'suppressed', 'attempt', 'skipped']
  for (const type of done) {
    const count = told.get(type) ?? 0
    stage.expect(count === 0, `FL1: with ${fault.kind} ${count} were told ${type}`)
  }
  await awardsGoOn(stage)
}

/** Leaves room for a little more, and waits until that is used up. */
async function fill(
  jsm: JetStreamManager,
  stream: string,
  limit: keyof typeof ROOM,
): Promise<void> {
  const used = limit === 'max_msgs' ? 'messages' : 'bytes'
  const { state } = await jsm.streams.info(stream)
  await jsm.streams.update(stream, { [limit]: state[used] + ROOM[limit] })
  if (stream === INBOX) return // Nothing may be on its way there.
  let before = -1
  await until(
    async () => {
      const { messages } = (await jsm.streams.info(stream)).state
      const same = messages === before
      before = messages
      return same
    },
    `${stream} to be full`,
    { pollMs: 300 },
  )
}
