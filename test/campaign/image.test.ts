import assert from 'node:assert/strict'
import { BIDS_MAX, candidates, conditionsOf } from '../../actors/campaign/bid.ts'
import type { Campaign } from '../../actors/campaign/campaign.ts'
import { CampaignCut } from '../../actors/campaign/campaign-cut.ts'
import { slaDayOf } from '../../actors/campaign/hours.ts'
import { type CampaignImage, type CampaignPart, campaignFrom } from '../../actors/campaign/image.ts'
import type { Candidate } from '../../actors/campaign/lane-queue.ts'
import { isTerminal, reschedulesOf } from '../../actors/campaign/lead-table.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { LeadId } from '../../actors/protocol/ids.ts'
import type { Model } from '../../actors/protocol/model.ts'
import type { Settings } from '../../actors/protocol/settings.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { Desk, iso, MINUTE_MS, T0 } from './desk.ts'
import { HOURS, happen, happening } from './happenings.ts'
import { imageOf, madeOf, partsOf } from './images.ts'

const test = suite('image')

const happenings = fc.array(happening, { minLength: 1, maxLength: 80, size: 'max' })

function played(happens: readonly Parameters<typeof happen>[1][]): Desk {
  const desk = new Desk({ hours: HOURS })
  for (const one of happens) happen(desk, one)
  return desk
}

/** As a snapshot holds it: bytes. */
const bytesOf = (campaign: Campaign) => Buffer.from(pack(imageOf(campaign))).toString('hex')

/** What it would award first, by class and score; which of two equal leads is free. */
function bestOf(campaign: Campaign, now: number) {
  const found = candidates(campaign, BIDS_MAX, now, now, null)
  return found.map(({ rank, score }) => ({ rank, score }))
}

/** What is derived and not in the image; both at the same instant. */
function derived(campaign: Campaign, now: number) {
  // What bids of this second reckoned with and found is remembered, and in no image.
  campaign.paces.clear()
  campaign.shortlists = []
  campaign.queue.wake(now)
  const { awake, asleep, firstCalls } = campaign.queue
  return {
    counts: { awake, asleep, firstCalls },
    depth: new Map([...campaign.depth].filter(([, count]) => count > 0)),
    leases: [...campaign.leases.keys()],
    nextLeaseEnd: campaign.leases.nextEnd(),
    servedAt: campaign.servedAt,
    waitS: campaign.pulls.waitS(100, now),
    sla: campaign.sla.of(slaDayOf(campaign, now)),
    hidden: campaign.hidden,
    nextWake: campaign.queue.nextWake(),
    firstCallsAt: campaign.queue.firstCallsAt(now),
    closed: campaign.queue.closed(now),
    best: bestOf(campaign, now),
    attained: conditionsOf(campaign, now),
  }
}

test('a snapshot from before times to first calls were counted goes on from none', () => {
  const desk = new Desk({ hours: HOURS })
  desk.send(1, { timezone: 'Europe/Berlin' })
  desk.call('not_interested')
  const { tat: _, ...old } = unpack<CampaignImage>(pack(imageOf(desk.campaign)))
  const { sla, leads } = campaignFrom(old)
  assert.equal(sla.tat.counts.reduce((a, b) => a + b) + sla.tat.sumMs, 0)
  assert.deepEqual(sla.days, desk.campaign.sla.days)
  assert.deepEqual(leads.zones(0), { own: 'Europe/Berlin', phone: null })
})

test('I7: queued leads that were turned away are counted, and stay counted', () => {
  const desk = new Desk({ hours: HOURS })
  const about = { campaign_id: desk.campaign.id, at: desk.now, lead_id: 9 as LeadId, queued: 3 }
  assert.equal('rejected' in imageOf(desk.campaign), false)
  desk.emit({ type: 'intake.rejected', ...about, path: '/phone', reason: 'unsubscribed' })
  assert.equal(campaignFrom(imageOf(desk.campaign)).rejected, 1)
  assert.equal(bytesOf(desk.replayed()), bytesOf(desk.campaign))
})

test('I7: the events, applied from zero, give the campaign that decided them', () => {
  fc.assert(
    fc.property(happenings, (happens) => {
      const desk = played(happens)
      const replayed = desk.replayed()
      assert.deepEqual(imageOf(replayed), imageOf(desk.campaign))
      assert.deepEqual(derived(replayed, desk.now), derived(desk.campaign, desk.now))
    }),
    { numRuns: 200 },
  )
})

test('I7: from a snapshot on they give the same, byte for byte', () => {
  fc.assert(
    fc.property(happenings, fc.nat(), (happens, pick) => {
      const desk = played(happens)
      const cut = 1 + (pick % desk.events.length)
      const stored = pack(imageOf(desk.replayed(desk.events.slice(0, cut))))
      const campaign = campaignFrom(unpack<CampaignImage>(stored))
      assert.equal(bytesOf(campaign), Buffer.from(stored).toString('hex'))
      for (const event of desk.events.slice(cut)) campaign.apply(event)
      assert.equal(bytesOf(campaign), bytesOf(desk.campaign))
      assert.deepEqual(derived(campaign, desk.now), derived(desk.campaign, desk.now))
    }),
    { numRuns: 200 },
  )
})

