// `leadbid allocate`: gives leads to contractors with a deadline, takes them back, or shows who keeps
// the deadlines.

import { BUCKET_BY } from '../../actors/protocol/allocation.ts'
import { idOf, noMore, readArgs, required, timeOf, UsageError } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import type { Context } from './command.ts'
import { plural, table, when } from './words.ts'

export const summary = 'give leads to contractors with a deadline, or show who keeps theirs'

export const usage = `
usage: npx leadbid allocate --campaign N --leads N,N | --bucket CODE --to N,N [flags]
       npx leadbid allocate --campaign N --leads N,N | --bucket CODE --take-back
       npx leadbid allocate --campaign N --board [--contractor N]

  --leads N,N       these leads, at most 10,000
  --bucket CODE     all leads of that disposition; "none" for those nobody has reached for
  --of WHICH        whose bucket: ${BUCKET_BY.join(', ')} disposition (effective)
  --to N,N          contractors, dealt to in turn; agents who are active and tagged for it
  --deadline TIME   when the first attempt must have been made
  --list NAME       names the list this makes, such as ptp-2026-01-05
  --by NAME         who decided it, noted as it stands
  --take-back       the leads are nobody's again
  --board           allocations by what became of their deadlines
  --json            the reply as the contract has it

  npx leadbid allocate --campaign 55 --leads 1,2,3 --to 7,8 --deadline 2026-01-05T17:00:00+05:30
  npx leadbid allocate --campaign 55 --bucket PTP --to 7 --list ptp-2026-01-05
  npx leadbid allocate --campaign 55 --board
`

interface Flags {
  leads?: string
  bucket?: string
  of?: string
  to?: string
  deadline?: string
  list?: string
  by?: string
  'take-back'?: boolean
}

interface Allocated extends Reply {
  allocated: number
  taken_back?: number
  by_contractor: { contractor_id: number; leads: number }[]
  rejected: { lead_id: number; reason: string }[]
}

interface Board extends Reply {
  rows: {
    contractor_id: number
    allocated: number
    on_time: number
    missed: number
    open: number
    next_deadline?: string
  }[]
}

/** Rejected leads that are named one by one; of more only the number by reason. */
const NAMED_MAX = 20

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    campaign: 'string',
    leads: 'string',
    bucket: 'string',
    of: 'string',
    to: 'string',
    deadline: 'string',
    list: 'string',
    by: 'string',
    'take-back': 'boolean',
    board: 'boolean',
    contractor: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const { json } = flags
  const campaign_id = idOf(flags.campaign, '--campaign')
  if (flags.board === true) {
    const one =
      flags.contractor === undefined
        ? {}
        : { contractor_id: idOf(flags.contractor, '--contractor') }
    const reply = await ask(context, 'allocation.board', { campaign_id, ...one })
    return show<typeof reply & Board>(context, reply, { json, print: boardInWords })
  }
  if (flags.contractor !== undefined) {
    throw new UsageError('--contractor belongs to --board: who gets the leads is told with --to')
  }
  const reply = await ask(context, 'allocation.put', { campaign_id, ...bodyOf(flags) })
  return show<typeof reply & Allocated>(context, reply, { json, print: allocatedInWords })
}

function bodyOf(flags: Flags): object {
  const { leads, bucket, of, list, by } = flags
  if ((leads === undefined) === (bucket === undefined)) {
    throw new UsageError('name the leads: --leads or --bucket, one of the two')
  }
  if (of !== undefined && bucket === undefined) throw new UsageError('--of belongs to --bucket')
  const back = flags['take-back'] === true
  if (back && flags.to !== undefined)
    throw new UsageError('--to and --take-back exclude each other')
  const deadline = timeOf(flags.deadline, '--deadline')
  return {
    ...(leads === undefined ? {} : { lead_ids: idsOf(leads, '--leads') }),
    ...(bucket === undefined ? {} : { bucket: { code: bucket, ...byOf(of) } }),
    contractor_ids: back ? [] : idsOf(required(flags.to, '--to (or --take-back)'), '--to'),
    ...(deadline === undefined ? {} : { deadline }),
    ...(list === undefined ? {} : { list }),
    ...(by === undefined ? {} : { by }),
  }
}

/** The disposition of a bucket, as the contract names it. */
export function byOf(of: string | undefined): { by?: string } {
  if (of === undefined) return {}
  if ((BUCKET_BY as readonly string[]).includes(of)) return { by: of }
  throw new UsageError(`--of is ${JSON.stringify(of)}: use one of ${BUCKET_BY.join(', ')}`)
}

function idsOf(text: string, flag: string): number[] {
  return text.split(',').map((one) => idOf(one.trim(), flag))
}

function allocatedInWords({ allocated, taken_back, by_contractor, rejected }: Allocated): string[] {
  const done =
    taken_back === undefined
      ? `allocated ${plural(allocated, 'lead')}`
      : `taken back ${plural(taken_back, 'lead')}`
  const rows = by_contractor.map((one) => [`contractor ${one.contractor_id}`, String(one.leads)])
  return [done, ...table(rows), ...rejectedInWords(rejected)]
}

function rejectedInWords(rejected: Allocated['rejected']): string[] {
  if (rejected.length === 0) return []
  const heading = `rejected ${plural(rejected.length, 'lead')}:`
  if (rejected.length <= NAMED_MAX) {
    return [heading, ...table(rejected.map((one) => [`lead ${one.lead_id}`, one.reason]))]
  }
  const counts = new Map<string, number>()
  for (const { reason } of rejected) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [heading, ...table([...counts].map(([reason, count]) => [reason, String(count)]))]
}

function boardInWords({ rows }: Board): string[] {
  if (rows.length === 0) return ['nothing is allocated']
  const head = ['contractor', 'allocated', 'on time', 'missed', 'open', 'next deadline']
  const cells = rows.map((row) => [
    String(row.contractor_id),
    String(row.allocated),
    String(row.on_time),
    String(row.missed),
    String(row.open),
    row.next_deadline === undefined ? '-' : when(row.next_deadline, Date.now()),
  ])
  return table([head, ...cells])
}
