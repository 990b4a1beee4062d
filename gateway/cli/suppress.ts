// `leadbid suppress`: never contact again, or lift that; whether somebody is suppressed, and the log.

import { idOf, noMore, numberOf, readArgs, required, UsageError } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import type { Context } from './command.ts'

export const summary = 'never contact somebody again, or lift that'

export const usage = `
usage: npx leadbid suppress --phone NUMBER | --account NO | --campaign N --lead N [flags]
       npx leadbid suppress --list

  --by NAME        who decided it
  --reason TEXT    why
  --customer N     for this customer's campaigns only (all); name it with an account, for
                   another customer may have the same number
  --remove         lift the suppression
  --check          only say whether somebody is suppressed
  --list           the log of all decisions on phones and accounts, oldest first; one on a
                   lead stands in its "npx leadbid show"
  --json           the reply as the contract has it; of --list, one line a decision

  npx leadbid suppress --phone +912212345678 --by compliance --reason "asked by mail"
  npx leadbid suppress --campaign 55 --lead 1041 --by asha --reason "complaint 77"
  npx leadbid suppress --phone +912212345678 --by compliance --reason "mistake" --remove
  npx leadbid suppress --account LN1 --check
`

/** Decisions asked for at once. */
const PAGE = 500

interface Row {
  op: string
  kind: string
  key: string
  at: string
  by: string
  reason: string
  customer_id?: number
  campaign_id?: number
}

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
    check: 'boolean',
    list: 'boolean',
    json: 'boolean',
  })
  noMore(rest, 0)
  const { json } = flags
  const modes = (['remove', 'check', 'list'] as const).filter((mode) => flags[mode] === true)
  if (modes.length > 1) throw new UsageError(`--${modes.join(' and --')} exclude each other`)
  if (flags.list === true) return await list(context, json)
  const customer = numberOf(flags.customer, '--customer', { min: 1 })
  const body = { ...whom(flags), ...(customer === undefined ? {} : { customer_id: customer }) }
  if (flags.check === true) {
    const reply = await ask(context, 'suppression.check', body)
    return show(context, reply, { json, print: checkInWords })
  }
  const by = required(flags.by, '--by (who decided it)')
  const reason = required(flags.reason, '--reason')
  const service = flags.remove === true ? 'suppression.remove' : 'suppression.add'
  const reply = await ask(context, service, { ...body, by, reason })
  return show(context, reply, {
    json,
    print: decidedInWords,
  })
}

function decidedInWords({ type, already, still_for, still_by }: Reply): string[] {
  if (type !== 'removed') return [already === true ? 'suppressed already' : type]
  const done = already === true ? 'nothing to remove: it was not suppressed so' : 'removed'
  const still = Array.isArray(still_for)
    ? `for customer ${still_for.join(', ')}`
    : still_for !== undefined
      ? 'for all customers'
      : Array.isArray(still_by) && `by its ${still_by.join(' and its ')}`
  return still === false ? [done] : [done, `still suppressed ${still}`]
}

/** Page after page, so that a long log is neither cut short nor held as a whole. */
async function list(context: Context, json: boolean | undefined): Promise<number> {
  for (let after: unknown; ; ) {
    const body = { limit: PAGE, ...(after === undefined ? {} : { after }) }
    const reply = await ask(context, 'suppression.list', body)
    const rows = reply.type === 'suppressions' ? (reply.suppressions as Row[]) : [] // Its own type.
    if (json === true && reply.type === 'suppressions') {
      for (const row of rows) context.stdout(JSON.stringify(row))
    } else {
      const code = show(context, reply, { json, print: () => rows.map(rowInWords) })
      if (code !== 0) return code
    }
    after = reply.next
    if (after === undefined) return 0
  }
}

function rowInWords({ op, kind, key, at, by, reason, customer_id, campaign_id }: Row): string {
  const whose = customer_id === undefined ? 'all customers' : `customer ${customer_id}`
  const from = campaign_id === undefined ? '' : `, from campaign ${campaign_id}`
  return `${at}  ${op.padEnd(6)}  ${kind} ${key}  ${whose}${from}  by ${by}: ${reason}`
}

function checkInWords({ suppressed, since, reason, customer_ids }: Reply): string[] {
  if (suppressed !== true) return ['not suppressed']
  const ids = Array.isArray(customer_ids) ? customer_ids : []
  const whose = ids.length === 0 ? '' : ` for customer ${ids.join(', ')}`
  const when = since === undefined ? '' : ` since ${since}`
  return [`suppressed${whose}${when}${reason === undefined ? '' : `: ${reason}`}`]
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
