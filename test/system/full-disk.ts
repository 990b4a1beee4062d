// Full disk: the server's disk fills up under a crowd at work, is enlarged, and the server is started
// again, as the runbook says.
//
//   FD1. While the disk is full nobody is told that anything was done.
//   FD2. With room and the server started anew, all goes on without any other process being touched,
//        and what was acknowledged before is there.

import { setTimeout as sleep } from 'node:timers/promises'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import type { SmallDisk } from './small-disk.ts'
import { awardsGoOn, broken, type Outcome, onStage, type Stage, toldBetween } from './stage.ts'

const SIZE_MB = 24
const GROWN_MB = 96
/** What is left for the server to fill up, bytes. */
const LEFT = { least: 150_000, most: 1_000_000 }
/** Less than one write of a server takes, bytes. */
const PAGE = 4096
const FULL_MS = 4000

export async function fullDiskRun(seed: number, disk: SmallDisk): Promise<Outcome> {
  const server = await startServer(disk)
  return await onStage({ seed, server }, async (stage) => await fullDisk(stage, disk))
}

export { SIZE_MB as DISK_MB }

async function fullDisk(stage: Stage, disk: SmallDisk): Promise<void> {
  const { cluster } = stage
  const pids = cluster.members.map(({ pid }) => pid).join()
  const left = Math.round(LEFT.least + stage.random() * (LEFT.most - LEFT.least))
  const fault = { kind: `disk of ${SIZE_MB} MB full`, target: 'nats', deafens: false }
  await broken(stage, fault, async () => {
    await disk.fill(left)
    await until(async () => (await disk.free()) < PAGE, 'the disk to be full', {
      deadlineMs: 60_000,
      pollMs: 50,
    })
    // What was on its way when the last page was taken may still be told.
    await sleep(2000)
    const from = performance.now()
    await sleep(FULL_MS)
    const told = toldBetween(stage, from, performance.now())
    const refused = (told.get('unavailable') ?? 0) + (told.get('overloaded') ?? 0)
    stage.expect(refused > 0, 'FD1: nobody was told unavailable')
    for (const type of ['award', 'confirmed', 'recorded', 'suppressed', 'attempt']) {
      const count = told.get(type) ?? 0
      stage.expect(count === 0, `FD1: ${count} were told ${type} by a server without room`)
    }
    disk.grow(GROWN_MB)
    const restart = { kind: 'nats-server started anew', target: 'nats', deafens: true }
    await broken(stage, restart, async () => await cluster.server.restart())
  })
  await awardsGoOn(stage)
  const same = cluster.members.map(({ pid }) => pid).join() === pids
  stage.expect(same && cluster.members.every(({ running }) => running), 'FD2: a process ended')
}
