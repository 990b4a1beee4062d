// Offer batch desk: how offers come in batches, in as many requests as it takes.
//
//   OD1. A batch in which anything is wrong is dropped whole, and told by the place of the first
//        fault. Only a part that is out of turn costs nothing: it may be sent again in its place.
//   OD2. A batch sent from its beginning begins anew; the same part again changes nothing.

import { fnv1a } from '../protocol/ids.ts'
import { boundOf, type Offer, PART_BYTES_MAX } from '../protocol/offer.ts'
import { BATCH_MAX, type BatchRequest } from '../protocol/offers.ts'
import { type ErrorReply, errorReply } from '../protocol/replies.ts'
import { hasPart, type Staged, unsold } from './offer-batches.ts'
import { mintIds, newFault, windowFault } from './offer-desk.ts'
import { type Happening, OFFERS_MAX, type OfferDecision, type OfferLedger } from './offer-ledger.ts'
import { OfferShelf } from './offer-shelf.ts'

/** Batches on their way at once, and parts of one. */
const BATCHES_MAX = 50
const PARTS_MAX = 1000

/** A part in its turn: behind `staged`, which is undefined for the first one. */
interface Turn {
  request: BatchRequest
  staged: Staged | undefined
  from: number
  now: number
}

/** Stages a part of a batch; the last one puts all of it into force. */
export function decideBatch(
  offers: OfferLedger,
  request: BatchRequest,
  now: number,
): OfferDecision {
  const { batch_id, fault, more } = request
  const digest = fnv1a(JSON.stringify(request.offers))
  const activated = offers.batches.activated(batch_id)
  if (activated !== undefined) {
    if (!hasPart(activated.parts, request.from, digest)) return answer(conflict(batch_id))
    return answer({ type: 'activated', batch_id, offers: activated.offers })
  }
  const known = offers.batches.staged(batch_id, now)
  const drop = (why: ErrorReply) => dropped(batch_id, known, why)
  if (fault !== null) {
    return drop(errorReply('INVALID', `${fault.path}: ${fault.reason}`, fault.path))
  }
  if (known !== undefined && hasPart(known.parts, request.from, digest)) {
    const late = more ? null : lateFault(offers, known, now)
    return late === null ? gone(request, [], known.offers.size) : drop(late)
  }
  const anew = known !== undefined && request.from === 0
  const staged = anew ? undefined : known
  const count = staged?.offers.size ?? 0
  const from = request.from ?? count
  if (from !== count) return answer(outOfTurn(batch_id, count))
  const taken = takePart(offers, { request, staged, from, now })
  if ('code' in taken) return drop(taken)
  const late = more || staged === undefined ? null : lateFault(offers, staged, now)
  if (late !== null) return drop(late)
  const begun: Happening[] = anew ? [{ type: 'offer.dropped', batch_id, reason: 'begun_anew' }] : []
  const staging: Happening = { type: 'offer.staged', batch_id, from, digest, offers: taken }
  return gone(request, [...begun, staging], count + taken.length)
}

/** A part that went well, and with the last one the batch. */
function gone(request: BatchRequest, happenings: Happening[], count: number): OfferDecision {
  const { batch_id, more } = request
  if (more) return { happenings, reply: { type: 'staged', batch_id, staged: count } }
  return {
    happenings: [...happenings, { type: 'offer.activated', batch_id }],
    reply: { type: 'activated', batch_id, offers: count },
  }
}

/** The offers of a part with their ids, or the first fault. */
function takePart(offers: OfferLedger, turn: Turn): Offer[] | ErrorReply {
  const full = sizeFault(offers, turn)
  if (full !== null) return full
  const { request, staged, now } = turn
  const given = new Set(request.offers.map(({ offer_id }) => offer_id))
  const minted = mintIds(offers, request.offers.length, (id) => given.has(id))
  const part = new OfferShelf()
  const shelves = [offers.shelf, ...(staged === undefined ? [] : [staged.offers]), part]
  const taken: Offer[] = []
  for (const [i, asked] of request.offers.entries()) {
    const offer_id = asked.offer_id ?? (minted[i] as string) // There is one for each.
    const offer: Offer = { ...asked, offer_id, batch_id: request.batch_id }
    const fault =
      newFault(offers, offer) ?? twiceFault(part, offer) ?? windowFault(shelves, offer, now)
    if (fault !== null) return placed(fault, turn, i)
    part.put(unsold(offer))
    taken.push(offer)
  }
  return taken
}

function sizeFault(offers: OfferLedger, { request, staged, from }: Turn): ErrorReply | null {
  const count = request.offers.length
  if (from + count > BATCH_MAX) {
    return errorReply('TOO_LARGE', `/offers: a batch holds at most ${BATCH_MAX} offers`, '/offers')
  }
  if (offers.size + count > OFFERS_MAX) {
    const message = `${OFFERS_MAX} offers are kept, and ${offers.size} are known`
    return errorReply('OFFERS_FULL', message)
  }
  if (staged === undefined && offers.batches.size >= BATCHES_MAX) {
    return errorReply('OFFERS_FULL', `${BATCHES_MAX} batches are on their way: finish one`)
  }
  let bytes = 0
  for (const asked of request.offers) bytes += boundOf(asked)
  const parts = staged?.parts.length ?? 0
  if (bytes <= PART_BYTES_MAX && parts < PARTS_MAX) return null
  const message = `/offers: at most ${PART_BYTES_MAX} bytes a part and ${PARTS_MAX} parts: cut it differently`
  return errorReply('TOO_LARGE', message, '/offers')
}

function twiceFault(part: OfferShelf, { offer_id }: Offer): ErrorReply | null {
  if (part.get(offer_id) === undefined) return null
  return errorReply('INVALID', '/offer_id: must not come twice in a batch', '/offer_id')
}

/** What an offer put since a part was staged leaves no room for. */
function lateFault({ shelf }: OfferLedger, staged: Staged, now: number): ErrorReply | null {
  let i = 0
  for (const { offer } of staged.offers.values()) {
    const fault = windowFault([shelf], offer, now)
    if (fault !== null) return { ...fault, message: `offer ${i} of the batch: ${fault.message}` }
    i++
  }
  return null
}

/** A fault of an offer by its place: in the caller's request, and in the batch. */
function placed(fault: ErrorReply, { request, from }: Turn, i: number): ErrorReply {
  const path = `/offers/${request.skipped + i}${fault.path ?? ''}`
  const message = `${path}: ${fault.message.replace(/^\/[^:]*: /, '')} (offer ${from + i} of batch ${request.batch_id}, from 0)`
  return errorReply(fault.code, message, path)
}

function outOfTurn(batch: string, count: number): ErrorReply {
  const message = `/from: ${count} offers of batch ${batch} are staged: go on from there, or begin anew from 0`
  return errorReply('INVALID', message, '/from')
}

function conflict(batch: string): ErrorReply {
  const message = `/batch_id: batch ${batch} came into force with other offers: choose another id`
  return errorReply('REQUEST_CONFLICT', message, '/batch_id')
}

/** A refusal that takes with it what was staged of the batch. */
function dropped(batch_id: string, known: Staged | undefined, why: ErrorReply): OfferDecision {
  const reply = { ...why, message: `${why.message}; nothing of the batch is in force` }
  if (known === undefined) return answer(reply)
  return { happenings: [{ type: 'offer.dropped', batch_id, reason: 'refused' }], reply }
}

function answer(reply: OfferDecision['reply']): OfferDecision {
  return { happenings: [], reply }
}
