// Streams: every stream, bucket and store the engine needs, made here and checked here.
//
// Safe to call from every process at every start: what exists is compared, never silently changed
// where a change could lose records.

import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { Objm } from '@nats-io/obj'
import { EngineError } from '../protocol/errors.ts'
import * as subjects from '../protocol/subjects.ts'
import type { Config } from './config.ts'
import type { Link } from './nats.ts'

const SHARDS_STANDARD = 4
const SHARDS_KEY = 'leadbid.shards'
export const MINIMUM_SERVER = '2.12.0'
/** A host that has not beaten for this long is gone, ms. */
export const HOST_TTL_MS = 3000
/** How long what somebody says of being at work counts, ms; apps say it again well before. */
export const PRESENCE_TTL_MS = 60_000

/** The stream's configuration as we want it; `doctor` compares it with what is there. */
export function eventsConfig(shards: number, replicas: number) {
  return {
    name: subjects.EVENTS,
    subjects: [subjects.eventsSubject('*')],
    storage: StorageType.File,
    num_replicas: replicas,
    retention: RetentionPolicy.Limits,
    // A full stream refuses; it never eats its tail.
    discard: DiscardPolicy.New,
    max_age: 0,
    deny_delete: true,
    allow_direct: true,
    metadata: { [SHARDS_KEY]: String(shards) },
  } satisfies Partial<StreamConfig>
}

/** Makes what is missing; returns how many shards the log has. */
export async function provision(link: Link, config: Config): Promise<{ shards: number }> {
  checkServer(link)
  const shards = await provisionEvents(link, config)
  const { num_replicas, storage } = eventsConfig(shards, config.replicas)
  await ensureStream(link, {
    name: subjects.INBOX,
    subjects: [subjects.inboxSubject('*')],
    storage,
    num_replicas,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_bytes: 1 << 30,
  })
  const kvm = new Kvm(link.js)
  const replicas = config.replicas
  await kvm.create(subjects.HOSTS_BUCKET, { ttl: HOST_TTL_MS, history: 1, replicas })
  await kvm.create(subjects.KEYS_BUCKET, { history: 1, replicas })
  await kvm.create(subjects.JOBS_BUCKET, { history: 1, replicas, ttl: 7 * 86_400_000 })
  await kvm.create(subjects.MODELS_BUCKET, { history: 1, replicas })
  await kvm.create(subjects.OFFICE_BUCKET, { history: 1, replicas })
  await kvm.create(subjects.PRESENCE_BUCKET, { ttl: PRESENCE_TTL_MS, history: 1, replicas })
  await kvm.create(subjects.DIALLING_BUCKET, { history: 1, replicas })
  await kvm.create(subjects.MARKS_BUCKET, { history: 1, replicas })
  const objm = new Objm(link.js)
  await objm.create(subjects.SNAPSHOTS_STORE, { replicas })
  await objm.create(subjects.IMPORTS_STORE, { replicas, ttl: 7 * 86_400_000 * 1_000_000 })
  return { shards }
}

async function provisionEvents(link: Link, config: Config): Promise<number> {
  const wanted = eventsConfig(config.shards ?? SHARDS_STANDARD, config.replicas)
  const info = await ensureStream(link, wanted)
  const kept = Number(info.config.metadata?.[SHARDS_KEY])
  if (!Number.isInteger(kept) || kept < 1) {
    throw new EngineError(
      'NOT_OUR_STREAM',
      `stream ${subjects.EVENTS} has no ${SHARDS_KEY} in its metadata: it was not made by leadbid, use another NATS account`,
    )
  }
  if (config.shards !== null && kept !== config.shards) {
    throw new EngineError(
      'SHARDS_FIXED',
      `LEADBID_SHARDS is ${config.shards}, but this log was made with ${kept} and keeps them for life: unset it or set it to ${kept}`,
    )
  }
  return kept
}

async function ensureStream(link: Link, config: Partial<StreamConfig> & { name: string }) {
  try {
    return await link.jsm.streams.info(config.name)
  } catch (error) {
    if (!isNotFound(error)) throw error
    try {
      return await link.jsm.streams.add(config as StreamConfig)
    } catch (raced) {
      // Another process made it between our two calls, with its own settings: theirs hold.
      const info = await link.jsm.streams.info(config.name).catch(() => null)
      if (info === null) throw raced
      return info
    }
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound
}

export function checkServer(link: Link): void {
  const version = link.nc.info?.version ?? '0'
  if (compareVersions(version, MINIMUM_SERVER) < 0) {
    throw new EngineError(
      'NATS_TOO_OLD',
      `nats-server ${version} is older than ${MINIMUM_SERVER}: upgrade it, or unset LEADBID_NATS_URL to use the embedded one`,
    )
  }
}

export function compareVersions(a: string, b: string): number {
  // What is no version at all counts as the oldest: better refused than half supported.
  const parts = (version: string) => (version.match(/\d+/g) ?? []).slice(0, 3).map(Number)
  const [left, right] = [parts(a), parts(b)]
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
