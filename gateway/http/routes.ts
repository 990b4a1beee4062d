// Routes: section 4 of the contract as far as it mirrors the services of section 3, for trying by
// hand and for programs without NATS. A route says the same as its subject, in HTTP's words.

import { InputError } from '../../actors/protocol/errors.ts'
import { BUDGET_HEADER, type Service } from '../../actors/protocol/subjects.ts'
import { type Answer, BUDGET_STANDARD_MS } from '../services.ts'
import type { Ctx, Handler, Routes } from './app.ts'
import { readJson } from './body.ts'
import { replyResponse } from './responses.ts'

/** A thousand leads take longer than one call for bids. */
const INGEST_BUDGET_MS = 5000
const BUDGET_MAX_MS = 15_000

/** The routes that are answered by `answer`. */
export function serviceRoutes(answer: Answer): Routes {
  const ask = async (
    c: Ctx,
    service: Service,
    body: unknown,
    standardMs = BUDGET_STANDARD_MS,
  ): Promise<Response> => {
    const budgetMs = budgetOf(c, standardMs)
    return replyResponse(await answer({ service, body, budgetMs, encoding: 'json' }))
  }
  const mirror =
    (service: Service): Handler =>
    async (c) =>
      await ask(c, service, await bodyOf(c))

  return {
    '/api/leads': {
      POST: async (c) => {
        const body = await bodyOf(c)
        const request = Array.isArray(body) ? { leads: body } : body
        return await ask(c, 'lead.ingest', request, INGEST_BUDGET_MS)
      },
    },
    '/api/leads/:campaign_id/:lead_id': {
      GET: (c) => {
        const lead = { campaign_id: idOf(c, 'campaign_id'), lead_id: idOf(c, 'lead_id') }
        return ask(c, 'lead.show', lead)
      },
    },
    '/api/campaigns': { GET: (c) => ask(c, 'campaign.list', {}) },
    '/api/campaigns/:campaign_id': {
      GET: (c) => ask(c, 'campaign.show', { campaign_id: idOf(c, 'campaign_id') }),
      PUT: async (c) => {
        const campaign_id = idOf(c, 'campaign_id')
        return await ask(c, 'campaign.put', named(campaign_id, await bodyOf(c)))
      },
    },
    '/api/next': { POST: mirror('lead.next') },
    '/api/confirm': { POST: mirror('lead.confirm') },
    '/api/extend': { POST: mirror('lead.extend') },
    '/api/skip': { POST: mirror('lead.skip') },
    '/api/dispositions': { POST: mirror('lead.disposition') },
    '/api/suppressions': {
      POST: mirror('suppression.add'),
      DELETE: async (c) => {
        const body = await readJson(c.env.incoming)
        return await ask(c, 'suppression.remove', body === undefined ? queryOf(c) : body)
      },
      GET: (c) => ask(c, 'suppression.check', queryOf(c)),
    },
  }
}

async function bodyOf(c: Ctx): Promise<unknown> {
  const body = await readJson(c.env.incoming)
  if (body !== undefined) return body
  throw new InputError('MALFORMED', 'body is empty: send JSON')
}

/** Settings under the path's id; a body may repeat it, and must not name another. */
function named(campaign_id: number, body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const given = (body as { campaign_id?: unknown }).campaign_id
  if (given !== undefined && given !== campaign_id) {
    const why = `/campaign_id: must be ${campaign_id} as in the path, or left out`
    throw new InputError('INVALID', why, '/campaign_id')
  }
  return { ...body, campaign_id }
}

/** How long the caller waits, ms. */
function budgetOf(c: Ctx, standardMs: number): number {
  const given = c.req.header(BUDGET_HEADER)
  if (given === undefined) return standardMs
  const ms = Number(given)
  if (/^\d{1,9}$/.test(given) && ms > 0) return Math.min(ms, BUDGET_MAX_MS)
  throw new InputError('INVALID', `${BUDGET_HEADER}: must be milliseconds, 1 or more`)
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

const QUERY_IDS: ReadonlySet<string> = new Set(['customer_id', 'campaign_id', 'lead_id'])

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
