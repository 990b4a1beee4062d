// Health metrics: what waits for an operator: shards no host will serve, campaigns and messages that
// were set aside. All gateways tell the same of it; it is asked for when one is scraped.
//
//   HM1. What could not be asked is absent, never zero.

import { Gauge, type Registry } from 'prom-client'
import type { ShardId } from '../../actors/protocol/ids.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import { ASIDE, INBOX } from '../../actors/protocol/subjects.ts'
import type { Hosts } from '../../actors/runtime/hosts.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { kept } from './customer-metrics.ts'

/** Counts of what waits; null where that could not be asked. */
export interface Waiting {
  halted: number | null
  campaigns: number | null
  messages: number | null
}

export type HealthSource = () => Promise<Waiting>

const NOTHING: Waiting = { halted: null, campaigns: null, messages: null }
const FIGURES = {
  leadbid_halted_shards: {
    help: 'Shards that a host refuses to serve, for their logs are damaged or lost records',
    of: ({ halted }: Waiting) => halted,
  },
  leadbid_quarantined_campaigns: {
    help: 'Campaigns that were set aside and wait for a requeue',
    of: ({ campaigns }: Waiting) => campaigns,
  },
  leadbid_quarantined_messages: {
    help: 'Messages of queued leads that were set aside and wait for a requeue',
    of: ({ messages }: Waiting) => messages,
  },
} as const

/** Registers the metrics; they are there once the function it returns is given a source. */
export function healthMetrics(registry: Registry): (source: HealthSource) => void {
  let source: HealthSource = async () => NOTHING
  const ask = kept(() => source())
  for (const [name, { help, of }] of Object.entries(FIGURES)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.reset()
        this.remove() // A gauge without labels would say 0 (HM1).
        const value = of(await ask())
        if (value !== null) this.set(value)
      },
    })
  }
  return (given) => {
    source = given
  }
}

/** Where a gateway finds them. `list` asks for all campaigns. */
export function healthOf(parts: {
  link: Link
  hosts: Hosts
  shards: number
  list: () => Promise<Reply | Uint8Array>
}): HealthSource {
  const { link, hosts, shards, list } = parts
  return async () => {
    const [reply, info] = await Promise.all([
      list().catch(() => null),
      link.jsm.streams.info(INBOX, { subjects_filter: ASIDE }).catch(() => null),
    ])
    const told = reply !== null && !(reply instanceof Uint8Array) && reply.type === 'campaigns'
    return {
      halted: allOf(shards).filter((shard) => hosts.halted(shard) !== null).length,
      campaigns: told ? reply.campaigns.filter(({ quarantined }) => quarantined).length : null,
      messages: info === null ? null : (info.state.subjects?.[ASIDE] ?? 0),
    }
  }
}

/** Why a shard is not served, in words. */
export function whyUnowned(hosts: Hosts, shard: ShardId): string {
  const halted = hosts.halted(shard)
  return halted === null
    ? `shard ${shard} has no owner`
    : `shard ${shard} has no owner: ${halted.host} halted it: ${halted.why}`
}

function allOf(shards: number): ShardId[] {
  return Array.from({ length: shards }, (_, shard) => shard as ShardId)
}
