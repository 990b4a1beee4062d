// Faults: what goes wrong in a run, one after another, as its plan says: whom it hits, and how long.

import { SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import type { Host } from '../../actors/shard/host.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import type { Plan } from './plan.ts'
import { appendIllegal, breakCampaign, garbleInbox, sealGarbage } from './poison.ts'
import type { Proc } from './scheduler.ts'
import { FAIR } from './sim-server.ts'
import type { Member, World } from './world.ts'

export const FAULTS = [
  'host killed',
  'gateway killed',
  'killed while sending',
  'all killed',
  'paused',
  'partition',
  'server down',
  'leader away',
  'rolling restart',
  'clock leaps',
  'snapshot torn',
  'garbage in the inbox',
  'sealed garbage in the inbox',
  'illegal event',
  'campaign breaks',
  'snapshot early',
  'host clock leaps',
] as const
export type FaultKind = (typeof FAULTS)[number]

/** Does what the plan says until clients end; everything is whole again when it resolves. */
export async function nemesis(world: World, link: Link, plan: Plan): Promise<void> {
  const { kinds, everyMs, weather } = plan
  world.server.weather = weather
  while (!world.ending) {
    await sleep(-Math.log(1 - world.random()) * everyMs + 1)
    const kind = kinds[Math.floor(world.random() * kinds.length)]
    if (kind === undefined || world.ending) continue
    world.server.count(`fault: ${kind}`)
    await KINDS[kind](world, link)
  }
}

/** Ends every fault. */
export function heal(world: World): void {
  const { server, scheduler } = world
  server.weather = FAIR
  server.up = true
  server.leader = true
  for (const member of world.members) {
    const { proc } = member
    if (member.leaptMs !== 0) setClock(world, member, 0)
    proc.cut = 'none'
    proc.sendsLeft = null
    scheduler.resume(proc)
  }
  server.healed()
  world.say('healed')
}

const KINDS: { readonly [kind in FaultKind]: (world: World, link: Link) => void | Promise<void> } =
  {
    'host killed': (world: World) => kill(world, 'host'),
    'gateway killed': (world: World) => kill(world, 'gateway'),
    'killed while sending': (world: World) => {
      const member = anyMember(world, world.random() < 0.75 ? 'host' : 'gateway')
      member.proc.sendsLeft = Math.floor(world.random() * 40)
    },
    'all killed': (world: World) => {
      for (const member of world.members) world.kill(member, 300 + world.random() * 3000)
    },
    paused: (world: World) => {
      const { proc, name } = anyMember(world, world.random() < 0.8 ? 'host' : 'gateway')
      if (proc.state !== 'up') return
      proc.state = 'paused'
      world.say(`${name} paused`)
      later(world, 500 + world.random() * 12_000, () => {
        world.scheduler.resume(proc)
        world.say(`${name} resumed`)
      })
    },
    partition: (world: World) => {
      const { proc, name } = anyMember(world, world.random() < 0.75 ? 'host' : 'gateway')
      proc.cut = (['in', 'out', 'both'] as const)[Math.floor(world.random() * 3)] ?? 'both'
      world.say(`${name} cut ${proc.cut}`)
      later(world, 300 + world.random() * 8000, () => {
        proc.cut = 'none'
        world.server.healed()
      })
    },
    'server down': (world: World) => {
      world.server.up = false
      world.say('server down')
      later(world, 100 + world.random() * 3000, () => {
        world.server.up = true
        world.server.healed()
      })
    },
    'leader away': (world: World) => {
      world.server.leader = false
      world.say('leader away')
      later(world, 1000 + world.random() * 6000, () => {
        world.server.leader = true
        world.server.healed()
      })
    },
    'rolling restart': async (world: World) => {
      const member = anyMember(world, 'host')
      const { proc, host } = member
      if (host === null || proc.state !== 'up') return
      world.say(`${member.name} asked to stop`)
      // Its own process stops it; a second later whatever is left of it is killed.
      world.scheduler.at(0, proc, () => void member.stop().catch(() => {}))
      await sleep(1000 + world.random() * 4000)
      if (member.proc === proc) world.kill(member, 100 + world.random() * 1000)
    },
    'clock leaps': (world: World) => {
      const ms = [60_000, 600_000, 3_600_000][Math.floor(world.random() * 3)] as number // Of three.
      world.scheduler.wallBase += ms
      world.say(`all clocks leap ${ms} ms`)
    },
    'snapshot torn': (world: World) => {
      const stream = world.server.stream(`OBJ_${SNAPSHOTS_STORE}`)
      // What an object is called and where its chunks lie comes whole or not at all.
      const seqs = [...stream.messages.values()]
        .filter(({ subject, data }) => subject.includes('.C.') && data.length > 0)
        .map(({ seq }) => seq)
      const message = stream.messages.get(seqs[Math.floor(world.random() * seqs.length)] ?? 0)
      if (message === undefined || message.data.length === 0) return
      const at = Math.floor(world.random() * message.data.length)
      message.data[at] = (message.data[at] ?? 0) ^ 0x55
      world.server.count('snapshot bytes flipped')
    },
    'garbage in the inbox': garbleInbox,
    'sealed garbage in the inbox': sealGarbage,
    'illegal event': appendIllegal,
    'campaign breaks': breakCampaign,
    'snapshot early': (world: World) => {
      const member = anyMember(world, 'host')
      const { host, proc } = member
      if (host === null || proc.state !== 'up') return
      // As its own keeper would take it after some thousand records more.
      world.scheduler.at(0, proc, () => void snapshot(world, host, proc).catch(() => {}))
    },
    'host clock leaps': (world: World) => {
      const member = anyMember(world, 'host')
      const ms = member.leaptMs === 0 ? HOUR_MS * (world.random() < 0.5 ? 1 : -1) : 0
      setClock(world, member, ms)
      world.say(`the clock of ${member.name} is ${ms} ms off`)
    },
  }

function kill(world: World, kind: Member['kind']): void {
  world.kill(anyMember(world, kind), 100 + world.random() * 6000)
}

function anyMember(world: World, kind: Member['kind']): Member {
  const members = world.members.filter((member) => member.kind === kind)
  return members[Math.floor(world.random() * members.length)] as Member // There are always some.
}

const HOUR_MS = 3_600_000

/** Sets how far a member's clock is off, beside how far it always was. */
function setClock(world: World, member: Member, ms: number): void {
  member.skewMs += ms - member.leaptMs
  member.leaptMs = ms
  member.proc.skewMs = member.skewMs
  world.server.count(ms < 0 ? 'clock of a host an hour back' : 'clock of a host set')
}

async function snapshot(world: World, host: Host, proc: Proc): Promise<void> {
  const store = await SnapshotStore.open(world.stores.linkOf(proc), world.logOf(proc.name))
  for (const shard of host.owned()) {
    if (shard.state.poisoned.size > 0) continue
    const taken = shard.cut().then((cut) => store.saveCut(cut))
    await taken.then(
      () => world.server.count('snapshot taken early'),
      () => {}, // The shard is lost or the store away: as with the engine's own, no harm.
    )
  }
}

function later(world: World, ms: number, run: () => void): void {
  world.scheduler.at(ms, world.server.proc, run)
}
