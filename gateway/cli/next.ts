// `leadbid next`: which lead to call now, and why it and no other.

import type { Award, NoLead } from '../../actors/protocol/replies.ts'
import { CAMPAIGNS_MAX } from '../../actors/protocol/requests.ts'
import { idOf, numberOf, readArgs, UsageError } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import { type Context, DONE, FAILED } from './command.ts'
import { money, plural, score, table, when } from './words.ts'

export const summary = 'award the lead to call now, with reasons'

export const usage = `
usage: npx leadbid next CAMPAIGN_ID... [flags]

  --contractor N     who asks; leads this contractor skipped today are not offered
  --request-id ID    the same id gets the same award again, for at least 10 minutes
  --retry            says that this id was sent before, and its answer got lost
  --confirm          confirms the award at once: for whoever dials right away
  --json             the reply as the contract has it; with --confirm its answer under "confirm"

The award is a lease: the lead is yours until lease_until, or until its outcome is recorded. Before
dialling it is confirmed: that is where suppression, hours and caps are judged for the last time.

  npx leadbid next 55
  npx leadbid next 4 7 9 --contractor 12 --confirm
  npx leadbid next 4 7 9 --request-id call-0001 --json
`

const CLASSES: { readonly [rank: number]: string } = {
  3: 'a callback that is due',
  2: 'a live lead, or a retry that is due',
  1: 'a stale lead',
}

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    contractor: 'string',
    'request-id': 'string',
    retry: 'boolean',
    confirm: 'boolean',
    json: 'boolean',
  })
  if (rest.length === 0) throw new UsageError('CAMPAIGN_ID is missing: name 1 to 64 campaigns')
  const campaigns = rest.flatMap((part) => part.split(',')).map((id) => idOf(id, 'CAMPAIGN_ID'))
  if (campaigns.length > CAMPAIGNS_MAX) {
    throw new UsageError(
      `${campaigns.length} campaigns are too many: name at most ${CAMPAIGNS_MAX}`,
    )
  }
  const contractor = numberOf(flags.contractor, '--contractor', { min: 1 })
  const reply = await ask(context, 'lead.next', {
    campaign_ids: [...new Set(campaigns)],
    ...(contractor === undefined ? {} : { contractor_id: contractor }),
    ...(flags['request-id'] === undefined ? {} : { request_id: flags['request-id'] }),
    ...(flags.retry === true ? { retry: true } : {}),
  })
  if (flags.confirm === true && reply.type === 'award') {
    return await confirm(context, reply as typeof reply & Award, flags.json) // By its type.
  }
  return show<typeof reply & (Award | NoLead)>(context, reply, {
    json: flags.json,
    print: (answer) => (answer.type === 'award' ? awardInWords(answer) : noLeadInWords(answer)),
  })
}

/** Confirms an award and prints both; a refused one is a failure, and nobody may be called. */
async function confirm(
  context: Context,
  award: Reply & Award,
  json: boolean | undefined,
): Promise<number> {
  const answer = await ask(context, 'lead.confirm', { award_id: award.award_id })
  const confirmed = answer.type === 'confirmed'
  if (json === true) {
    context.stdout(JSON.stringify({ ...award, confirm: answer }))
    return confirmed ? DONE : FAILED
  }
  for (const line of awardInWords(award)) context.stdout(line)
  context.stdout('')
  const print = ({ lease_until }: Reply) => [
    `confirmed: dial now; yours until ${when(String(lease_until), Date.now())}`,
  ]
  return show(context, answer, { json, print })
}

