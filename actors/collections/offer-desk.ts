// Offer desk: how single offers are put and ended, and what is wrong with one that cannot be.

import { closesAt, type Offer, type OfferAsked, type OfferState } from '../protocol/offer.ts'
import { type ErrorReply, errorReply } from '../protocol/replies.ts'
import { formatTime } from '../protocol/time.ts'
import { unsold } from './offer-batches.ts'
import { type Happening, OFFERS_MAX, type OfferDecision, type OfferLedger } from './offer-ledger.ts'
import type { OfferShelf } from './offer-shelf.ts'
import { shown } from './offer-view.ts'

/** Offers of one key, those that ended included until they are forgotten. */
const KEY_OFFERS_MAX = 2000

/** Makes an offer, or replaces what may change of one: window, units, priority, unsold fields. */
export function decidePut(offers: OfferLedger, asked: OfferAsked, now: number): OfferDecision {
  const { shelf } = offers
  const twin = asked.offer_id === null ? twinOf(shelf, asked) : undefined
  if (twin !== undefined) return told(offers, twin, now)
  const offer_id = asked.offer_id ?? nextId(offers)
  const known = shelf.get(offer_id)
  const offer: Offer = { ...asked, offer_id, batch_id: known?.offer.batch_id ?? null }
  if (known !== undefined && same(known.offer, offer)) return told(offers, known, now)
  const fault =
    (known === undefined ? newFault(offers, offer) : changeFault(known, offer, now)) ??
    windowFault([shelf], offer, now)
  if (fault !== null) return { happenings: [], reply: fault }
  return told(offers, { ...(known ?? unsold(offer)), offer }, now, [{ type: 'offer.put', offer }])
}

/** The offer that the same request made before: it may be sent again, since it names no id. */
function twinOf(shelf: OfferShelf, asked: OfferAsked): OfferState | undefined {
  const { offer_id: _, ...wanted } = asked
  return shelf.ofKey(asked.key).find(({ offer, ended_at }) => {
    const { offer_id: _, batch_id, ...known } = offer
    return ended_at === null && batch_id === null && same(known, wanted)
  })
}

/** Ends an offer before its time; one that has ended stays as it is. */
export function decideEnd(offers: OfferLedger, offer_id: string, now: number): OfferDecision {
  const known = offers.shelf.get(offer_id)
  if (known === undefined) {
    const reply = errorReply('NOT_FOUND', '/offer_id: no such offer', '/offer_id')
    return { happenings: [], reply }
  }
  if (now >= closesAt(known)) return told(offers, known, now)
  return told(offers, { ...known, ended_at: now }, now, [{ type: 'offer.ended', offer_id }])
}

/** What is wrong with an offer nobody knows yet, save its window. */
export function newFault(offers: OfferLedger, { offer_id, key }: Offer): ErrorReply | null {
  if (offers.size >= OFFERS_MAX) {
    const message = `${OFFERS_MAX} offers are kept: those that ended are forgotten after 31 days`
    return errorReply('OFFERS_FULL', message)
  }
  if (offers.shelf.ofKey(key).length >= KEY_OFFERS_MAX) {
    return errorReply('OFFERS_FULL', `/key: ${KEY_OFFERS_MAX} offers of this key are kept`, '/key')
  }
  if (!isTaken(offers, offer_id)) return null
  const message = `/offer_id: there is an offer ${offer_id}: choose another id, or leave it out`
  return errorReply('REQUEST_CONFLICT', message, '/offer_id')
}

/** What keeps an offer's window from being put beside those on the shelves. */
export function windowFault(
  shelves: readonly OfferShelf[],
  offer: Offer,
  now: number,
): ErrorReply | null {
  if (offer.ends_at <= now) {
    return errorReply('INVALID', '/ends_at: must lie ahead', '/ends_at')
  }
  for (const shelf of shelves) {
    const other = shelf.overlapping(offer)
    if (other !== undefined) return overlapFault(other)
  }
  return null
}

function overlapFault(other: Offer): ErrorReply {
  const window = `${formatTime(other.starts_at)} to ${formatTime(other.ends_at)}`
  const message = `/starts_at: overlapping_validity: offer ${other.offer_id} holds for this key, scope and priority from ${window}: move the window, end that offer, or give a higher priority`
  return errorReply('OVERLAPPING_VALIDITY', message, '/starts_at')
}

/** What must not change of an offer that is known. */
function changeFault(known: OfferState, next: Offer, now: number): ErrorReply | null {
  const { offer, sold, held } = known
  const refused = (field: string, why: string) =>
    errorReply('OFFER_FIXED', `/${field}: ${why}`, `/${field}`)
  if (now >= closesAt(known)) {
    return refused('offer_id', `offer ${offer.offer_id} has ended: put one with another id`)
  }
  if (offer.key !== next.key) return refused('key', 'an offer keeps its key')
  if (!same(offer.scope, next.scope)) return refused('scope', 'an offer keeps its scope')
  if (sold + held === 0) return null
  if (!same(offer.fields, next.fields)) {
    return refused('fields', 'units are sold or held at them: put an offer of higher priority')
  }
  if (next.qty_total === null || next.qty_total >= sold + held) return null
  return refused('qty_total', `${sold + held} units are sold or held: it must not be less`)
}

/** An id nobody has. */
function nextId(offers: OfferLedger): string {
  const [id] = mintIds(offers, 1, () => false)
  return id as string // So many were asked for.
}

/** Ids nobody has, nor `given` says to be taken: how many offers were made counts them. */
export function mintIds(
  offers: OfferLedger,
  count: number,
  given: (id: string) => boolean,
): string[] {
  const ids: string[] = []
  for (let n = offers.made + 1; ids.length < count; n++) {
    const id = `o${n.toString(36)}`
    if (!isTaken(offers, id) && !given(id)) ids.push(id)
  }
  return ids
}

export function isTaken({ shelf, batches }: OfferLedger, id: string): boolean {
  return shelf.get(id) !== undefined || batches.knows(id)
}

function told(
  { holds }: OfferLedger,
  state: OfferState,
  now: number,
  happenings: Happening[] = [],
): OfferDecision {
  const lapsed = holds.lapsedUnits(now).get(state.offer.offer_id) ?? 0
  return { happenings, reply: { type: 'offer', ...shown(state, now, lapsed) } }
}

/** By value: both were made by one schema, so their fields stand in one order. */
function same(a: object, b: object): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: object): [string, unknown][] {
  return Object.entries(value)
    .map(([name, of]): [string, unknown] => [
      name,
      typeof of === 'object' && of !== null ? sorted(of) : of,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
