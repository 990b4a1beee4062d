// Check streams: are the log and its buckets as provision makes them?

import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import * as subjects from '../../actors/protocol/subjects.ts'
import type { Config } from '../../actors/runtime/config.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { eventsConfig } from '../../actors/runtime/streams.ts'
import { type Check, fail, messageOf, ok, warn } from './check.ts'
import { shardsIn } from './log-shards.ts'

const PROVISION = 'run npm run provision, or start the engine once'

export async function checkStreams(link: Link, config: Config): Promise<Check[]> {
  const events = await configOf(link, subjects.EVENTS)
  const checks = [
    ...(typeof events === 'string'
      ? [fail('log', events, PROVISION)]
      : [checkLog(events), checkShards(events, config), checkReplicas(events)]),
    await checkInbox(link),
    await checkBuckets(link),
  ]
  return checks
}

/** A log that may drop, age or delete records loses leads sooner or later. */
function checkLog(events: StreamConfig): Check {
  const wanted = eventsConfig(1, 1)
  const faults: string[] = []
  for (const field of ['storage', 'retention', 'discard', 'max_age', 'deny_delete'] as const) {
    if (events[field] !== wanted[field]) {
      faults.push(`${field} is ${events[field]}, must be ${wanted[field]}`)
    }
  }
  for (const field of ['max_msgs', 'max_msgs_per_subject'] as const) {
    // A bound with `discard: new` refuses rather than drops, but then awards stop at it. Gateways
    // see only `max_bytes` come near, and then shed load in good time: that one may be set.
    if (events[field] > 0) faults.push(`${field} is ${events[field]}, must be unlimited`)
  }
  const stream = `stream ${subjects.EVENTS}`
  if (faults.length === 0) return ok('log', `${stream}: on file, nothing ages or is dropped`)
  const cure = `nats stream edit ${subjects.EVENTS}; storage and deny_delete only by restoring a backup into a new stream`
  return fail('log', `${stream}: ${faults.join('; ')}`, cure)
}

function checkShards(events: StreamConfig, config: Config): Check {
  const kept = shardsIn(events.metadata)
  if (kept === null) {
    const said = `stream ${subjects.EVENTS} says nothing of shards: it was not made by leadbid`
    return fail('shards', said, 'use another NATS account')
  }
  if (config.shards !== null && config.shards !== kept) {
    const said = `LEADBID_SHARDS is ${config.shards}, the log has ${kept} and keeps them for life`
    return fail('shards', said, `unset LEADBID_SHARDS, or set it to ${kept}`)
  }
  return ok('shards', `${kept}`)
}

function checkReplicas(events: StreamConfig): Check {
  const count = events.num_replicas
  if (count >= 3) return ok('replicas', `${count}`)
  return warn(
    'replicas',
    `${count}: a broken disk takes the log with it. Good for development, not for production`,
    'three servers, and LEADBID_REPLICAS=3 before the log is made (nats stream edit later)',
  )
}

async function checkInbox(link: Link): Promise<Check> {
  const inbox = await configOf(link, subjects.INBOX)
  if (typeof inbox === 'string') return fail('inbox', inbox, PROVISION)
  const well =
    inbox.storage === StorageType.File &&
    inbox.retention === RetentionPolicy.Workqueue &&
    inbox.discard === DiscardPolicy.New
  return well
    ? ok('inbox', `stream ${subjects.INBOX}: a work queue on file`)
    : fail(
        'inbox',
        `stream ${subjects.INBOX} must be a work queue on file that refuses when full`,
        `let it run empty, remove it (nats stream rm ${subjects.INBOX}), ${PROVISION}`,
      )
}

async function checkBuckets(link: Link): Promise<Check> {
  const { HOSTS_BUCKET, KEYS_BUCKET, JOBS_BUCKET, MODELS_BUCKET, PRESENCE_BUCKET } = subjects
  const { DIALLING_BUCKET, MARKS_BUCKET, SNAPSHOTS_STORE, IMPORTS_STORE } = subjects
  const streams = [
    ...[HOSTS_BUCKET, KEYS_BUCKET, JOBS_BUCKET, MODELS_BUCKET, PRESENCE_BUCKET].map(
      (name) => `KV_${name}`,
    ),
    ...[DIALLING_BUCKET, MARKS_BUCKET].map((name) => `KV_${name}`),
    ...[SNAPSHOTS_STORE, IMPORTS_STORE].map((name) => `OBJ_${name}`),
  ]
  const found = await Promise.all(streams.map((stream) => configOf(link, stream)))
  const missing = streams.filter((_, i) => typeof found[i] === 'string')
  return missing.length === 0
    ? ok('buckets', streams.join(', '))
    : fail('buckets', `${missing.join(', ')} missing`, PROVISION)
}

/** A stream's configuration, or why there is none. */
async function configOf(link: Link, stream: string): Promise<StreamConfig | string> {
  try {
    return (await link.jsm.streams.info(stream)).config
  } catch (error) {
    return `stream ${stream}: ${messageOf(error)}`
  }
}
