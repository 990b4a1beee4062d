// `leadbid suppress`: never contact again, or lift that.

import { idOf, noMore, numberOf, readArgs, required, UsageError } from './args.ts'
import { ask, show } from './ask.ts'
import type { Context } from './command.ts'

export const summary = 'never contact somebody again, or lift that'

export const usage = `
usage: npx leadbid suppress --phone NUMBER | --account NO | --campaign N --lead N [flags]

  --by NAME        who decided it
  --reason TEXT    why
  --customer N     for this customer's campaigns only (all)
  --remove         lift the suppression
  --json           the reply as the contract has it

  npx leadbid suppress --phone +912212345678 --by compliance --reason "asked by mail"
  npx leadbid suppress --campaign 55 --lead 1041 --by asha --reason "complaint 77"
  npx leadbid suppress --phone +912212345678 --by compliance --reason "mistake" --remove
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    phone: 'string',
    account: 'string',
    campaign: 'string',
    lead: 'string',
    by: 'string',
    reason: 'string',
    customer: 'string',
    remove: 'boolean',
    json: 'boolean',
  })
  noMore(rest, 0)
  const customer = numberOf(flags.customer, '--customer', { min: 1 })
  const body = {
    ...whom(flags),
    ...(customer === undefined ? {} : { customer_id: customer }),
    by: required(flags.by, '--by (who decided it)'),
    reason: required(flags.reason, '--reason'),
  }
  const service = flags.remove === true ? 'suppression.remove' : 'suppression.add'
  const reply = await ask(context, service, body)
  return show(context, reply, {
    json: flags.json,
    print: ({ type, already }) => [already === true ? 'suppressed already' : type],
  })
}

function whom(flags: {
  phone?: string
  account?: string
  campaign?: string
  lead?: string
}): object {
  const { phone, account, campaign, lead } = flags
  const byLead = campaign !== undefined || lead !== undefined
  const named = [phone !== undefined, account !== undefined, byLead].filter(Boolean).length
  if (named !== 1) {
    throw new UsageError(
      `${named === 0 ? 'nobody is' : 'more than one is'} named: give --phone, --account, or --campaign and --lead`,
    )
  }
  if (phone !== undefined) return { phone }
  if (account !== undefined) return { account_no: account }
  return { campaign_id: idOf(campaign, '--campaign'), lead_id: idOf(lead, '--lead') }
}
