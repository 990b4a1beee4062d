// Damaged replica: one server of three loses the end of its copy of the log, or finds bits of it
// turned over. It must be made whole by the others, and may lead the log again after that.
//
//   DR1. Nothing that was acknowledged is missing, also when the damaged one leads.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import { until } from '../support/until.ts'
import { cutOff, forgetIndex, logDir, turnBits } from './log-files.ts'
import type { Battlefield } from './nemesis.ts'
import { awardsGoOn, broken } from './stage.ts'

const DAMAGES = [
  'cut off',
  'bits turned',
  'cut off, without its index',
  'bits turned, without its index',
]
const LOST = { least: 2000, most: 60_000 }
const CURRENT_MS = 60_000

/** Each way of damage, on another server each time. */
export async function damagedReplica(field: Battlefield): Promise<void> {
  const first = Math.floor(field.random() * DAMAGES.length)
  for (const [i] of DAMAGES.entries()) {
    const damage = DAMAGES[(first + i) % DAMAGES.length] ?? ''
    await damaged(field, damage, i)
    await awardsGoOn(field)
  }
}

async function damaged(field: Battlefield, damage: string, turn: number): Promise<void> {
  const { cluster, nats, random } = field
  const jsm = await jetstreamManager(cluster.nc, { checkAPI: false, timeout: 2000 })
  const leader = await until(async () => await leaderOf(jsm), 'a leader', { deadlineMs: 30_000 })
  const followers = nats.nodes.filter(({ name }) => name !== leader)
  const node = followers[turn % followers.length]
  if (node === undefined) throw new Error('the log has no followers')
  const fault = { kind: `a follower's log ${damage}`, target: node.name, deafens: true }
  await broken(field, fault, async () => {
    await node.kill9()
    const dir = logDir(join(nats.dataDir, node.name))
    if (damage.startsWith('cut off')) cutOff(dir, LOST.least + random() * (LOST.most - LOST.least))
    else await turnBits(dir, [random(), random(), random()])
    if (damage.endsWith('without its index')) forgetIndex(dir)
    await sleep(500) // The others have written meanwhile.
    node.restart()
    await until(async () => await isCurrent(jsm, node.name), `${node.name} to have caught up`, {
      deadlineMs: CURRENT_MS,
      pollMs: 200,
    })
    await until(async () => await leads(cluster.nc, jsm, node.name), `${node.name} to lead`, {
      deadlineMs: CURRENT_MS,
      pollMs: 500,
    })
  })
}

async function leaderOf(jsm: JetStreamManager): Promise<string | undefined> {
  return (await jsm.streams.info(EVENTS)).cluster?.leader
}

async function isCurrent(jsm: JetStreamManager, name: string): Promise<boolean> {
  const { cluster } = await jsm.streams.info(EVENTS)
  const peer = cluster?.replicas?.find((replica) => replica.name === name)
  return peer?.current === true && (peer.lag ?? 0) === 0 && peer.offline !== true
}

/** Asks the leader to give way to this one until it does. */
async function leads(nc: NatsConnection, jsm: JetStreamManager, name: string): Promise<boolean> {
  if ((await leaderOf(jsm)) === name) return true
  const placement = { placement: { preferred: name } }
  await nc.request(`$JS.API.STREAM.LEADER.STEPDOWN.${EVENTS}`, JSON.stringify(placement), {
    timeout: 2000,
  })
  return false
}
