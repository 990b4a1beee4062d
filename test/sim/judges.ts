// Judges: what is asked of the engine itself once a run is quiet: the auditor's word on the log, and
// whether what owners hold in memory is what the log says.

import { unpack } from '../../actors/protocol/codec.ts'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { Vault } from '../../actors/runtime/vault.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Findings } from '../../actors/shard/audit/findings.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { hashOf } from '../../actors/shard/state-cut.ts'
import type { Facts, Queued, Violation } from './known.ts'
import type { Plan } from './plan.ts'
import { SHARDS, type World } from './world.ts'

/** A virtual time nothing takes as long as. */
const LONG_MS = 3_600_000

/** Runs `run` as a process of its own, to its end. */
export async function asProcess(
  world: World,
  name: string,
  run: Parameters<World['client']>[1],
): Promise<void> {
  const { scheduler } = world
  let ended = false
  world.client(name, async (link, proc) => {
    try {
      await run(link, proc)
    } finally {
      ended = true
    }
  })
  await scheduler.run(scheduler.now + LONG_MS, () => ended)
}

/** The auditor's word on the log, by its own code on the simulated streams. */
export async function audited(world: World, plan: Plan): Promise<Violation[]> {
  const found: { findings?: Findings } = {}
  await asProcess(world, 'auditor', async (link) => {
    const log = world.logOf('auditor')
    const snapshots = await SnapshotStore.open(link, log)
    found.findings = await audit({ link, shards: SHARDS, snapshots, log })
  })
  if (found.findings === undefined) return [{ invariant: 'audit', detail: 'did not end' }]
  if (plan.kind === 'broken log') return unheard(world, found.findings)
  const torn = plan.kinds.includes('snapshot torn')
  return found.findings.violations
    .filter(({ detail }) => !(torn && /is unreadable/.test(detail)))
    .filter(({ detail }) => !isToldOnce(world, plan, detail))
    .filter(({ seq, detail }) => !isPlanted(world, seq, detail))
    .map(({ invariant, shard, seq, detail }) => ({
      invariant,
      detail: `audit: shard ${shard}, seq ${seq}: ${detail}`,
    }))
}

/**
 * What is gone, the auditor finds as well, and much that follows from it (checks-restore.ts has the rest):
 * only that it finds nothing would be wrong, where something durable still tells.
 */
function unheard({ history }: World, { violations }: Findings): Violation[] {
  const told = history.brokenLogs.some(({ known }) => known)
  if (!told || violations.some(({ invariant }) => invariant === 'I15')) return []
  return [{ invariant: 'I15', detail: 'audit: nothing is wrong with a log that was broken' }]
}

/** A planted event, and that its campaign was set aside for it. */
function isPlanted({ history }: World, seq: number, detail: string): boolean {
  return history.planted.some(
    ({ stream, seq: at, campaign }) =>
      stream === 'EVENTS' &&
      (seq === at || (seq > at && detail.startsWith(`campaign ${campaign} is set aside`))),
  )
}

/**
 * A known hole: a gateway that stood still, or a request that was under way for seconds, may have it
 * awarded long after its caller had gone on to another gateway and got its award there. Nobody is
 * told the second one, and it lapses. Counted, and let pass where such faults were drawn.
 */
function isToldOnce(world: World, { kinds, weather }: Plan, detail: string): boolean {
  const [, one, other] = /^request \S+ .* got (\S+) after (\S+)$/.exec(detail) ?? []
  if (one === undefined || !(kinds.includes('paused') || weather.slow > 0)) return false
  const { history, server } = world
  const told = new Set(history.answered('lead.next', 'award').map(({ answer }) => answer.award_id))
  if (told.has(one) && told.has(other)) return false
  server.count('request awarded twice, told once')
  return true
}

/** What went through the inbox, opened with the installation's own key; what of it was set aside. */
export async function queuedIn(world: World): Promise<Pick<Facts, 'inbox' | 'aside'>> {
  const inbox: Queued[] = []
  const aside: Queued[] = []
  await asProcess(world, 'opener', async (link) => {
    const vault = await Vault.open(link)
    for (const { seq, subject, data } of world.server.stream('INBOX').appended) {
      const list = subject === 'in.aside' ? aside : inbox
      list.push({ seq, bytes: data, leads: leadsOf(vault, data) })
    }
    vault.close()
  })
  return { inbox, aside }
}

function leadsOf(vault: Vault, data: Uint8Array): Queued['leads'] {
  try {
    const leads: unknown = unpack(vault.openTransport(data))
    return Array.isArray(leads) && leads.every((lead) => lead?.id > 0) ? leads : null
  } catch {
    return null // Random bytes.
  }
}

/** What an owner had in memory after its record `n`. */
export interface Held {
  shard: ShardId
  seq: number
  n: number
  hash: string
  /** No campaign of it is set aside: of one that is, only the log tells what it was. */
  sound: boolean
}

/** Shards that some host says it has halted. */
export function haltedIn({ members, scheduler }: World): ReadonlySet<number> {
  const reasons = members.flatMap(({ host, proc }) => {
    scheduler.current = proc
    return host?.notReady() ?? []
  })
  scheduler.current = null
  const named = reasons.map((why) => /^shard (\d+) is halted/.exec(why)?.[1])
  return new Set(named.filter((shard) => shard !== undefined).map(Number))
}

/** I7: what each owner has in memory, after some record of its own. */
export async function heldNow({ members, scheduler }: World): Promise<Held[]> {
  const held: Held[] = []
  for (const { host, proc } of members) {
    if (host === null) continue
    scheduler.at(0, proc, () => {
      for (const shard of host.owned()) {
        // Of a shard that was lost meanwhile there is nothing to compare.
        shard.cut().then(
          (cut) => {
            const { shard, seq, n } = cut.place
            held.push({ shard, seq, n, sound: cut.sound, hash: hashOf(cut) })
          },
          () => {},
        )
      }
    })
  }
  await scheduler.run(scheduler.now + 1000)
  return held
}

/**
 * Shards whose owner has seen more than there is now, and does not know: it looks when it next has
 * something to append, or is asked again. None is to be had of it meanwhile.
 */
export function unawareOf({ server }: World, live: readonly Held[]): ReadonlySet<number> {
  const stream = server.stream('EVENTS')
  const gone = live.filter(({ shard, seq }) => seq > (stream.last(`ev.${shard}`)?.seq ?? 0))
  return new Set(gone.map(({ shard }) => shard))
}

/** Whether what owners had in memory is what the log says; only of a log that folds at all. */
export function compared(world: World, live: readonly Held[]): Violation[] {
  const { server } = world
  const found: Violation[] = []
  const unaware = unawareOf(world, live)
  for (const { shard, n, hash, sound } of live) {
    if (!sound || unaware.has(shard)) continue
    const state = new ShardState(shard)
    for (const { seq, subject, data } of server.stream('EVENTS').messages.values()) {
      if (subject === `ev.${shard}` && state.n < n) state.fold({ seq, bytes: data })
    }
    server.count('live state compared')
    if (state.n === n && state.hash() === hash) continue
    const detail = `shard ${shard}: what its owner holds at record ${n} is not what the log says`
    found.push({ invariant: 'I7', detail })
  }
  return found
}
