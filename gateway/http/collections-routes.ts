// Collections routes: the services of collections in HTTP's words, for trying by hand and for
// programs without NATS. What is put in a path may be left out of the body.

import type { Service } from '../../actors/protocol/subjects.ts'
import type { Ctx, Handler, Routes } from './app.ts'

type ToBody = (c: Ctx) => unknown
type Ask = (service: Service, toBody: ToBody, standardMs?: number) => Handler

/** Ways a request's body is made of what came; see routes.ts. */
export interface Bodies {
  body: ToBody
  query: ToBody
  /** The body, with what the path names. */
  named: (...names: string[]) => ToBody
  /** The query, with what the path names. */
  asked: (...names: string[]) => ToBody
}

/** Thousands of offers take longer than one call for bids. */
const BATCH_BUDGET_MS = 5000

export function collectionsRoutes(ask: Ask, { body, query, named, asked }: Bodies): Routes {
  return {
    '/api/attempts': { POST: ask('lead.attempt', body) },
    '/api/leads/:campaign_id/:lead_id/release': {
      POST: ask('lead.release', named('campaign_id', 'lead_id')),
    },
    '/api/payments': { POST: ask('payment.record', body) },
    '/api/suppressions/log': { GET: ask('suppression.list', query) },
    '/api/dispositions/catalogue': {
      GET: ask('disposition.catalogue', query),
      PUT: ask('disposition.put', body),
    },
    '/api/dispositions/resolve': { GET: ask('disposition.resolve', query) },
    '/api/dispositions/unmapped': { GET: ask('disposition.unmapped', () => ({})) },
    '/api/allocations': { POST: ask('allocation.put', body) },
    '/api/campaigns/:campaign_id/board': { GET: ask('allocation.board', asked('campaign_id')) },
    '/api/campaigns/:campaign_id/buckets': { GET: ask('bucket.list', asked('campaign_id')) },
    '/api/campaigns/:campaign_id/buckets/:code': {
      GET: ask('bucket.show', typed(asked('campaign_id', 'code'))),
    },
    '/api/agents': { GET: ask('agent.list', typed(query)) },
    '/api/agents/:contractor_id': { PUT: ask('agent.put', named('contractor_id')) },
    '/api/targets': { POST: ask('target.put', body) },
    '/api/presence': { POST: ask('agent.presence', body) },
    '/api/performance': { GET: ask('performance.show', typed(query)) },
    '/api/offers': { GET: ask('offer.list', query), POST: ask('offer.put', body) },
    '/api/offers/batch': { POST: ask('offer.batch', body, BATCH_BUDGET_MS) },
    '/api/offers/price': { POST: ask('offer.price', body) },
    '/api/offers/reserve': { POST: ask('offer.reserve', body) },
    '/api/offers/commit': { POST: ask('offer.commit', body) },
    '/api/offers/release': { POST: ask('offer.release', body) },
    '/api/offers/cancel': { POST: ask('offer.cancel', body) },
    '/api/offers/:offer_id/end': { POST: ask('offer.end', asked('offer_id')) },
    '/api/dialer/calls': { POST: ask('call.place', body) },
    '/api/dialer': { GET: ask('dialer.show', query) },
  }
}

/** A query whose `after` is an id, and `active` true or false; elsewhere a cursor is a text. */
function typed(toBody: ToBody): ToBody {
  return async (c) => {
    const body = { ...Object(await toBody(c)) }
    const { after, active } = body
    // What is no number is refused by the schema, with its path.
    if (after !== undefined) body.after = Number(after)
    if (active === 'true' || active === 'false') body.active = active === 'true'
    return body
  }
}
