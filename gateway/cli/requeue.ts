// `leadbid requeue`: lets a quarantined campaign work again, once its fault is mended.

import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { CommandReply, Command as EngineCommand } from '../../actors/protocol/commands.ts'
import { EngineError } from '../../actors/protocol/errors.ts'
import { type CampaignId, shardOf } from '../../actors/protocol/ids.ts'
import { commandSubject } from '../../actors/protocol/subjects.ts'
import { isNoResponders, isTimeout } from '../../actors/runtime/nats.ts'
import { idOf, noMore, readArgs } from './args.ts'
import { type Reply, show } from './ask.ts'
import type { Context } from './command.ts'
import { logShards } from './log-shards.ts'

const DEADLINE_MS = 5000

export const summary = 'let a quarantined campaign work again'

export const usage = `
usage: npx leadbid requeue CAMPAIGN_ID [--json]

A campaign whose events could not be applied is quarantined: it offers nothing and takes nothing,
and the others go on. Mend what broke it first (leadbid show CAMPAIGN_ID says what did, leadbid
audit where), or it comes back quarantined. Its shard is folded anew from the log.

  npx leadbid requeue 55
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { json: 'boolean' })
  const id = idOf(rest[0], 'CAMPAIGN_ID')
  noMore(rest, 1)
  const reply = await order(context, { type: 'requeue', campaign: id as CampaignId }, id)
  return show(context, reply, {
    json: flags.json,
    print: () => [`campaign ${id} is not quarantined any more: npx leadbid show ${id}`],
  })
}

/** Commands its owner directly: this is for operators, and no part of the public contract. */
async function order(context: Context, asked: EngineCommand, campaign: number): Promise<Reply> {
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
