// `leadbid put-campaign`: makes a campaign or replaces its settings.

import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import type { CampaignShown } from '../../actors/protocol/replies.ts'
import { noMore, readArgs, required, UsageError } from './args.ts'
import { ask, show } from './ask.ts'
import type { Context } from './command.ts'
import { campaignInWords } from './show.ts'

export const summary = 'make a campaign, or replace its settings'

export const usage = `
usage: npx leadbid put-campaign FILE.json | JSON | - [--json]

Settings are {campaign_id, customer_id, ...}; all else has a default (hours 09:00-19:00 every day,
lease 90 s, three reschedules after 22 to 24 h). "-" reads them from stdin. What is not named goes
back to its default. The customer of a campaign cannot change. "jurisdiction" (IN-recovery,
IN-sales, US-RegF or US-TCPA) narrows hours and attempts to an example of what is lawful there.

  npx leadbid put-campaign '{"campaign_id": 55, "customer_id": 7}'
  npx leadbid put-campaign campaign-55.json
  npx leadbid put-campaign - < campaign-55.json
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { json: 'boolean' })
  const source = required(rest[0], 'FILE.json, the JSON itself, or - for stdin')
  noMore(rest, 1)
  const reply = await ask(context, 'campaign.put', parseSettings(await read(source), source))
  return show<typeof reply & CampaignShown>(context, reply, {
    json: flags.json,
    print: campaignInWords,
  })
}

async function read(source: string): Promise<string> {
  if (source.trimStart().startsWith('{')) return source
  if (source === '-') return await readStream(process.stdin)
  try {
    return await readFile(source, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${source} cannot be read (${why}): give a file, the JSON itself, or -`)
  }
}

function parseSettings(text: string, source: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${where(source)} is not JSON: ${String(error)}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError(
    `${where(source)} must be one object: {"campaign_id": ..., "customer_id": ...}`,
  )
}

function where(source: string): string {
  return source === '-' ? 'stdin' : source.startsWith('{') ? 'the argument' : source
}
