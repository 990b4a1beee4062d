// `leadbid requeue`: lets what was set aside work again, once its fault is mended.

import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { CommandReply, Command as EngineCommand } from '../../actors/protocol/commands.ts'
import { EngineError } from '../../actors/protocol/errors.ts'
import { type CampaignId, shardOf } from '../../actors/protocol/ids.ts'
import { commandSubject } from '../../actors/protocol/subjects.ts'
import { isNoResponders, isTimeout } from '../../actors/runtime/nats.ts'
import { idOf, noMore, numberOf, readArgs, UsageError } from './args.ts'
import { putBack, setAside } from './aside.ts'
import { type Reply, show } from './ask.ts'
import { type Context, DONE, FAILED } from './command.ts'
import { logShards } from './log-shards.ts'
import { campaignsAside } from './quarantine.ts'
import { plural } from './words.ts'

const DEADLINE_MS = 5000
/** After a requeue its shard is folded anew, and looked at again for so long. */
const SETTLED_MS = 5000
const LOOK_MS = 250

export const summary = 'let what was set aside work again'

export const usage = `
usage: npx leadbid requeue CAMPAIGN_ID [--json]
       npx leadbid requeue --message SEQ [--json]
       npx leadbid requeue --all [--json]

What is set aside is listed by npx leadbid quarantine. Mend what broke it first (for a campaign leadbid
show CAMPAIGN_ID says what did, leadbid audit where), or it comes back. A campaign's requeue is an
event of its log, and its shard is folded anew; a message goes into the inbox again, behind what waits
there, and its leads are in the log when they are taken in. Doing it twice changes nothing.

  --message SEQ  one message of the inbox, by its sequence there
  --all          all campaigns, then all messages
  --json         the reply; of messages {type: "requeued", campaigns, messages}

  npx leadbid requeue 55
  npx leadbid requeue --message 1041
  npx leadbid requeue --all
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { message: 'string', all: 'boolean', json: 'boolean' })
  const message = numberOf(flags.message, '--message', { min: 1 })
  const json = flags.json
  const ways = [rest[0], message, flags.all].filter((way) => way !== undefined)
  if (ways.length > 1) throw new UsageError('one of CAMPAIGN_ID, --message and --all, not several')
  noMore(rest, 1)
  if (message !== undefined) {
    const found = await requeueMessages(context, message)
    if (found === 0) throw new EngineError('NOT_FOUND', `no message ${message} is set aside`)
    return told(context, { campaigns: [], messages: found }, json)
  }
  if (flags.all === true) return await requeueAll(context, json)
  const id = idOf(rest[0], 'CAMPAIGN_ID')
  const reply = await requeueCampaign(context, id)
  const again = reply.type === 'requeued' ? await comesBack(context, id) : null
  if (again !== null) throw new EngineError('QUARANTINED', `campaign ${id} is back: ${again}`)
  return show(context, reply, {
    json,
    print: () => [`campaign ${id} is not quarantined any more: npx leadbid show ${id}`],
  })
}

async function requeueAll(context: Context, json: boolean | undefined): Promise<number> {
  const campaigns: number[] = []
  const failed: string[] = []
  for (const { campaign_id } of await campaignsAside(context)) {
    const reply = await requeueCampaign(context, campaign_id)
    const again = reply.type === 'requeued' ? await comesBack(context, campaign_id) : reply.type
    if (again === null) campaigns.push(campaign_id)
    else failed.push(`campaign ${campaign_id} is set aside still: ${again}`)
  }
  const messages = await requeueMessages(context)
  for (const line of failed) context.note(`leadbid: ${line}`)
  const code = told(context, { campaigns, messages }, json)
  return failed.length === 0 ? code : FAILED
}

function told(
  { stdout }: Context,
  { campaigns, messages }: { campaigns: number[]; messages: number },
  json: boolean | undefined,
): number {
  if (json === true) stdout(JSON.stringify({ type: 'requeued', campaigns, messages }))
  else stdout(`requeued: ${plural(campaigns.length, 'campaign')}, ${plural(messages, 'message')}`)
  return DONE
}

/** Puts back one message, or all there are; those that come back meanwhile are left. */
async function requeueMessages(context: Context, only?: number): Promise<number> {
  const link = await context.link()
  const shards = await logShards(link)
  const last = (await link.jsm.streams.info('INBOX')).state.last_seq
  let count = 0
  for await (const message of setAside(link, shards, only ?? 1)) {
    if (message.seq > (only ?? last)) break
    await putBack(link, message)
    count++
  }
  return count
}

/** Why the campaign is set aside again by the log itself; null when it is not. */
async function comesBack(context: Context, id: number): Promise<string | null> {
  const until = performance.now() + SETTLED_MS
  for (;;) {
    // While its shard is folded anew, nobody answers for it.
    const found = await campaignsAside(context).catch(() => null)
    if (found !== null) return found.find(({ campaign_id }) => campaign_id === id)?.reason ?? null
    if (performance.now() > until) return null
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** Commands its owner directly: this is for operators, and no part of the public contract. */
async function requeueCampaign(context: Context, campaign: number): Promise<Reply> {
  const asked: EngineCommand = { type: 'requeue', campaign: campaign as CampaignId }
  const link = await context.link()
  const shard = shardOf(campaign as CampaignId, await logShards(link))
  const answer = await link.nc
    .request(commandSubject(shard), pack(asked), { timeout: DEADLINE_MS })
    .catch((error: unknown) => {
      if (!isNoResponders(error) && !isTimeout(error)) throw error
      throw new EngineError(
        'NO_OWNER',
        `nobody owns shard ${shard}, where campaign ${campaign} lives: start a host with npm run start:actors`,
      )
    })
  const reply = unpack<CommandReply>(answer.data)
  if (reply.type === 'reply') return reply.reply as unknown as Reply
  return { type: 'unavailable', retry_after_ms: 1000 }
}
