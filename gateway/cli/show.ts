// `leadbid show`: a campaign with its queue, or a lead with everything that happened to it.

import { inWords as span } from '../../actors/policy/policy.ts'
import type { CampaignShown, LeadShown, TimelineEntry } from '../../actors/protocol/replies.ts'
import { reschedulesMax } from '../../actors/protocol/settings.ts'
import { idOf, noMore, readArgs } from './args.ts'
import { ask, show } from './ask.ts'
import type { Context } from './command.ts'
import { whyNotInWords } from './why-not-words.ts'
import { money, plural, score, table, when } from './words.ts'

export const summary = 'show a campaign, or a lead with its timeline'

export const usage = `
usage: npx leadbid show CAMPAIGN_ID [LEAD_ID] [--json]

A campaign: its settings and how many leads are in which state. A lead: its fields, where it
stands, why it is not called or what goes before it, and its newest 100 events, newest first.

  npx leadbid show 55
  npx leadbid show 55 1041
  npx leadbid show 55 1041 --json
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { json: 'boolean' })
  const campaign_id = idOf(rest[0], 'CAMPAIGN_ID')
  noMore(rest, 2)
  const { json } = flags
  if (rest[1] === undefined) {
    const reply = await ask(context, 'campaign.show', { campaign_id })
    return show<typeof reply & CampaignShown>(context, reply, { json, print: campaignInWords })
  }
  const lead_id = idOf(rest[1], 'LEAD_ID')
  const reply = await ask(context, 'lead.show', { campaign_id, lead_id })
  return show<typeof reply & LeadShown>(context, reply, {
    json,
    print: (lead) => leadInWords(lead, Date.now()),
  })
}

export function campaignInWords(campaign: CampaignShown): string[] {
  const { settings, status } = { settings: campaign, status: campaign.quarantined }
  const days = settings.hours.map(
    ({ days, from, to }) =>
      `${from}-${to} ${days.length === 7 ? 'every day' : `on ${days.join('')}`}`,
  )
  const depth = Object.entries(campaign.depth).filter(([, count]) => count > 0)
  const { share, on_time, late, overdue } = campaign.sla_attained
  const oldest = campaign.oldest_live_age_s
  const reached =
    share === null
      ? 'nothing to count yet today'
      : `${Math.round(share * 100)} % (${on_time} on time, ${late} late, ${overdue} overdue)`
  const name = settings.name === undefined ? '' : ` "${settings.name}"`
  return [
    `campaign ${settings.campaign_id}${name} of customer ${settings.customer_id}${settings.paused ? ', paused' : ''}`,
    ...(status === undefined
      ? []
      : [`  QUARANTINED: ${status} (npx leadbid requeue ${settings.campaign_id})`]),
    ...table([
      [
        'settings',
        `${settings.kind}, ${settings.mode}, plan ${settings.pricing_plan}, policy ${settings.policy}`,
      ],
      ...modelRow(campaign),
      ['hours', `${days.join('; ')}, ${settings.timezone}`],
      ...jurisdictionRow(campaign),
      ['lease', `${settings.lease.ttl_s} s`],
      [
        'retries',
        `${reschedulesMax(settings)} after ${settings.reschedule.after_min_h}-${settings.reschedule.after_max_h} h`,
      ],
      ['leads', `${campaign.leads}, ${campaign.eligible} could be called`],
      ...depth.map(([state, count]) => [`  ${state}`, String(count)]),
      ...rejectedRow(campaign),
      [
        'oldest',
        oldest === null ? 'no live lead waits' : `${span(oldest * 1000)} without a first call`,
      ],
      [
        `in ${settings.sla.minutes} min`,
        `${reached}, the aim is ${Math.round(settings.sla.target * 100)} %`,
      ],
      ...outlookRow(campaign),
    ]),
  ]
}

function rejectedRow({ rejected }: CampaignShown): string[][] {
  if (rejected === 0) return []
  return [['rejected', `${plural(rejected, 'queued lead')}, see intake.rejected in the events`]]
}

function outlookRow({ sla_outlook, sla }: CampaignShown): string[][] {
  const { infeasible, leads, on_time, short_contractors } = sla_outlook
  if (!infeasible) return []
  const got = `${on_time} of ${leads} on time in the last hour`
  const short = plural(short_contractors, 'contractor')
  return [['outlook', `${got}: ${Math.round(sla.target * 100)} % is infeasible, short ${short}`]]
}

function jurisdictionRow({ jurisdiction }: CampaignShown): string[][] {
  if (jurisdiction === undefined) return []
  const { id, version } = jurisdiction
  return [['rules', `${id}, version ${version}, which narrowed hours and attempts`]]
}

function modelRow({ model, customer_id }: CampaignShown): string[][] {
  if (model === undefined) return []
  const { version, calls, adopted_at } = model
  const learnt = `version ${version}, learnt from ${plural(calls, 'call')}, since ${adopted_at}`
  return [['model', `${learnt} (npx leadbid model --customer ${customer_id})`]]
}

function leadInWords(shown: LeadShown, now: number): string[] {
  const { lead, lease } = shown
  const fields = Object.entries(lead).filter(
    ([name, value]) => value !== null && !['id', 'campaign_id', 'customer_id'].includes(name),
  )
  const standing = [shown.state, plural(shown.attempts, 'attempt')]
  if (shown.reschedules > 0) standing.push(`${shown.reschedules}× rescheduled`)
  if (shown.due_at !== undefined) standing.push(`due ${when(shown.due_at, now)}`)
  if (shown.deferred !== undefined) standing.push(`deferred: ${shown.deferred}`)
  const holder = lease?.contractor_id === undefined ? '' : ` of contractor ${lease.contractor_id}`
  return [
    `lead ${shown.lead_id} of campaign ${shown.campaign_id}, customer ${lead.customer_id}: ${standing.join(', ')}`,
    ...(lease === undefined
      ? []
      : [
          `  held under ${lease.award_id}${holder} until ${when(lease.lease_until, now)}${lease.confirmed ? ', confirmed' : ''}`,
        ]),
    ...table([...fields.map(([name, value]) => [name, text(value)]), ...accountRows(shown, now)]),
    ...whyNotInWords(shown, now),
    'what happened, newest first:',
    ...table(shown.timeline.map((entry) => [entry.at, entry.type, details(entry)])),
  ]
}

/** What the attempts on it came to, and what was promised and paid. */
function accountRows({ dispositions, promise, paid }: LeadShown, now: number): string[][] {
  const rows: string[][] = []
  if (dispositions !== undefined) {
    const { effective, last, best } = dispositions
    const inWords = ({ code, standard, channel }: typeof last) =>
      code === standard ? `${code} by ${channel}` : `${standard} ("${code}" by ${channel})`
    rows.push(['in effect', inWords(effective)])
    rows.push(['last', inWords(last)], ['best', inWords(best)])
  }
  if (promise !== undefined) {
    const { amount, until } = promise
    const much = amount === undefined ? 'all of it' : money(amount)
    rows.push(['promise', `${much} until ${when(until, now)}`])
  }
  if (paid !== undefined) rows.push(['paid', money(paid)])
  return rows
}

/** Known from the heading, or of use to programs only: `--json` has them. */
const LEFT_OUT = [
  'type',
  'at',
  'seq',
  'campaign_id',
  'lead_id',
  'lead',
  'terms',
  'as_of',
  'digest',
  'seen',
  'sla_day',
  'local_day',
]

/** An event's own fields on one line. */
function details(entry: TimelineEntry): string {
  return Object.entries(entry)
    .filter(([name, value]) => !LEFT_OUT.includes(name) && !isEmpty(value))
    .map(([name, value]) => `${name}=${text(value)}`)
    .join(' ')
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0)
}

function text(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return score(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
