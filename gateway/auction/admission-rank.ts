// Admission rank: which services give way to which when not all can be served, and which write.

import type { Service } from '../../actors/protocol/subjects.ts'

/**
 * `end`: tells of what has happened already, a call or a wish not to be called; refused last.
 * `next`: what the engine is there for. `rest`: can wait, and is refused first.
 */
export type Rank = 'end' | 'next' | 'rest'

/**
 * What a service does to the log. `grows`: adds to it, and is refused first when it fills up;
 * `begins`: begins something new, refused when it is nearly full; `ends`: ends what was begun, for
 * which the last of it is kept; `reads`: nothing.
 */
export type Writing = 'grows' | 'begins' | 'ends' | 'reads'

interface Place {
  rank: Rank
  writing: Writing
}

const READ: Place = { rank: 'rest', writing: 'reads' }
const PUT: Place = { rank: 'rest', writing: 'begins' }
const END: Place = { rank: 'end', writing: 'ends' }

export const PLACES: { readonly [service in Service]: Place } = {
  'lead.next': { rank: 'next', writing: 'begins' },
  'lead.confirm': END,
  'lead.extend': END,
  'lead.skip': END,
  'lead.disposition': END,
  'lead.attempt': END,
  'lead.release': END,
  'payment.record': END,
  'suppression.add': END,
  'offer.commit': END,
  'offer.release': END,
  'lead.ingest': { rank: 'rest', writing: 'grows' },
  'suppression.remove': { rank: 'next', writing: 'begins' },
  'suppression.check': { rank: 'next', writing: 'reads' },
  'offer.price': { rank: 'next', writing: 'reads' },
  'offer.reserve': { rank: 'next', writing: 'begins' },
  'call.place': { rank: 'next', writing: 'begins' },
  'agent.presence': { rank: 'next', writing: 'reads' },
  'lead.show': READ,
  'campaign.put': PUT,
  'campaign.show': READ,
  'campaign.list': READ,
  'suppression.list': READ,
  'disposition.resolve': READ,
  'disposition.catalogue': READ,
  'disposition.put': PUT,
  'disposition.unmapped': READ,
  'allocation.put': { rank: 'rest', writing: 'grows' },
  'allocation.board': READ,
  'bucket.list': READ,
  'bucket.show': READ,
  'agent.put': PUT,
  'agent.list': READ,
  'target.put': PUT,
  'performance.show': READ,
  'offer.put': PUT,
  'offer.batch': PUT,
  'offer.cancel': PUT,
  'offer.end': PUT,
  'offer.list': READ,
  'dialer.show': READ,
  'model.show': READ,
  'model.list': READ,
}
