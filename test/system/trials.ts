// Trials: what can be broken on real processes, by name. `npm run faults` runs any of them; the
// short ones are tests as well.

import { startServer } from '../support/server.ts'
import { damagedReplica } from './damaged-replica.ts'
import { falseClocksRun } from './false-clocks.ts'
import { DISK_MB, fullDiskRun } from './full-disk.ts'
import { fullLog } from './full-log.ts'
import { isOfPoison, isStray, poisoned, strayRecords } from './poisoned.ts'
import { shortLog } from './short-log.ts'
import { slowDisk } from './slow-disk.ts'
import { SmallDisk } from './small-disk.ts'
import { type Outcome, onStage } from './stage.ts'
import { amongThree, serversRun, threeRun } from './three.ts'
import { snapshotAhead, tornSnapshots } from './torn-snapshots.ts'

export interface TrialOptions {
  seed: number
  /** For those that may go on for as long as wanted. */
  minutes?: number
}

export type Trial = (options: TrialOptions) => Promise<Outcome>

export const TRIALS = new Map<string, Trial>([
  ['three', async ({ seed, minutes }) => await threeRun(seed, minutes)],
  ['servers', async ({ seed }) => await serversRun(seed)],
  ['replica', async ({ seed }) => await amongThree(seed, damagedReplica)],
  ['limits', async ({ seed }) => await onStage({ seed, server: await startServer() }, fullLog)],
  ['disk', async ({ seed }) => await fullDiskRun(seed, await SmallDisk.mount(DISK_MB))],
  ['slow', async ({ seed }) => await onStage({ seed, server: await startServer() }, slowDisk)],
  ['clock', async ({ seed }) => await falseClocksRun(seed)],
  ['log', async ({ seed }) => await onStage({ seed, server: await startServer() }, shortLog)],
  [
    'poison',
    async ({ seed }) =>
      await onStage({ seed, server: await startServer(), planted: isOfPoison }, poisoned),
  ],
  [
    'stray',
    async ({ seed }) =>
      await onStage({ seed, server: await startServer(), planted: isStray }, strayRecords),
  ],
  [
    'snapshots',
    async ({ seed }) =>
      await onStage({ seed, server: await startServer(), hosts: 1 }, async (stage) => {
        await tornSnapshots(stage)
        await snapshotAhead(stage)
      }),
  ],
])
