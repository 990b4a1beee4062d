// Welcome: what `npm start` says when everything runs, and what it loads on the first day.

import { setTimeout as sleep } from 'node:timers/promises'
import { headers } from 'nats'
import type { Award, Reply } from '../actors/protocol/replies.ts'
import { BUDGET_HEADER, EVENTS, type Service } from '../actors/protocol/subjects.ts'
import type { Link } from '../actors/runtime/nats.ts'
import { awardInWords } from '../gateway/cli/next.ts'
import { makeSample, SAMPLE_SEED } from './sample.ts'

const READY_DEADLINE_MS = 30_000
const BUDGET_MS = 5000

export interface Welcome {
  url: string
  http: number
  dataDir: string
  mayLoadSample: boolean
  clockOffsetMs: number
}

/** Waits until requests are answered, loads the sample into an empty log, shows a first award. */
export async function welcome(link: Link, about: Welcome): Promise<void> {
  const say = (...lines: string[]) => process.stdout.write(`${lines.join('\n')}\n`)
  const campaigns = await ready(link)
  say(
    '',
    'leadbid is running.',
    `  NATS   ${about.url}`,
    `  HTTP   http://127.0.0.1:${about.http}   (status page, API, /metrics)`,
    `  data   ${about.dataDir}`,
  )
  const { state } = await link.jsm.streams.info(EVENTS)
  // Claims alone fill a record or two a shard: a log without campaigns was never used.
  if (campaigns.length === 0 && about.mayLoadSample) {
    const now = Date.now() + about.clockOffsetMs
    const ids = await load(link, now)
    const award = await call<Award>(link, 'lead.next', { campaign_ids: ids })
    say('', `A contractor qualified for campaigns ${ids.join(', ')} asks who to call:`, '')
    if (award.type === 'award') say(...awardInWords(award, now).map((line) => `  ${line}`))
  } else {
    const leads = campaigns.reduce((sum, campaign) => sum + campaign.leads, 0)
    say('', `Found ${campaigns.length} campaigns with ${leads} leads, ${state.messages} records.`)
  }
  const ids =
    campaigns.length > 0 ? campaigns.slice(0, 3).map((c) => c.campaign_id) : [101, 102, 201]
  say(
    '',
    'Try, in another terminal:',
    `  npx leadbid next ${ids.join(' ')} --contractor 12`,
    `  npx leadbid show ${ids[0]}`,
    '  npx leadbid audit',
    '',
    'Ctrl-C stops everything; the next start finds it again.',
  )
}

interface Listed {
  campaign_id: number
  leads: number
}

async function ready(link: Link): Promise<Listed[]> {
  const deadline = performance.now() + READY_DEADLINE_MS
  for (;;) {
    const reply = await call<Reply>(link, 'campaign.list', {}).catch(() => null)
    if (reply?.type === 'campaigns') return reply.campaigns
    if (performance.now() > deadline) {
      throw new Error(`nothing answers after ${READY_DEADLINE_MS / 1000} s: see the log above`)
    }
    await sleep(100)
  }
}

async function load(link: Link, now: number): Promise<number[]> {
  const { campaigns, leads } = makeSample(now)
  for (const campaign of campaigns) await call(link, 'campaign.put', campaign)
  const reply = await call<Reply>(link, 'lead.ingest', { leads })
  const known = reply.type === 'ingested' ? leads.length - reply.rejected.length : 0
  if (known < leads.length) throw new Error(`the sample was not loaded: ${JSON.stringify(reply)}`)
  const live = leads.filter((lead) => lead.lead_type === 'Live').length
  const customers = new Set(campaigns.map((campaign) => campaign.customer_id)).size
  process.stdout.write(
    `\nThe data folder was empty, so here is a sample (seed ${SAMPLE_SEED}): ${customers} customers, ` +
      `${campaigns.length} campaigns, ${live} live and ${leads.length - live} stale leads.\n`,
  )
  return campaigns.slice(0, 3).map((campaign) => Number(campaign.campaign_id))
}

async function call<T>(link: Link, service: Service, body: unknown): Promise<T> {
  const header = headers()
  header.set(BUDGET_HEADER, String(BUDGET_MS))
  const message = await link.nc.request(service, JSON.stringify(body), {
    headers: header,
    timeout: BUDGET_MS + 500,
  })
  return message.json<T>()
}
