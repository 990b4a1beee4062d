// `leadbid buckets`: a campaign's leads by what their attempts came to, counted or listed.

import { BUCKET_BY } from '../../actors/protocol/allocation.ts'
import { byOf } from './allocate.ts'
import { idOf, noMore, readArgs } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import { type Context, DONE } from './command.ts'
import { money, plural, table } from './words.ts'

export const summary = "a campaign's leads by disposition, counted or listed"

export const usage = `
usage: npx leadbid buckets --campaign N [CODE] [flags]

Without CODE: how many leads each disposition has, and what they owe. With it: the leads, in the order
in which they came.

  --of WHICH    ${BUCKET_BY.join(', ')} disposition (effective)
  --json        the reply as the contract has it; of a list, one line a lead

  npx leadbid buckets --campaign 55
  npx leadbid buckets --campaign 55 PTP --of last
`

/** Leads asked for at once. */
const PAGE = 1000

interface Buckets extends Reply {
  buckets: { code: string; leads: number; amount_due: number }[]
}

interface Lead {
  lead_id: number
  state: string
  amount_due?: number
  contractor_id?: number
}

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { campaign: 'string', of: 'string', json: 'boolean' })
  noMore(rest, 1)
  const { json } = flags
  const body = { campaign_id: idOf(flags.campaign, '--campaign'), ...byOf(flags.of) }
  const [code] = rest
  if (code !== undefined) return await list(context, { ...body, code }, json)
  const reply = await ask(context, 'bucket.list', body)
  return show<typeof reply & Buckets>(context, reply, { json, print: countsInWords })
}

/** Page after page, so that a large bucket is neither cut short nor held as a whole. */
async function list(context: Context, body: object, json: boolean | undefined): Promise<number> {
  let listed = 0
  for (let after: unknown; ; ) {
    const page = { ...body, limit: PAGE, ...(after === undefined ? {} : { after }) }
    const reply = await ask(context, 'bucket.show', page)
    const leads = reply.type === 'bucket' ? (reply.leads as Lead[]) : [] // Its own type.
    if (json === true && reply.type === 'bucket') {
      for (const lead of leads) context.stdout(JSON.stringify(lead))
    } else {
      const code = show(context, reply, { json, print: () => table(leads.map(cellsOf)) })
      if (code !== DONE) return code
    }
    listed += leads.length
    after = reply.next
    if (after !== undefined) continue
    if (json !== true) context.stdout(plural(listed, 'lead'))
    return DONE
  }
}

function cellsOf({ lead_id, state, amount_due, contractor_id }: Lead): string[] {
  return [
    String(lead_id),
    state,
    amount_due === undefined ? '-' : money(amount_due),
    contractor_id === undefined ? 'allocated to nobody' : `contractor ${contractor_id}`,
  ]
}

function countsInWords({ buckets }: Buckets): string[] {
  if (buckets.length === 0) return ['the campaign has no leads']
  const rows = buckets.map(({ code, leads, amount_due }) => [
    code,
    String(leads),
    money(amount_due),
  ])
  return table([['disposition', 'leads', 'amount due'], ...rows])
}
