// Bugs: what is planted into the engine, one at a time, to see that the checks can say no.
// How, is in planting.ts (BG1).

import { JetStreamApiError } from '@nats-io/jetstream'
import { errors } from 'nats'
import { Suppressions } from '../../actors/campaign/suppressions.ts'
import { Calendar } from '../../actors/policy/calendar.ts'
import { underJurisdiction } from '../../actors/policy/jurisdictions.ts'
import type { Event } from '../../actors/protocol/events.ts'
import type { CampaignId } from '../../actors/protocol/ids.ts'
import { decodeRecord } from '../../actors/protocol/record.ts'
import { Hosts } from '../../actors/runtime/hosts.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { Shard } from '../../actors/shard/shard.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { SuppressionDesk } from '../../actors/shard/suppression-desk.ts'
import { Auction } from '../../gateway/auction/auction.ts'
import { Pending } from '../../gateway/auction/pending.ts'
import { tradeBugs } from './bugs-trades.ts'
import { appending, lastOf, method, unfenced } from './planting.ts'
import { WRONG_LAST_SEQUENCE } from './sim-log.ts'
import type { Bug, KnownBug } from './world.ts'

const CLOSING = new Set<Event['type']>(['lead.lapsed', 'lead.skipped', 'lead.disposed'])

/** As the simulation numbers them. */
const EVERY_CAMPAIGN = [10, 11, 12] as CampaignId[]

/** Of a bug nobody said how it is found. */
const NEVER = /(?!)/

/** What must find each: not just anything that goes wrong. */
const CAUGHT: Readonly<Record<string, RegExp>> = {
  'no fence': /^I(1|9|15): /,
  'unfenced release': /^I(9|15): /,
  'fence refreshed without deciding anew': /^I(9|15): /,
  'timeout taken for success': /^I(6|15): /,
  'reply before ack': /^I6: /,
  'suppression cached 5 s': /^I4: /,
  'suppressions not heard': /^I4: /,
  'naive zone': /^I5: /,
  'leases past closing time': /^I5: /,
  'requests remembered for a second': /^I10: /,
  'campaigns nobody asked for': /^I12: /,
  'events applied twice': /^I7: /,
  'a hash with the time in it': /^I7: /,
  'snapshot without sequence check': /^I7: /,
  'no_lead on timeout': /^I13: /,
  'deadline by the wrong clock': /^I17: /,
  'ack before apply': /^I2: /,
}

const engineBugs: Bug[] = [
  appending('no fence', (publish, _, subject, data, options) =>
    publish(subject, data, unfenced(options)),
  ),
  appending('unfenced release', (publish, _, subject, data, options) => {
    const { events, claim } = decodeRecord(data)
    const release = claim === undefined && events.every(({ type }) => CLOSING.has(type))
    return publish(subject, data, release ? unfenced(options) : options)
  }),
  appending(
    'fence refreshed without deciding anew',
    async (publish, world, subject, data, options) => {
      try {
        return await publish(subject, data, options)
      } catch (error) {
        if (!(error instanceof JetStreamApiError) || error.code !== WRONG_LAST_SEQUENCE) throw error
        const expect = { lastSubjectSequence: lastOf(world, subject) }
        return await publish(subject, data, { ...options, expect })
      }
    },
  ),
  appending('timeout taken for success', async (publish, world, subject, data, options) => {
    try {
      return await publish(subject, data, options)
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error
      return { seq: lastOf(world, subject), duplicate: false, stream: 'EVENTS' }
    }
  }),
  {
    name: 'reply before ack',
    plant: () => {
      const { durable, fate } = Shard.prototype
      Object.assign(Shard.prototype, { durable: async () => {}, fate: async () => 'durable' })
      return () => Object.assign(Shard.prototype, { durable, fate })
    },
  },
  method(
    'suppression cached 5 s',
    Suppressions.prototype,
    'standing',
    (real) =>
      function (this: Suppressions, contact, customer) {
        const found = real.call(this, contact, customer)
        return found !== null && Date.now() - found.at < 5000 ? null : found
      },
  ),
  method('suppressions not heard', SuppressionDesk.prototype, 'hear', () => () => false),
  {
    name: 'naive zone',
    desk: { narrow: (settings) => underJurisdiction({ ...settings, timezone: 'UTC' }) },
  },
  method(
    'leases past closing time',
    Calendar.prototype,
    'closesAt',
    () => () => Number.POSITIVE_INFINITY,
  ),
  method(
    'requests remembered for a second',
    ShardState.prototype,
    'apply',
    (real) =>
      function (this: ShardState, event) {
        const row = real.call(this, event)
        for (const [id, { at }] of this.requests) if (at < event.at - 1000) this.requests.delete(id)
        return row
      },
  ),
  method(
    'campaigns nobody asked for',
    Auction.prototype,
    'next',
    (real) =>
      function (this: Auction, request, ...rest) {
        return real.call(this, { ...request, campaigns: EVERY_CAMPAIGN }, ...rest)
      },
  ),
  method(
    'events applied twice',
    ShardState.prototype,
    'fold',
    (real) =>
      function (this: ShardState, stored) {
        const record = real.call(this, stored)
        if (Math.random() < 0.02) for (const event of record.events) this.apply(event)
        return record
      },
  ),
  method(
    'a hash with the time in it',
    ShardState.prototype,
    'hash',
    (real) =>
      function (this: ShardState) {
        return `${real.call(this)} ${performance.now()}`
      },
  ),
  method(
    'snapshot without sequence check',
    SnapshotStore.prototype,
    'load',
    (real) =>
      async function (this: SnapshotStore, shard, seq) {
        const state = await real.call(this, shard, seq)
        return state === null ? null : Object.assign(state, { seq: state.seq + 3 })
      },
  ),
  {
    name: 'no_lead on timeout',
    plant: () => {
      const { unavailable } = Pending.prototype
      const noLead = function (this: Pending) {
        return this.noLead(Date.now())
      }
      Object.assign(Pending.prototype, { unavailable: noLead })
      return () => Object.assign(Pending.prototype, { unavailable })
    },
  },
  method('deadline by the wrong clock', Hosts.prototype, 'aheadMs', () => () => 0),
  { name: 'ack before apply', link: (link) => ({ ...link, js: ackingEarly(link.js) }) },
]

export const BUGS: readonly KnownBug[] = [
  ...engineBugs.map((bug) => ({ ...bug, caught: CAUGHT[bug.name] ?? NEVER })),
  ...tradeBugs,
]

type Consumers = Link['js']['consumers']

/** Acknowledges what it fetches before anybody has seen it. */
function ackingEarly(js: Link['js']): Link['js'] {
  const get = async (...args: Parameters<Consumers['get']>) => {
    const consumer = await js.consumers.get(...args)
    if (typeof args[1] !== 'string') return consumer
    const fetch = async (options: Parameters<typeof consumer.fetch>[0]) => {
      const messages = await consumer.fetch(options)
      return (async function* () {
        for await (const message of messages) {
          message.ack()
          yield { ...message, ack: () => {} }
        }
      })()
    }
    return { ...consumer, fetch }
  }
  // The simulated client is a plain object of these parts.
  return { ...js, consumers: { get } } as unknown as Link['js']
}
