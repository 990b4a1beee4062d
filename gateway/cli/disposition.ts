// `leadbid disposition`: records the outcome of an attempt.

import {
  CATALOGUE_1,
  CHANNELS,
  type Channel,
  CONTRACT_CODES,
  DICTIONARY_1,
  UNMAPPED,
} from '../../actors/protocol/dispositions.ts'
import { EngineError } from '../../actors/protocol/errors.ts'
import { parseAttemptId } from '../../actors/protocol/ids.ts'
import type { Recorded } from '../../actors/protocol/replies.ts'
import { idOf, nearest, noMore, numberOf, readArgs, required, timeOf, UsageError } from './args.ts'
import { ask, show } from './ask.ts'
import type { Context } from './command.ts'
import { channelOf } from './dispositions.ts'
import { when } from './words.ts'

const CODES = CONTRACT_CODES.map((code) => {
  const entry = DICTIONARY_1.resolve('call', code)
  return `  ${code.padEnd(16)}${entry?.label} (${entry?.code})`
}).join('\n')

export const summary = 'record the outcome of an attempt'

export const usage = `
usage: npx leadbid disposition AWARD_ID|ATTEMPT_ID CODE [flags]
       npx leadbid disposition CODE --campaign N --lead N [--channel NAME] [flags]

Codes are those of the standard catalogue (npx leadbid dispositions), its aliases, and:
${CODES}

  --callback-at TIME  when the lead asked to be called (with callback, and only with it)
  --promised-at TIME  when it will be paid (with a promise, and only with it)
  --at TIME           when the attempt was made (now)
  --amount N          of the minor unit, such as paise
  --channel NAME      ${CHANNELS.join(', ')} (call)
  --contractor N      who made it, where no award says so
  --note TEXT         kept sealed, shown with the lead
  --campaign N, --lead N   for an attempt that had no award
  --json              the reply as the contract has it

  npx leadbid disposition a1j-sx-4-0 converted --amount 250000
  npx leadbid disposition a1j-sx-4-0 callback --callback-at 2026-01-06T11:00:00+05:30
  npx leadbid disposition a1j-sx-4-0 PTP --amount 250000 --promised-at 2026-01-09T18:00:00+05:30
  npx leadbid disposition t1-1j-sx-7-0 PTP
  npx leadbid disposition do_not_contact --campaign 55 --lead 1041 --channel whatsapp
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    'callback-at': 'string',
    'promised-at': 'string',
    at: 'string',
    amount: 'string',
    channel: 'string',
    contractor: 'string',
    note: 'string',
    campaign: 'string',
    lead: 'string',
    json: 'boolean',
  })
  const byLead = flags.campaign !== undefined || flags.lead !== undefined
  const subject = byLead
    ? { campaign_id: idOf(flags.campaign, '--campaign'), lead_id: idOf(flags.lead, '--lead') }
    : named(required(rest[0], 'AWARD_ID, or --campaign and --lead,'))
  const code = required(rest[byLead ? 0 : 1], 'CODE')
  noMore(rest, byLead ? 1 : 2)
  const channel = channelOf(flags.channel) ?? (byLead ? 'call' : undefined)
  const body = {
    ...subject,
    code,
    ...defined('channel', channel),
    ...defined('at', timeOf(flags.at, '--at')),
    ...defined('callback_at', timeOf(flags['callback-at'], '--callback-at')),
    ...defined('promised_at', timeOf(flags['promised-at'], '--promised-at')),
    ...defined('amount', numberOf(flags.amount, '--amount', { min: 0 })),
    ...defined('contractor_id', numberOf(flags.contractor, '--contractor', { min: 1 })),
    ...defined('note', flags.note),
  }
  // What another channel reports is kept whatever it is; of an agent only what is in the catalogue.
  const byAgent = 'award_id' in subject || channel === 'call'
  if (byAgent) await checkCode(context, channel ?? 'call', code)
  const reply = await ask(context, 'lead.disposition', body)
  return show<typeof reply & Recorded>(context, reply, { json: flags.json, print: inWords })
}

/** An attempt knows its channel, an award is a call unless the report says otherwise. */
function named(id: string): { award_id: string } | { attempt_id: string } {
  return parseAttemptId(id) === null ? { award_id: id } : { attempt_id: id }
}

/** Finds a slip of the hand: a later catalogue may know what the one built in does not. */
async function checkCode(context: Context, channel: Channel, code: string): Promise<void> {
  if (DICTIONARY_1.resolve(channel, code) !== undefined) return
  const standard = await standardOf(context, channel, code)
  if (standard !== UNMAPPED) return
  const codes = [...CONTRACT_CODES, ...CATALOGUE_1.entries.map((entry) => entry.code)]
  const near = nearest(code.toLowerCase(), CONTRACT_CODES) ?? nearest(code.toUpperCase(), codes)
  const cure = near === undefined ? `use one of ${codes.join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`unknown disposition code ${JSON.stringify(code)}: ${cure}`)
}

async function standardOf(context: Context, channel: Channel, code: string): Promise<unknown> {
  try {
    return (await ask(context, 'disposition.resolve', { channel, code })).standard
  } catch (error) {
    // Nobody is there to ask, and the outcome could not be recorded either.
    if (error instanceof EngineError) return UNMAPPED
    throw error
  }
}

function defined(name: string, value: string | number | undefined): { [name: string]: unknown } {
  return value === undefined ? {} : { [name]: value }
}

function inWords(reply: Recorded): string[] {
  const { lead_id, campaign_id, state, lead_type, reschedules, due_at, late } = reply
  const again = due_at === undefined ? 'and is over' : `due ${when(due_at, Date.now())}`
  const times = reschedules === 0 ? '' : `, ${reschedules}× rescheduled`
  const mapping =
    reply.standard === UNMAPPED
      ? [
          'nobody mapped this code yet: it is kept, and changes nothing (npx leadbid dispositions --unmapped)',
        ]
      : []
  return [
    `recorded${late === true ? ' (late: its lease had lapsed)' : ''}: lead ${lead_id} of campaign ${campaign_id} is ${state} (${lead_type}${times}), ${again}`,
    ...mapping,
  ]
}
