// Event range: what a reader of the event stream asks for, and where in the log that begins.

import { InputError } from '../../actors/protocol/errors.ts'
import type { CampaignId } from '../../actors/protocol/ids.ts'
import type { Ctx } from './app.ts'
import { integerOf } from './routes.ts'

export interface Wanted {
  /** The first record to read, and the events of it that were already seen. */
  seq: number
  seen: number
  campaign: CampaignId | null
  types: ReadonlySet<string> | null
}

export interface Asked {
  /** `<seq>.<index>` of the last event seen, or `<seq>` for all of a record. */
  after: { seq: number; index: number } | null
  from: number | null
  recent: number | null
  campaign: CampaignId | null
  types: ReadonlySet<string> | null
}

/** The query and `Last-Event-ID` of a request. Throws InputError. */
export function askedOf(c: Ctx): Asked {
  const { campaign, type, from, recent, last_event_id, ...unknown } = c.req.query()
  for (const name of Object.keys(unknown)) {
    throw new InputError('INVALID', `/${name}: unknown parameter, remove it`, `/${name}`)
  }
  // The header first: a browser that reconnects sends it along with the address it began with.
  const after = c.req.header('last-event-id') ?? last_event_id
  return {
    after: after === undefined || after === '' ? null : positionOf(after),
    from: from === undefined ? null : from === '0' ? 1 : integerOf(from, 'from'),
    recent: recent === undefined ? null : integerOf(recent, 'recent'),
    campaign: campaign === undefined ? null : (integerOf(campaign, 'campaign') as CampaignId),
    types: type === undefined ? null : new Set(type.split(',')),
  }
}

function positionOf(text: string): { seq: number; index: number } {
  const match = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text)
  if (match === null) {
    const why = '/last_event_id: must be the id of an event, such as "12.0"'
    throw new InputError('INVALID', why, '/last_event_id')
  }
  const index = match[2] === undefined ? Number.POSITIVE_INFINITY : Number(match[2])
  return { seq: Number(match[1]), index }
}

/** Where to begin, in a log that ends at `last`; without a wish at what comes next. */
export function wantedOf({ after, from, recent, campaign, types }: Asked, last: number): Wanted {
  const start = (seq: number, seen = -1): Wanted => ({
    seq: Math.max(1, seq),
    seen,
    campaign,
    types,
  })
  // An id beyond the log's end is of a log that is gone: there is nothing to resume.
  if (after !== null && after.seq <= last) return start(after.seq, after.index)
  if (after === null && from !== null) return start(from)
  if (after === null && recent !== null) return start(last - recent + 1)
  return start(last + 1)
}
