// Bugs of what is counted: money, units, attempts, time, and what is set aside. Each has a check of its
// own, and it is that check which must find it.

import { Campaign } from '../../actors/campaign/campaign.ts'
import { Contacts } from '../../actors/campaign/contacts.ts'
import { Payments } from '../../actors/campaign/payments.ts'
import { OfferShelf } from '../../actors/collections/offer-shelf.ts'
import type { AttemptAsked } from '../../actors/protocol/contact.ts'
import type { ContractorId } from '../../actors/protocol/ids.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { AwardDesk } from '../../actors/shard/award-desk.ts'
import { method } from './planting.ts'
import type { Publish } from './sim-jetstream.ts'
import type { Bug, KnownBug } from './world.ts'

export const tradeBugs: KnownBug[] = [
  {
    ...method('a payment counts each time', Payments.prototype, 'has', () => () => false),
    caught: /^money: .* is booked twice/,
  },
  {
    ...method(
      'an offer sells more than it has',
      OfferShelf.prototype,
      'best',
      (real) =>
        function (this: OfferShelf, wanted) {
          return real.call(this, wanted, () => Number.POSITIVE_INFINITY)
        },
    ),
    caught: /^oversold: /,
  },
  {
    ...hearing('caps are not judged', (asked) => ({ ...asked, rules: {} })),
    // Mostly by the auditor, who sees what an attempt was judged by: few persons reach a cap here.
    caught: /^I14: /,
  },
  {
    ...hearing('a closed account may be called', ({ suppress: _, ...asked }) => asked),
    caught: /^I4: op .* after the suppression of LN-/,
  },
  {
    ...method('time runs with the clock', Campaign.prototype, 'clock', () => (now) => now),
    caught: /^I8: seq /,
  },
  {
    ...method(
      'the runner-up gets the award',
      AwardDesk.prototype,
      'award',
      (real) =>
        function (this: AwardDesk, order, asOf) {
          const campaign = order.runner_up?.campaign_id
          if (campaign === undefined) return real.call(this, order, asOf)
          const result = real.call(this, { ...order, campaign, reserve: null }, asOf)
          const isElsewhere = 'type' in result && result.type === 'refused'
          return isElsewhere ? real.call(this, order, asOf) : result
        },
    ),
    caught: /^I11: seq .* was given though/,
  },
  {
    ...method(
      'anybody gets what is allocated',
      AwardDesk.prototype,
      'award',
      (real) =>
        function (this: AwardDesk, order, asOf) {
          const contractor = 1 as ContractorId // One there always is.
          return real.call(this, { ...order, contractor }, asOf)
        },
    ),
    caught: /^allocated: op /,
  },
  {
    ...method(
      'a quarantine is forgotten',
      Campaign.prototype,
      'apply',
      (real) =>
        function (this: Campaign, event) {
          return event.type === 'campaign.quarantined' ? -1 : real.call(this, event)
        },
    ),
    caught: /^I16: seq .*, which is quarantined/,
  },
  {
    name: 'poison is thrown away',
    link: (link) => ({ ...link, js: throwingAway(link.js) }),
    caught: /^I16: inbox .* is not set aside/,
  },
]

/** Changes what contacts' actors are asked. */
function hearing(name: string, change: (asked: AttemptAsked) => AttemptAsked): Bug {
  return method(
    name,
    Contacts.prototype,
    'decide',
    (real) =>
      function (this: Contacts, asked, clock) {
        return real.call(this, change(asked), clock)
      },
  )
}

/** Acknowledges what is set aside, and stores it nowhere. */
function throwingAway(js: Link['js']): Link['js'] {
  // The simulated client is a plain object with this method.
  const publish = js.publish as unknown as Publish
  const planted: Publish = (subject, data, options) =>
    subject === 'in.aside'
      ? Promise.resolve({ seq: 0, duplicate: false, stream: 'INBOX' })
      : publish(subject, data, options)
  return { ...js, publish: planted } as unknown as Link['js']
}
