// Faults: what goes wrong in a run, drawn by its seed: which kinds at all, how often, how long.

import { SNAPSHOTS_STORE } from '../../actors/protocol/subjects.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import type { Weather } from './sim-server.ts'
import { FAIR } from './sim-server.ts'
import type { Member, World } from './world.ts'

/** How far hosts' clocks may lie apart in a run, ms. */
export interface Plan {
  weather: Weather
  skewMaxMs: number
  kinds: (keyof typeof KINDS)[]
  /** Between two faults on average, ms. */
  everyMs: number
}

/** One seed in eight is fair weather: what fails there is no fault's doing. */
export function drawPlan(seed: number, random: () => number): Plan {
  if (seed % 8 === 0) return { weather: FAIR, skewMaxMs: 0, kinds: [], everyMs: 1000 }
  const some = (rate: number) => (random() < 0.5 ? 0 : random() * rate)
  const weather = {
    latencyMs: 0.2 + random() * 3,
    slow: some(0.004),
    loss: some(0.02),
    lostCall: some(0.02),
    lostAck: some(0.05),
    clearing: some(0.05),
    late: some(0.02),
  }
  const names = Object.keys(KINDS) as (keyof typeof KINDS)[]
  const kinds = names.filter(() => random() < 0.5)
  const skewMaxMs = [0, 100, 2000, 20_000][Math.floor(random() * 4)] as number // Of four, one.
  return { weather, skewMaxMs, kinds, everyMs: 600 + random() * 4000 }
}

/** Does what the plan says until clients end; everything is whole again when it resolves. */
export async function nemesis(world: World, plan: Plan): Promise<void> {
  const { kinds, everyMs, weather } = plan
  world.server.weather = weather
  while (!world.ending) {
    await sleep(-Math.log(1 - world.random()) * everyMs + 1)
    const kind = kinds[Math.floor(world.random() * kinds.length)]
    if (kind === undefined || world.ending) continue
    world.server.count(`fault: ${kind}`)
    await KINDS[kind](world)
  }
}

/** Ends every fault. */
export function heal(world: World): void {
  const { server, scheduler } = world
  server.weather = FAIR
  server.up = true
  server.leader = true
  for (const { proc } of world.members) {
    proc.cut = 'none'
    proc.sendsLeft = null
    scheduler.resume(proc)
  }
  server.healed()
  world.say('healed')
}

const KINDS = {
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
    const seqs = [...stream.messages.keys()]
    const message = stream.messages.get(seqs[Math.floor(world.random() * seqs.length)] ?? 0)
    if (message === undefined || message.data.length === 0) return
    const at = Math.floor(world.random() * message.data.length)
    message.data[at] = (message.data[at] ?? 0) ^ 0x55
    world.server.count('snapshot bytes flipped')
  },
} satisfies { [kind: string]: (world: World) => void | Promise<void> }

function kill(world: World, kind: Member['kind']): void {
  world.kill(anyMember(world, kind), 100 + world.random() * 6000)
}

function anyMember(world: World, kind: Member['kind']): Member {
  const members = world.members.filter((member) => member.kind === kind)
  return members[Math.floor(world.random() * members.length)] as Member // There are always some.
}

function later(world: World, ms: number, run: () => void): void {
  world.scheduler.at(ms, world.server.proc, run)
}
