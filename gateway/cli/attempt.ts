// `leadbid attempt`: may this lead be contacted now on this channel? Where it may, that is counted.

import { CHANNELS } from '../../actors/protocol/dispositions.ts'
import { idOf, noMore, numberOf, readArgs, required } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import type { Context } from './command.ts'
import { channelOf } from './dispositions.ts'

export const summary = 'ask to contact a lead on a channel, without an award'

export const usage = `
usage: npx leadbid attempt --campaign N --lead N --channel NAME [--contractor N] [--json]

Asked right before a message, a visit or a debit: it passes the gate a call passes at its confirm
(suppression, hours, caps), and is counted. A refusal names the rule and, where there is one, the
time until which it holds; exit 1. Asked twice it counts twice.

  --channel NAME   ${CHANNELS.join(', ')}
  --contractor N   who makes it
  --json           the reply as the contract has it

  npx leadbid attempt --campaign 55 --lead 1041 --channel sms
`

interface Attempt extends Reply {
  attempt_id: string
  lead_id: number
  campaign_id: number
}

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    campaign: 'string',
    lead: 'string',
    channel: 'string',
    contractor: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const contractor = numberOf(flags.contractor, '--contractor', { min: 1 })
  const channel = channelOf(required(flags.channel, `--channel (${CHANNELS.join(', ')})`))
  const reply = await ask(context, 'lead.attempt', {
    campaign_id: idOf(flags.campaign, '--campaign'),
    lead_id: idOf(flags.lead, '--lead'),
    channel,
    ...(contractor === undefined ? {} : { contractor_id: contractor }),
  })
  const print = ({ attempt_id, lead_id, campaign_id }: typeof reply & Attempt) => [
    `allowed; counted against the caps: lead ${lead_id} of campaign ${campaign_id} by ${channel}, attempt ${attempt_id}`,
    `then: npx leadbid disposition ${attempt_id} CODE`,
  ]
  return show(context, reply, { json: flags.json, print })
}
