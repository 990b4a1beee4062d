// Routes: section 4 of the contract as far as it mirrors the services of section 3, for trying by
// hand and for programs without NATS. A route says the same as its subject, in HTTP's words.

import { InputError } from '../../actors/protocol/errors.ts'
import { BUDGET_HEADER, type Service } from '../../actors/protocol/subjects.ts'
import { type Answer, BUDGET_STANDARD_MS } from '../auction/services.ts'
import type { Ctx, Handler, Routes } from './app.ts'
import { readJson } from './body.ts'
import { collectionsRoutes } from './collections-routes.ts'
import type { Metrics } from './metrics.ts'
import { replyResponse } from './responses.ts'

/** A thousand leads take longer than one call for bids. */
const INGEST_BUDGET_MS = 5000
const BUDGET_MIN_MS = 10
const BUDGET_MAX_MS = 15_000

type ToBody = (c: Ctx) => unknown

/** The routes that are answered by `answer`; each is counted as a request of its service. */
export function serviceRoutes(answer: Answer, metrics: Metrics): Routes {
  const ask =
    (service: Service, toBody: ToBody, standardMs = BUDGET_STANDARD_MS): Handler =>
    async (c) => {
      const since = performance.now()
      let outcome = 'error' // what cannot be read, or is not JSON, never gets as far as a reply
      try {
        const budgetMs = budgetOf(c, standardMs)
        const body = await toBody(c)
        const reply = await answer({ service, body, budgetMs, encoding: 'json' })
        outcome = reply instanceof Uint8Array ? 'award' : reply.type
        return replyResponse(reply)
      } finally {
        metrics.observe(service, outcome, (performance.now() - since) / 1000)
      }
    }

  return {
    '/api/leads': { POST: ask('lead.ingest', leadsOf, INGEST_BUDGET_MS) },
    '/api/leads/:campaign_id/:lead_id': {
      GET: ask('lead.show', (c) => ({
        campaign_id: idOf(c, 'campaign_id'),
        lead_id: idOf(c, 'lead_id'),
      })),
    },
    '/api/campaigns': { GET: ask('campaign.list', () => ({})) },
    '/api/campaigns/:campaign_id': {
      GET: ask('campaign.show', (c) => ({ campaign_id: idOf(c, 'campaign_id') })),
      PUT: ask('campaign.put', named('campaign_id')),
    },
    '/api/models': { GET: ask('model.list', () => ({})) },
    '/api/models/:customer_id': {
      GET: ask('model.show', (c) => ({ customer_id: idOf(c, 'customer_id') })),
    },
    '/api/next': { POST: ask('lead.next', bodyOf) },
    '/api/confirm': { POST: ask('lead.confirm', bodyOf) },
    '/api/extend': { POST: ask('lead.extend', bodyOf) },
    '/api/skip': { POST: ask('lead.skip', bodyOf) },
    '/api/dispositions': { POST: ask('lead.disposition', bodyOf) },
    '/api/suppressions': {
      POST: ask('suppression.add', bodyOf),
      // Many clients send no body with DELETE: then the query says what.
      DELETE: ask(
        'suppression.remove',
        async (c) => (await readJson(c.env.incoming)) ?? queryOf(c),
      ),
      GET: ask('suppression.check', queryOf),
    },
    ...collectionsRoutes(ask, {
      body: bodyOf,
      query: queryOf,
      named,
      asked:
        (...names) =>
        (c) =>
          withPath(c, names, queryOf(c)),
    }),
  }
}

const named =
  (...names: string[]) =>
  async (c: Ctx) =>
    withPath(c, names, await bodyOf(c))

async function leadsOf(c: Ctx): Promise<unknown> {
  const body = await bodyOf(c)
  return Array.isArray(body) ? { leads: body } : body
}

async function bodyOf(c: Ctx): Promise<unknown> {
  const body = await readJson(c.env.incoming)
  if (body !== undefined) return body
  throw new InputError('MALFORMED', 'body is empty: send JSON')
}

/** A body with what the path names; it may repeat that, and must not name another. */
function withPath(c: Ctx, names: readonly string[], body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const whole: { [name: string]: unknown } = { ...body }
  for (const name of names) {
    const value = pathValue(c, name)
    const given = whole[name]
    if (given !== undefined && given !== value) {
      const why = `/${name}: must be ${value} as in the path, or left out`
      throw new InputError('INVALID', why, `/${name}`)
    }
    whole[name] = value
  }
  return whole
}

function pathValue(c: Ctx, name: string): string | number {
  return QUERY_IDS.has(name) ? idOf(c, name) : (c.req.param(name) ?? '')
}

/** How long the caller waits, ms. */
function budgetOf(c: Ctx, standardMs: number): number {
  const given = c.req.header(BUDGET_HEADER)
  if (given === undefined) return standardMs
  const ms = Number(given)
  if (Number.isFinite(ms) && ms >= BUDGET_MIN_MS) return Math.min(ms, BUDGET_MAX_MS)
  const why = `header ${BUDGET_HEADER} must be ${BUDGET_MIN_MS} or more milliseconds`
  throw new InputError('INVALID', why)
}

function idOf(c: Ctx, name: string): number {
  return integerOf(c.req.param(name) ?? '', name)
}

/** An id out of a path or a query, where everything is text. */
export function integerOf(text: string, name: string): number {
  const value = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value) && value >= 1) return value
  throw new InputError('INVALID', `/${name}: must be an integer of 1 or more`, `/${name}`)
}

const QUERY_IDS: ReadonlySet<string> = new Set([
  'customer_id',
  'campaign_id',
  'lead_id',
  'contractor_id',
  'reports_to',
  'viewer',
  'version',
  'limit',
])

/** A query as the body it stands for. */
function queryOf(c: Ctx): { [name: string]: string | number } {
  const body: { [name: string]: string | number } = {}
  for (const [name, text] of Object.entries(c.req.query())) {
    // An unescaped `+` in a query is a space, and a phone number begins with one.
    if (name === 'phone') body[name] = text.replace(/^ /, '+')
    else body[name] = QUERY_IDS.has(name) ? integerOf(text, name) : text
  }
  return body
}