test('Q2, Q3: whatever happened, the order is that of scoring each lead, in a campaign made anew too', () => {
  fc.assert(
    fc.property(happenings, (happens) => {
      const desk = played(happens)
      const { campaign, now } = desk
      const anew = campaignFrom(imageOf(campaign))
      const conditions = conditionsOf(campaign, now)
      const places = [campaign, anew].map(({ queue, leads }) => {
        queue.wake(now)
        const rows = Array.from({ length: leads.size }, (_, row) => row)
        const each = rows
          .filter((row) => queue.isAwake(row) && queue.calendarOf(row).isOpen(now))
          .map((row) => queue.candidate(row, conditions))
          .sort((a, b) => b.rank - a.rank || b.score - a.score)
        const place = ({ rank, score }: Candidate) => [rank, score]
        const best = queue.best(leads.size, now, conditions).map(place)
        assert.deepEqual(best, each.map(place))
        return best
      })
      assert.deepEqual(places[0], places[1])
    }),
    { numRuns: 150 },
  )
})

test('I7, Q4: from its parts, put in places some at a time, it is the campaign they were read of', () => {
  fc.assert(
    fc.property(happenings, fc.integer({ min: 1, max: 9 }), (happens, rows) => {
      const desk = played(happens)
      const parts = partsOf(desk.campaign)
      const campaign = madeOf(parts, rows)
      assert.deepEqual(partsOf(campaign), parts)
      assert.deepEqual(derived(campaign, desk.now), derived(desk.campaign, desk.now))
    }),
    { numRuns: 100 },
  )
})

