// Check engine: does every shard have a living owner, and does a gateway answer?

import { Kvm } from '@nats-io/kv'
import { EVENTS, HOSTS_BUCKET } from '../../actors/protocol/subjects.ts'
import type { Beat } from '../../actors/runtime/hosts.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { ask } from './ask.ts'
import { type Check, fail, messageOf, ok, warn } from './check.ts'
import type { Context } from './command.ts'
import { shardsIn } from './log-shards.ts'
import { plural } from './words.ts'

const START = 'start a host with npm start, or npm run start:actors'
const HALTED = 'see the RUNBOOK, "A shard is halted"; then restart that host'

/** Owners by what the hosts say of themselves; a host that stopped beating is not there. */
export async function checkOwners(link: Link): Promise<Check> {
  const name = 'owners'
  let hosts: Map<string, Beat>
  let shards: number
  try {
    hosts = await readBeats(link)
    shards = shardsIn((await link.jsm.streams.info(EVENTS)).config.metadata) ?? 0
  } catch (error) {
    return fail(name, `unknown: ${messageOf(error)}`, START)
  }
  if (hosts.size === 0) return fail(name, 'no host is alive', START)
  const owned = new Set([...hosts.values()].flatMap((beat) => Object.keys(beat.shards)))
  const orphans = Array.from({ length: shards }, (_, i) => String(i)).filter((i) => !owned.has(i))
  const said = [...hosts].map(([host, beat]) => described(host, beat)).join(', ')
  const halted = haltedIn(hosts)
  if (halted.length > 0) return fail(name, halted.join('; '), HALTED)
  if (orphans.length > 0) {
    const cure = `wait three seconds and look again; then see the log of the hosts, or ${START}`
    return fail(name, `shard ${orphans.join(', ')} without an owner (alive: ${said})`, cure)
  }
  if ([...hosts.values()].every(({ draining }) => draining)) {
    return warn(name, `every host is draining: ${said}`, START)
  }
  return ok(name, said)
}

/** Shards that hosts refuse to own, and why. */
function haltedIn(hosts: ReadonlyMap<string, Beat>): string[] {
  return [...hosts].flatMap(([host, { halted = {} }]) =>
    Object.entries(halted).map(([shard, why]) => `shard ${shard} is halted by ${host}: ${why}`),
  )
}

async function readBeats(link: Link): Promise<Map<string, Beat>> {
  const kv = await new Kvm(link.js).open(HOSTS_BUCKET)
  const beats = new Map<string, Beat>()
  for await (const host of await kv.keys()) {
    const entry = await kv.get(host)
    if (entry !== null && entry.operation === 'PUT') beats.set(host, entry.json<Beat>())
  }
  return beats
}

function described(host: string, { shards, draining }: Beat): string {
  const owns = Object.entries(shards).map(([shard, epoch]) => `${shard} (epoch ${epoch})`)
  const holds = owns.length === 0 ? 'no shard' : `shard ${owns.join(', ')}`
  return `${host} with ${holds}${draining ? ', draining' : ''}`
}

export async function checkGateway(context: Context): Promise<Check> {
  const name = 'gateway'
  const cure = 'start one with npm start, or npm run start:gateway'
  try {
    const reply = await ask(context, 'campaign.list', {})
    if (reply.type !== 'campaigns') return fail(name, `answers ${reply.type}`, START)
    const campaigns = reply.campaigns as unknown[]
    return ok(name, `answers, with ${plural(campaigns.length, 'campaign')}`)
  } catch (error) {
    return fail(name, messageOf(error), cure)
  }
}
