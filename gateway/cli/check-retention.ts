// Check retention: is the evidence of contacts kept as long as the jurisdictions of the campaigns
// ask for? The log is that evidence, and so is every stream that copies it.

import type { StreamConfig } from '@nats-io/jetstream'
import {
  type Jurisdiction,
  longestRetention,
  retentionMs,
} from '../../actors/policy/jurisdictions.ts'
import type { CampaignShown } from '../../actors/protocol/replies.ts'
import { JURISDICTIONS } from '../../actors/protocol/settings.ts'
import { EVENTS } from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { ask } from './ask.ts'
import { type Check, fail, messageOf, ok } from './check.ts'
import type { Context } from './command.ts'

const NAME = 'retention'
const CURE = `nats stream edit STREAM --max-age=0; deny_delete only by restoring a backup into a new stream`
const DAY_MS = 86_400_000
const MS_NANOS = 1_000_000

/** What the campaigns ask for: the longest term, or null when none names a jurisdiction. */
interface Wanted {
  longest: Jurisdiction | null
  said: string
}

/** Fails where the log, or a copy of it, forgets sooner than a campaign's jurisdiction allows. */
export async function checkRetention(context: Context): Promise<Check> {
  let streams: StreamConfig[]
  try {
    streams = await copiesOfLog(await context.link())
  } catch (error) {
    return fail(NAME, `unknown: ${messageOf(error)}`, 'run npm run provision, and look again')
  }
  if (!streams.some(({ name }) => name === EVENTS)) {
    return fail(NAME, `stream ${EVENTS} is not there, and nothing is kept`, 'run npm run provision')
  }
  const wanted = await wantedBy(context)
  const faults = streams.flatMap((stream) => faultsOf(stream, wanted.longest))
  const names = streams.map(({ name }) => name).join(', ')
  if (faults.length > 0) return fail(NAME, `${faults.join('; ')} (${wanted.said})`, CURE)
  return ok(NAME, `${names}: nothing is forgotten (${wanted.said})`)
}

/** The log and the streams that mirror or gather it. */
async function copiesOfLog(link: Link): Promise<StreamConfig[]> {
  const found: StreamConfig[] = []
  for await (const { config } of link.jsm.streams.list()) {
    const origins = [config.mirror, ...(config.sources ?? [])].map((from) => from?.name)
    if (config.name === EVENTS || origins.includes(EVENTS)) found.push(config)
  }
  return found
}

async function wantedBy(context: Context): Promise<Wanted> {
  const held = await campaignsOf(context)
  // Nobody says what campaigns there are: the strictest of all documents is on the safe side.
  if (held === null) {
    return { longest: longestRetention(JURISDICTIONS), said: 'campaigns unknown: the longest term' }
  }
  const longest = longestRetention(held.flatMap(({ jurisdiction }) => jurisdiction?.id ?? []))
  if (longest === null) return { longest, said: 'no campaign has a jurisdiction' }
  const first = held.find(({ jurisdiction }) => jurisdiction?.id === longest.id)
  const said = `${longest.id} of campaign ${first?.campaign_id} asks for ${longest.retention_years} years after the last activity`
  return { longest, said }
}

/** The campaigns, or null where no gateway tells them; `gateway` is a check of its own. */
async function campaignsOf(context: Context): Promise<Omit<CampaignShown, 'type'>[] | null> {
  const reply = await ask(context, 'campaign.list', {}).catch(() => null)
  if (reply?.type !== 'campaigns') return null
  return reply.campaigns as Omit<CampaignShown, 'type'>[] // As the contract has this reply.
}

function faultsOf(stream: StreamConfig, longest: Jurisdiction | null): string[] {
  const faults: string[] = []
  if (stream.deny_delete !== true) {
    faults.push(`stream ${stream.name} lets records be deleted one by one (deny_delete is false)`)
  }
  const keptMs = stream.max_age / MS_NANOS
  if (keptMs > 0 && longest !== null && keptMs < retentionMs(longest)) {
    const days = Math.floor(keptMs / DAY_MS)
    faults.push(`stream ${stream.name} forgets records after ${days} days (max_age)`)
  }
  return faults
}