test('IM1: the parts of a cut show the campaign as it was, whatever happens while they are read', () => {
  const between = fc.array(fc.array(happening, { maxLength: 5 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(happenings, between, (before, after) => {
      const desk = played(before)
      const expected = partsOf(desk.campaign)
      const cut = new CampaignCut(desk.campaign)
      const reading = cut.parts()
      const parts: CampaignPart[] = []
      for (const happens of after) {
        for (const one of happens) happen(desk, one)
        const { value, done } = reading.next()
        if (!done) parts.push(unpack(pack(value)))
      }
      for (const part of reading) parts.push(unpack(pack(part)))
      cut.close()
      assert.deepEqual(parts, expected)
    }),
    { numRuns: 150 },
  )
})

test('an image is a copy: what happens later is not in it', () => {
  fc.assert(
    fc.property(happenings, happenings, (before, after) => {
      const desk = played(before)
      const image = imageOf(desk.campaign)
      const then = Buffer.from(pack(image)).toString('hex')
      const copy = campaignFrom(image)
      for (const one of after) happen(desk, one)
      assert.equal(Buffer.from(pack(image)).toString('hex'), then)
      assert.equal(bytesOf(copy), then)
    }),
    { numRuns: 60 },
  )
})

test('Q1, I1: whatever happens, each lead is in one place, and within its reschedules', () => {
  fc.assert(
    fc.property(happenings, (happens) => {
      const desk = new Desk({ hours: HOURS })
      let max = desk.campaign.settings.reschedule.max
      for (const one of happens) {
        happen(desk, one)
        const { campaign } = desk
        max = Math.max(max, campaign.settings.reschedule.max)
        const { leads, queue, leases, depth } = campaign
        const configs = [...leads.columns.config.subarray(0, leads.size)]
        const over = configs.filter(
          (_, row) => campaign.isClosed(row) || campaign.stateOf(row) === 'held',
        ).length
        assert.equal(queue.awake + queue.asleep + leases.size + over, leads.size)
        assert.equal(
          [...depth.values()].reduce((sum, count) => sum + count, 0),
          leads.size,
        )
        for (const config of configs) assert.ok(reschedulesOf(config) <= Math.max(1, max))
        for (const { lead_id } of leases.values()) {
          const row = leads.row(lead_id)!
          assert.ok(!queue.isAwake(row) && !isTerminal(configs[row]!), 'held and offered')
        }
      }
    }),
    { numRuns: 100 },
  )
})

test('I8: events are in order of time, and I1: every lease is ended before the next begins', () => {
  fc.assert(
    fc.property(happenings, (happens) => {
      const desk = played(happens)
      const held = new Map<number, string>()
      let at = 0
      for (const event of desk.events) {
        assert.ok(event.at >= at)
        at = event.at
        if (!('award_id' in event) || event.award_id === null || event.type === 'lead.noted')
          continue
        const open = held.get(event.lead_id)
        if (event.type === 'lead.awarded') {
          assert.equal(open, undefined)
          held.set(event.lead_id, event.award_id)
          continue
        }
        const late = event.type === 'lead.disposed' && event.late
        assert.equal(open, late ? undefined : event.award_id)
        if (event.type !== 'lead.confirmed' && event.type !== 'lead.extended') {
          held.delete(event.lead_id)
        }
      }
    }),
    { numRuns: 100 },
  )
})

test('what was learnt, what is owed and how punctual it was go through a snapshot', () => {
  const desk = new Desk({ hours: HOURS, stale_share: 0.25, weights: { city: { Pune: 1 } } })
  for (let id = 1; id <= 5; id++) desk.send(id, { city: 'Delhi' })
  const city: Model['weights'][string] = { Delhi: [900_000, 412] }
  desk.adopt({ ...PRIOR_MODEL, weights: { city } })
  desk.call('no_answer')
  const image = unpack<CampaignImage>(pack(imageOf(desk.campaign)))
  assert.deepEqual([image.model?.version, image.adoptedAt], [1, desk.now])
  assert.deepEqual(image.punctuality, [{ bucket: Math.floor(T0 / 300_000), leads: 5, onTime: 1 }])
  assert.equal(image.owes_stale, 250_000)
  const campaign = campaignFrom(image)
  assert.deepEqual(campaign.learnt.model, desk.campaign.learnt.model)
  assert.equal(campaign.adoptedAt, desk.now)
  assert.deepEqual(derived(campaign, desk.now), derived(desk.campaign, desk.now))
  assert.notDeepEqual(bestOf(campaign, desk.now), bestOf(without(image, 'model'), desk.now))
})

/** The campaign of an image that lacks some of its parts. */
function without(image: CampaignImage, ...parts: (keyof CampaignImage)[]): Campaign {
  const left = Object.entries(image).filter(([name]) => !parts.includes(name as never))
  return campaignFrom(Object.fromEntries(left) as never) // What is absent is what this is about.
}

test('a snapshot from before anything was learnt begins with the prior, and its log goes on', () => {
  fc.assert(
    fc.property(happenings, happenings, (before, after) => {
      const desk = played(before)
      const image = unpack<CampaignImage>(pack(imageOf(desk.campaign)))
      const old = without(image, 'model', 'adoptedAt', 'punctuality', 'tat', 'owes_stale', 'own')
      assert.deepEqual(old.learnt.model, PRIOR_MODEL)
      assert.deepEqual([old.adoptedAt, old.punctuality.recent, old.floors.stale], [null, [], 0])
      const cut = desk.events.length
      for (const one of after) happen(desk, one)
      for (const event of desk.events.slice(cut)) old.apply(event)
      assert.equal(old.at, desk.campaign.at)
      assert.deepEqual(imageOf(old).leads, imageOf(desk.campaign).leads)
    }),
    { numRuns: 60 },
  )
})

test('settings of an older build, that lack what came since, count as if nobody had set it', () => {
  const desk = new Desk({ hours: HOURS, reschedule: { max: 2 } })
  for (let id = 1; id <= 3; id++) desk.send(id, { created_at: iso(T0 - id * MINUTE_MS) })
  desk.call('no_answer')
  const { index: _, min_share: __, reschedule, ...rest } = desk.campaign.settings
  const { stale_on: ___, ...window } = reschedule
  const settings = { ...rest, reschedule: window } as Settings // As version 0.1 wrote them.
  const old = desk.events.map((event) =>
    event.type === 'campaign.put' ? { ...event, settings } : event,
  )
  const replayed = desk.replayed(old)
  const restored = campaignFrom({ ...imageOf(desk.campaign), settings })
  for (const campaign of [replayed, restored]) {
    assert.deepEqual(imageOf(campaign), imageOf(desk.campaign))
    assert.deepEqual(derived(campaign, desk.now), derived(desk.campaign, desk.now))
  }
})

test('a snapshot of an older build, that lacks a column, starts it at zero', () => {
  const desk = new Desk()
  desk.send(1)
  const image = imageOf(desk.campaign)
  const { busyCount: _, ...columns } = image.leads.columns
  const campaign = campaignFrom({ ...image, leads: { ...image.leads, columns } })
  assert.deepEqual(imageOf(campaign), image)
})

test('LC1: leases of more than one part are as they were at the cut, whatever became of them', () => {
  const desk = new Desk({ hours: HOURS })
  const count = 600
  for (let id = 1; id <= count; id++) desk.send(id, {})
  const awards = Array.from({ length: count }, () => desk.award())
  const before = bytesOf(desk.campaign)
  const cut = new CampaignCut(desk.campaign)
  const [first, second] = awards
  desk.now += MINUTE_MS / 4
  desk.confirm(first?.award_id ?? '')
  desk.confirm(second?.award_id ?? '')
  const parts: CampaignPart[] = []
  for (const part of cut.parts()) parts.push(unpack<CampaignPart>(pack(part)))
  cut.close()
  const lists = parts.filter((part) => part.type === 'list' && part.list === 'leases')
  assert.ok(lists.length > 1, `${lists.length} parts of leases`)
  const made = madeOf(parts)
  assert.equal(made.leases.size, count)
  assert.equal(bytesOf(made), before)
  assert.notEqual(bytesOf(desk.campaign), before)
})

test.run()
