// Placement: which host should own a shard, and which should follow it, by rendezvous hashing.
//
// Every host computes this alone from who it sees alive. They may disagree for a moment; the
// journal decides who really owns. When a host comes or goes, only its own shards move.

import { fnv1a, type HostId, type ShardId } from '../protocol/ids.ts'

/** Hosts by how well they suit the shard: the first should own it, the second follow it. */
export function ranking(shard: ShardId, hosts: readonly HostId[]): HostId[] {
  return [...hosts].sort((a, b) => weight(shard, b) - weight(shard, a) || (a < b ? -1 : 1))
}

/** Thaler and Ravishankar's highest random weight, with a finishing mix: FNV alone barely spreads
 * names that differ in their last character. */
function weight(shard: ShardId, host: HostId): number {
  let hash = fnv1a(`${shard}/${host}`)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
