// `npm run provision`: makes the streams and buckets that are missing, and checks those that are
// there. Every process does the same at its start; this is for doing it ahead, and for looking.

import { ConfigError, EngineError } from '../actors/protocol/errors.ts'
import * as subjects from '../actors/protocol/subjects.ts'
import { type Config, configHelp, natsUrlOf, readConfig } from '../actors/runtime/config.ts'
import { createLog } from '../actors/runtime/log.ts'
import type { Link } from '../actors/runtime/nats.ts'
import { provision } from '../actors/runtime/streams.ts'
import { checkStreams } from '../gateway/cli/check-streams.ts'
import { connectCli, withServer } from '../gateway/cli/server.ts'
import { table } from '../gateway/cli/words.ts'
import { messageOf } from './error.ts'

const USAGE = `npm run provision makes the streams and buckets of the engine, and checks those it finds.
What exists is never changed: what differs from what the engine wants is told, with the cure.

Exit code 0: all is there and as it should be; 1: something is not; 2: misused.

  npm run provision
  LEADBID_REPLICAS=3 LEADBID_SHARDS=32 npm run provision -- --nats-url nats://127.0.0.1:4222

Settings (flag, environment, meaning):
`

const { EVENTS, INBOX, SNAPSHOTS_STORE, IMPORTS_STORE } = subjects
const { HOSTS_BUCKET, KEYS_BUCKET, JOBS_BUCKET, MODELS_BUCKET, MARKS_BUCKET } = subjects

/** Every stream of ours with what it is for. */
const STREAMS: readonly (readonly [stream: string, purpose: string])[] = [
  [EVENTS, 'the journal'],
  [INBOX, 'leads for an owner that is away'],
  [`KV_${HOSTS_BUCKET}`, 'who is alive and owns what'],
  [`KV_${KEYS_BUCKET}`, 'keys that seal what identifies a person'],
  [`KV_${JOBS_BUCKET}`, 'import jobs'],
  [`KV_${MODELS_BUCKET}`, 'what was learnt of each customer'],
  [`KV_${MARKS_BUCKET}`, 'how far each shard is known to have come'],
  [`OBJ_${SNAPSHOTS_STORE}`, 'snapshots of shards'],
  [`OBJ_${IMPORTS_STORE}`, 'import files, and the rows they had to reject'],
]

async function run(config: Config): Promise<number> {
  const link = await connectCli(config, createLog({ role: 'provision' }, config.logLevel))
  try {
    const { shards } = await provision(link, config)
    console.log(`${natsUrlOf(config)}: ${shards} shards`)
    for (const line of table([
      ['stream', 'replicas', 'messages', 'bytes', 'for'],
      ...(await Promise.all(STREAMS.map((stream) => rowOf(link, stream)))),
    ])) {
      console.log(line)
    }
    const checks = await checkStreams(link, config)
    for (const { level, name, message, cure } of checks) {
      if (level !== 'ok') console.log(`  ${level} ${name}: ${message}\n       cure: ${cure ?? '-'}`)
    }
    return checks.some(({ level }) => level === 'FAIL') ? 1 : 0
  } finally {
    await link.nc.close()
  }
}

async function rowOf(link: Link, [stream, purpose]: readonly [string, string]): Promise<string[]> {
  const { config, state } = await link.jsm.streams.info(stream)
  return [stream, config.num_replicas, state.messages, state.bytes, purpose].map(String)
}

/** What another run with the same settings would only repeat. */
const MISUSED = new Set(['CONFIG', 'SHARDS_FIXED', 'NATS_TOO_OLD', 'NOT_OUR_STREAM'])

const args = process.argv.slice(2)
if (args.includes('--help')) {
  console.log(USAGE + configHelp())
} else {
  try {
    const { config, rest } = readConfig(args, process.env)
    if (rest.length > 0) throw new ConfigError([`unknown argument ${rest.join(' ')}: see --help`])
    process.exitCode = await run(await withServer(config, args, process.env))
  } catch (error) {
    console.error(messageOf(error))
    process.exitCode = error instanceof EngineError && MISUSED.has(error.code) ? 2 : 1
  }
}
