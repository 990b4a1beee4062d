// `leadbid replay`: the log as people read it, or what it adds up to.

import { createHash } from 'node:crypto'
import { type Event, isContactEvent } from '../../actors/protocol/events.ts'
import { type CampaignId, type ShardId, shardOf } from '../../actors/protocol/ids.ts'
import { readable } from '../../actors/protocol/readable.ts'
import type { Record } from '../../actors/protocol/record.ts'
import { formatTime } from '../../actors/protocol/time.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { readRecord } from '../../actors/shard/audit/chain.ts'
import { lastSeq, readWhole } from '../../actors/shard/audit/whole-log.ts'
import { readLog } from '../../actors/shard/log-reader.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { idOf, noMore, numberOf, readArgs, UsageError } from './args.ts'
import { type Context, DONE } from './command.ts'
import { logShards } from './log-shards.ts'

export const summary = 'print the log, or a hash of what it adds up to'

export const usage = `
usage: npx leadbid replay [flags]

Prints the log's events, one a line; nothing that identifies a person is in them.

  --campaign N   this campaign only (with --hash: its shard only)
  --lead N       this lead of it only
  --from SEQ     begin at this sequence of the stream
  --until SEQ    end with it
  --hash         fold the log instead, and print a hash of the state: equal logs, equal hashes
  --json         {seq, hash, shards: [{shard, n, hash}]}: --hash for programs

"hash" is SHA-256 over the shards' hashes (hex) one after another.

  npx leadbid replay --campaign 55
  npx leadbid replay --from 1200 --until 1300
  npx leadbid replay --until 1300 --json
`

export interface Replayed {
  /** The last sequence folded; 0 for an empty log. */
  seq: number
  hash: string
  shards: { shard: number; n: number; hash: string }[]
}

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    campaign: 'string',
    lead: 'string',
    from: 'string',
    until: 'string',
    hash: 'boolean',
    json: 'boolean',
  })
  noMore(rest, 0)
  const hashed = flags.hash === true || flags.json === true
  if (hashed && flags.from !== undefined) {
    throw new UsageError('--from does not go with --hash or --json: a state adds up from the start')
  }
  const campaign =
    flags.campaign === undefined ? null : (idOf(flags.campaign, '--campaign') as CampaignId)
  const lead = flags.lead === undefined ? null : idOf(flags.lead, '--lead')
  if (lead !== null && (campaign === null || hashed)) {
    throw new UsageError('--lead needs --campaign, and does not go with --hash or --json')
  }
  const from = numberOf(flags.from, '--from', { min: 1 }) ?? 1
  const until = numberOf(flags.until, '--until', { min: 0 }) ?? Number.POSITIVE_INFINITY
  const link = await context.link()
  const shards = await logShards(link)
  if (!hashed) {
    await printEvents(context, link, { campaign, lead, shards, from, until })
    return DONE
  }
  const wanted = campaign === null ? allOf(shards) : [shardOf(campaign, shards)]
  const folded = await replay(link, wanted, until)
  for (const line of flags.json === true ? [JSON.stringify(folded)] : inWords(folded)) {
    context.stdout(line)
  }
  return DONE
}

/** Folds shards from zero up to a sequence, one after another: one shard's leads in memory. */
export async function replay(
  link: Link,
  shards: readonly ShardId[],
  until: number,
): Promise<Replayed> {
  // The log may grow meanwhile, and all shards must be folded up to the same instant.
  const untilSeq = Math.min(until, await lastSeq(link))
  const hash = createHash('sha256')
  const folded: Replayed['shards'] = []
  let seq = 0
  for (const shard of shards) {
    const state = new ShardState(shard)
    for await (const stored of readLog(link, shard, { untilSeq })) state.fold(stored)
    const own = state.hash()
    hash.update(own)
    folded.push({ shard, n: state.n, hash: own })
    seq = Math.max(seq, state.seq)
  }
  return { seq, hash: hash.digest('hex'), shards: folded }
}

async function printEvents(
  context: Context,
  link: Link,
  range: {
    campaign: CampaignId | null
    lead: number | null
    shards: number
    from: number
    until: number
  },
): Promise<void> {
  const { campaign, lead, from } = range
  const untilSeq = Math.min(range.until, await lastSeq(link))
  const records =
    campaign === null
      ? readWhole(link, { fromSeq: from, untilSeq })
      : readLog(link, shardOf(campaign, range.shards), { fromSeq: from, untilSeq })
  for await (const { seq, bytes } of records) {
    const record = readRecord(bytes)
    if (record === null) {
      context.stdout(`${seq}  -  ${bytes.length} bytes that do not decode: see leadbid audit`)
      continue
    }
    if (record.claim !== undefined && campaign === null) context.stdout(claimLine(record, seq))
    for (const event of record.events) {
      // A contact's events may name the campaign, and lie here only where the contact lives.
      const ofCampaign = event.campaign_id === campaign && !isContactEvent(event)
      const ofLead = lead === null || ('lead_id' in event && event.lead_id === lead)
      if (campaign === null || (ofCampaign && ofLead)) context.stdout(eventLine(event, seq))
    }
  }
}

function claimLine({ at, shard, host, epoch, claim }: Record, seq: number): string {
  const { accepted } = claim ?? {}
  const without =
    accepted === undefined
      ? ''
      : `, without what was lost up to record ${accepted.n} at ${accepted.seq}: accepted by ${accepted.by}: ${accepted.reason}`
  return `${seq}  ${formatTime(at)}  shard ${shard}  claimed by ${host}, epoch ${epoch}${without}`
}

function eventLine(event: Event, seq: number): string {
  const { type, at, seq: _, campaign_id, lead_id, ...fields } = readable(event, seq)
  const place = lead_id === undefined ? `${campaign_id}` : `${campaign_id}/${lead_id}`
  const details = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return `${seq}  ${at}  ${place}  ${[type, ...details].join(' ')}`
}

function inWords({ seq, hash, shards }: Replayed): string[] {
  return [
    `seq ${seq}  ${hash}`,
    ...shards.map((shard) => `  shard ${shard.shard}  ${shard.n} records  ${shard.hash}`),
  ]
}

function allOf(shards: number): ShardId[] {
  return Array.from({ length: shards }, (_, i) => i as ShardId)
}