/** An award for a person: what to call, until when, why, and what to do next. */
export function awardInWords(award: Award, now = Date.now()): string[] {
  const { lead, why, campaign_id, lead_id, award_id } = award
  const call = award.attempt === 1 ? 'first call' : `attempt ${award.attempt}`
  const about = [lead.city, lead.source, lead.stage].filter((part) => part !== null)
  const lines = [
    `call lead ${lead_id} of campaign ${campaign_id} (customer ${award.customer_id}): ${call}`,
    ...table([
      ...(lead.phone === undefined ? [] : [['phone', lead.phone]]),
      ...(lead.account_no === undefined ? [] : [['account', lead.account_no]]),
      ...(lead.amount_due === undefined ? [] : [['owes', money(lead.amount_due)]]),
      ['lead', [lead.lead_type, `plan ${lead.pricing_plan}`, ...about].join(', ')],
      ['arrived', when(lead.created_at, now)],
      ['award', award_id],
      ['lease', `until ${when(award.lease_until, now)}`],
      ...offerRow(award),
    ]),
    '',
    `why this one: ${CLASSES[award.class] ?? 'its class'} (class ${award.class}), score ${score(award.score)}`,
    ...table(why.terms.flatMap((term) => termRows(term, award.score))),
    runnerUp(award),
    '',
    'next:',
    `  npx leadbid disposition ${award_id} converted`,
    `  npx leadbid disposition ${award_id} no_answer`,
    `  npx leadbid show ${campaign_id} ${lead_id}`,
  ]
  return lines
}

/** What may be quoted, and until when. */
function offerRow({ offer }: Award): string[][] {
  if (offer === undefined) return []
  const fields = Object.entries(offer.fields).map(([name, value]) => `${name} ${value}`)
  return [['offer', `${fields.join(', ')}, until ${offer.ends_at} (${offer.key})`]]
}

/** A term's value and share, its words one under the other. */
function termRows({ name, value, detail = '' }: Award['why']['terms'][number], total: number) {
  const [first = '', ...others] = detail.split('; ')
  const row = [name, score(value).padStart(9), share(value, total), first]
  return [row, ...others.map((words) => ['', '', '', words])]
}

function share(value: number, total: number): string {
  return total === 0 ? '' : `${Math.round((100 * value) / total)} %`.padStart(5)
}

function runnerUp(award: Award): string {
  const { why, asked, answered, unknown_campaign_ids: unknown } = award
  const { runner_up: second } = why
  const field = `${answered} of ${plural(asked, 'campaign')} answered`
  const strangers = unknown.length === 0 ? '' : `, unknown: ${unknown.join(', ')}`
  const rival =
    second === undefined
      ? 'no other campaign had a lead to offer'
      : `the runner-up was campaign ${second.campaign_id}, class ${second.class}, score ${score(second.score)}${margin(award)}`
  return `  ${rival} (${field}${strangers})`
}

/** How far the runner-up of the same class lies behind. */
function margin({ why, score: won, class: rank }: Award): string {
  const second = why.runner_up
  if (second === undefined || second.class !== rank || won <= 0) return ''
  return `: ${(100 * (1 - second.score / won)).toFixed(1)} % behind`
}

/** Reasons that count campaigns; the others count leads. */
const OF_CAMPAIGNS: ReadonlySet<string> = new Set(['empty', 'not_tagged'])

function noLeadInWords(reply: NoLead, now = Date.now()): string[] {
  const reasons = Object.entries(reply.reasons).map(([reason, count]) => [
    reason,
    plural(count, OF_CAMPAIGNS.has(reason) ? 'campaign' : 'lead'),
  ])
  const asked = reply.asked === 0 ? 'no known campaign' : plural(reply.asked, 'campaign')
  const lines = [`no lead to call now: ${asked} asked${reply.asked === 0 ? '' : ', all answered'}`]
  lines.push(...table(reasons))
  if (reply.next_eligible_at !== undefined) {
    lines.push(`the next one may be called at ${when(reply.next_eligible_at, now)}`)
  }
  const unknown = reply.unknown_campaign_ids
  if (unknown.length > 0) {
    lines.push(`unknown campaigns: ${unknown.join(', ')} (npx leadbid put-campaign --help)`)
  }
  return lines
}
