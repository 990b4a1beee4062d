// `leadbid pay`: money that came in, for one lead or for all of a customer's leads with an account.

import { idOf, noMore, numberOf, readArgs, required, timeOf, UsageError } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import type { Context } from './command.ts'
import { money } from './words.ts'

export const summary = 'book a payment; what closes an account suppresses it'

export const usage = `
usage: npx leadbid pay --customer N --account NO --amount N --id ID [flags]
       npx leadbid pay --campaign N --lead N --amount N --id ID [flags]

  --amount N      of the minor unit, such as paise
  --id ID         one payment within a campaign: again it is told as booked before, with
                  another sum or lead it is refused
  --closes        nothing is left to pay, whatever the amount; without it that is so
                  when the amount reaches what is due
  --paid-at TIME  when it was paid (now)
  --json          the reply as the contract has it

A payment keeps the promise it was made for. One that closes an account suppresses it in all of the
customer's campaigns, on every channel.

  npx leadbid pay --customer 7 --account LN-1001 --amount 1850000 --id utr-77001
  npx leadbid pay --campaign 55 --lead 1041 --amount 500000 --id utr-77002 --closes
`

interface Paid extends Reply {
  leads: {
    lead_id: number
    campaign_id: number
    amount_due?: number
    closed: boolean
    already?: true
  }[]
}

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    campaign: 'string',
    lead: 'string',
    customer: 'string',
    account: 'string',
    amount: 'string',
    id: 'string',
    closes: 'boolean',
    'paid-at': 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const paid_at = timeOf(flags['paid-at'], '--paid-at')
  const amount = numberOf(required(flags.amount, '--amount'), '--amount', { min: 1 })
  const reply = await ask(context, 'payment.record', {
    ...whose(flags),
    payment_id: required(flags.id, "--id (the payment's own)"),
    amount,
    ...(paid_at === undefined ? {} : { paid_at }),
    ...(flags.closes === true ? { closes: true } : {}),
  })
  return show<typeof reply & Paid>(context, reply, { json: flags.json, print: inWords })
}

function whose(flags: {
  campaign?: string
  lead?: string
  customer?: string
  account?: string
}): object {
  const { campaign, lead, customer, account } = flags
  const byLead = campaign !== undefined || lead !== undefined
  const byAccount = customer !== undefined || account !== undefined
  if (byLead === byAccount) {
    throw new UsageError('name one: --customer with --account, or --campaign with --lead')
  }
  return byLead
    ? { campaign_id: idOf(campaign, '--campaign'), lead_id: idOf(lead, '--lead') }
    : { customer_id: idOf(customer, '--customer'), account_no: required(account, '--account') }
}

function inWords({ leads }: Paid): string[] {
  return leads.map(({ lead_id, campaign_id, amount_due, closed, already }) => {
    const owes = closed
      ? 'owes nothing more and is closed'
      : amount_due === undefined
        ? 'is open; how much it owed nobody said'
        : `owes ${money(amount_due)}`
    const booked = already === true ? 'booked before' : 'booked'
    return `${booked}: lead ${lead_id} of campaign ${campaign_id} ${owes}`
  })
}
