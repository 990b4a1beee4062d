// `leadbid disposition`: records the outcome of an attempt.

import { CATALOGUE, CHANNELS } from '../../actors/protocol/dispositions.ts'
import type { Recorded } from '../../actors/protocol/replies.ts'
import { idOf, nearest, noMore, numberOf, readArgs, required, timeOf, UsageError } from './args.ts'
import { ask, show } from './ask.ts'
import type { Context } from './command.ts'
import { when } from './words.ts'

const CODES = CATALOGUE.map(({ code, label }) => `  ${code.padEnd(16)}${label}`).join('\n')

export const summary = 'record the outcome of an attempt'

export const usage = `
usage: npx leadbid disposition AWARD_ID CODE [flags]
       npx leadbid disposition CODE --campaign N --lead N [--channel NAME] [flags]

Codes:
${CODES}

  --callback-at TIME  when the lead asked to be called (with callback, and only with it)
  --at TIME           when the attempt was made (now)
  --amount N          of the minor unit, such as paise
  --channel NAME      ${CHANNELS.join(', ')} (call)
  --note TEXT         kept sealed, shown with the lead
  --campaign N, --lead N   for an attempt that had no award
  --json              the reply as the contract has it

  npx leadbid disposition a1j-sx-4-0 converted --amount 250000
  npx leadbid disposition a1j-sx-4-0 callback --callback-at 2026-01-06T11:00:00+05:30
  npx leadbid disposition do_not_contact --campaign 55 --lead 1041 --channel whatsapp
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    'callback-at': 'string',
    at: 'string',
    amount: 'string',
    channel: 'string',
    note: 'string',
    campaign: 'string',
    lead: 'string',
    json: 'boolean',
  })
  const byLead = flags.campaign !== undefined || flags.lead !== undefined
  const subject = byLead
    ? { campaign_id: idOf(flags.campaign, '--campaign'), lead_id: idOf(flags.lead, '--lead') }
    : { award_id: required(rest[0], 'AWARD_ID, or --campaign and --lead,') }
  const code = codeOf(rest[byLead ? 0 : 1])
  noMore(rest, byLead ? 1 : 2)
  const amount = numberOf(flags.amount, '--amount', { min: 0 })
  const channel = channelOf(flags.channel) ?? (byLead ? 'call' : undefined)
  const body = {
    ...subject,
    code,
    ...defined('channel', channel),
    ...defined('at', timeOf(flags.at, '--at')),
    ...defined('callback_at', timeOf(flags['callback-at'], '--callback-at')),
    ...defined('amount', amount),
    ...defined('note', flags.note),
  }
  const reply = await ask(context, 'lead.disposition', body)
  return show<typeof reply & Recorded>(context, reply, { json: flags.json, print: inWords })
}

function codeOf(given: string | undefined): string {
  const code = required(given, 'CODE').toLowerCase()
  const codes = CATALOGUE.map((entry) => entry.code)
  if (codes.includes(code)) return code
  const near = nearest(code, codes)
  const cure = near === undefined ? `use one of ${codes.join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`unknown disposition code ${JSON.stringify(given)}: ${cure}`)
}

function channelOf(given: string | undefined): string | undefined {
  if (given === undefined || (CHANNELS as readonly string[]).includes(given)) return given
  throw new UsageError(
    `unknown channel ${JSON.stringify(given)}: use one of ${CHANNELS.join(', ')}`,
  )
}

function defined(name: string, value: string | number | undefined): { [name: string]: unknown } {
  return value === undefined ? {} : { [name]: value }
}

function inWords(reply: Recorded): string[] {
  const { lead_id, campaign_id, state, lead_type, reschedules, due_at, late } = reply
  const again = due_at === undefined ? 'and is over' : `due ${when(due_at, Date.now())}`
  const times = reschedules === 0 ? '' : `, ${reschedules}× rescheduled`
  return [
    `recorded${late === true ? ' (late: its lease had lapsed)' : ''}: lead ${lead_id} of campaign ${campaign_id} is ${state} (${lead_type}${times}), ${again}`,
  ]
}
