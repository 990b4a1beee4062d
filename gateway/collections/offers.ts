// Offers: every request is the office's to decide, which alone knows what is left. A batch is cut
// into parts that fit its log, and put together again there.

import { setImmediate as breath } from 'node:timers/promises'
import { boundOf, PART_BYTES_MAX } from '../../actors/protocol/offer.ts'
import {
  type BatchRequest,
  checkOffer,
  type OfferAsked,
  parseBatch,
  parseOfferRequest,
  type SingleOfferService,
} from '../../actors/protocol/offers.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import type { Handler, Services } from './service.ts'

/** So many offers are checked at a time: awards must not wait for a large batch. */
const CHECKED_MAX = 200

const asked =
  (service: SingleOfferService): Handler =>
  async ({ body }, ctx) =>
    ctx.office(parseOfferRequest(service, body))

const batch: Handler = async ({ body }, ctx) => {
  const { offers, ...frame } = parseBatch(body)
  const checked: OfferAsked[] = []
  for (const [i, offer] of offers.entries()) {
    const one = checkOffer(offer, `/offers/${i}`)
    if ('reason' in one) {
      // The office hears of it as well: what is staged of the batch is to be dropped.
      return ctx.office({ type: 'offer.batch', ...frame, offers: [], skipped: i, fault: one })
    }
    checked.push(one)
    if (checked.length % CHECKED_MAX === 0) await breath()
  }
  let reply: Reply = ctx.unavailable()
  for (const part of partsOf(checked, frame)) {
    reply = await ctx.office(part)
    if (reply.type !== 'staged') break
  }
  return reply
}

/** A request's offers as the office takes them: each part one event of its log. */
function partsOf(
  offers: readonly OfferAsked[],
  { batch_id, from, more }: Pick<BatchRequest, 'batch_id' | 'from' | 'more'>,
): BatchRequest[] {
  const parts: BatchRequest[] = []
  let skipped = 0
  while (skipped < offers.length) {
    const end = endOfPart(offers, skipped)
    parts.push({
      type: 'offer.batch',
      batch_id,
      from: from === null ? null : from + skipped,
      offers: offers.slice(skipped, end),
      skipped,
      more: more || end < offers.length,
      fault: null,
    })
    skipped = end
  }
  return parts
}

function endOfPart(offers: readonly OfferAsked[], begin: number): number {
  let bytes = 0
  let end = begin
  for (const offer of offers.slice(begin)) {
    bytes += boundOf(offer)
    if (bytes > PART_BYTES_MAX) break
    end++
  }
  return Math.max(end, begin + 1) // One offer always fits.
}

export const services: Services = {
  'offer.put': asked('offer.put'),
  'offer.batch': batch,
  'offer.price': asked('offer.price'),
  'offer.reserve': asked('offer.reserve'),
  'offer.commit': asked('offer.commit'),
  'offer.release': asked('offer.release'),
  'offer.cancel': asked('offer.cancel'),
  'offer.end': asked('offer.end'),
  'offer.list': asked('offer.list'),
}
