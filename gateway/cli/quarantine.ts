// `leadbid quarantine`: what was set aside, and why: campaigns, and messages of the inbox.

import type { CampaignShown } from '../../actors/protocol/replies.ts'
import { noMore, readArgs } from './args.ts'
import { type SetAside, setAside } from './aside.ts'
import { ask } from './ask.ts'
import { type Context, DONE } from './command.ts'
import { logShards } from './log-shards.ts'
import { plural, table } from './words.ts'

/** Messages listed; the rest is counted. */
const LISTED_MAX = 1000

export const summary = 'what was set aside, and why'

export const usage = `
usage: npx leadbid quarantine [--json]

A campaign is set aside when one of its events cannot be applied or its state proves broken; it keeps
its leads, and neither offers nor takes any. A message of the inbox (leads sent while their owner was
away) is set aside when it cannot be read, fails three times, or is for such a campaign. All others
go on. Mend what broke first, then put it back: npx leadbid requeue --help.

  --json   {campaigns: [{campaign_id, customer_id, reason}], messages: [{seq, at, reason, shard, bytes,
           leads, campaigns}], more_messages?}

  npx leadbid quarantine
`

export interface CampaignAside {
  campaign_id: number
  customer_id: number
  reason: string
}

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { json: 'boolean' })
  noMore(rest, 0)
  const link = await context.link()
  const shards = await logShards(link)
  const campaigns = await campaignsAside(context)
  const messages: SetAside[] = []
  let more = 0
  for await (const { data: _, ...message } of setAside(link, shards)) {
    if (messages.length < LISTED_MAX) messages.push(message)
    else more++
  }
  if (flags.json === true) {
    const rest = more === 0 ? {} : { more_messages: more }
    context.stdout(JSON.stringify({ campaigns, messages, ...rest }))
  } else for (const line of inWords(campaigns, messages, more)) context.stdout(line)
  return DONE
}

/** Campaigns that are set aside, as their owners tell. Throws where no gateway answers for all. */
export async function campaignsAside(context: Context): Promise<CampaignAside[]> {
  const reply = await ask(context, 'campaign.list', {})
  if (reply.type !== 'campaigns') {
    throw new Error(`campaign.list answers ${reply.type}: see leadbid doctor`)
  }
  const all = reply.campaigns as Omit<CampaignShown, 'type'>[] // As the contract has this reply.
  return all.flatMap(({ campaign_id, customer_id, quarantined: reason }) =>
    reason === undefined ? [] : [{ campaign_id, customer_id, reason }],
  )
}

function inWords(
  campaigns: readonly CampaignAside[],
  messages: readonly SetAside[],
  more: number,
): string[] {
  if (campaigns.length + messages.length === 0) return ['nothing is set aside']
  const lines: string[] = []
  if (campaigns.length > 0) {
    lines.push(`${plural(campaigns.length, 'campaign')}: npx leadbid requeue CAMPAIGN_ID`)
    const rows = campaigns.map(({ campaign_id, reason }) => [`${campaign_id}`, reason])
    lines.push(...table(rows))
  }
  if (messages.length > 0) {
    const count = plural(messages.length + more, 'message')
    lines.push(`${count} of the inbox: npx leadbid requeue --message SEQ`)
    lines.push(...table(messages.map(rowOf)))
    if (more > 0) lines.push(`  and ${more} more`)
  }
  lines.push('all that is set aside: npx leadbid requeue --all')
  return lines
}

function rowOf({ seq, at, reason, shard, bytes, leads, campaigns }: SetAside): string[] {
  const holds =
    leads === null ? 'not to be opened' : `${plural(leads, 'lead')} of ${campaigns.join(', ')}`
  return [`${seq}`, at, reason, `shard ${shard ?? '?'}`, `${bytes} bytes`, holds]
}
