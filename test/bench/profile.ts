// Profile: where a host and a gateway spend the time of an award, 256 in flight: the table that says
// what an award would have to do without to be faster.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/until.ts'
import { Entrant, type TurnOrder } from './entrant.ts'
import { type Flame, flameOf } from './flame.ts'
import type { Options } from './options.ts'
import { OURS } from './peers/all.ts'
import { Leadbid, leadbidKind } from './peers/leadbid.ts'
import { PROFILE_KEPT } from './profile-watch.ts'
import type { Run } from './results.ts'

/** Of one process, while it gave so many awards. */
export interface Profiled {
  role: string
  awards: number
  perSecond: number
  flame: Flame
}

const ROLES = ['actors', 'gateway'] as const
const IN_FLIGHT = 256
/** For a profile to begin in each process. */
const BEGIN_MS = 300

export async function runProfile(options: Options, run: Run): Promise<void> {
  const { campaigns, shards, hosts, leads, seconds, warmSeconds } = options
  const folder = await mkdtemp(join(tmpdir(), 'leadbid-profiles-'))
  const watch = join(import.meta.dirname, 'profile-watch.ts')
  const env = { NODE_OPTIONS: `--import tsx --import ${watch}`, BENCH_PROFILES: folder }
  const entrant = await Entrant.start({
    name: OURS,
    kind: { ...leadbidKind, start: (world) => Leadbid.start(world, { env }) },
    world: { campaigns, shards, hosts },
    leads,
  })
  const { cluster } = entrant.contender as Leadbid // Of the kind just named.
  const asked = options.asked[0] ?? 8
  const order: TurnOrder = {
    loop: 'closed',
    asked,
    inFlight: IN_FLIGHT,
    warmSeconds,
    seconds,
    seed: 7,
  }
  try {
    await entrant.turn(order)
    await entrant.topUp()
    for (const member of cluster.members) member.signal('SIGUSR2')
    await sleep(BEGIN_MS)
    const { count, perSecond } = await entrant.turn({ ...order, warmSeconds: 0, seed: 8 })
    for (const member of cluster.members) member.signal('SIGUSR2')
    const kept = () => cluster.members.every(({ output }) => output.includes(PROFILE_KEPT))
    await until(kept, 'profiles to be kept')
    run.profiles = []
    for (const role of ROLES) {
      const text = await readFile(join(folder, `${role}.cpuprofile`), 'utf8')
      const flame = flameOf(JSON.parse(text)) // As Node writes it.
      run.profiles.push({ role, awards: count, perSecond, flame })
    }
  } finally {
    await entrant[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  }
}
