// Time checker: a sound log passes, and each breach planted into it is found.

import assert from 'node:assert/strict'
import type { Event } from '../../actors/protocol/events.ts'
import { suite } from '../support/suite.ts'
import type { Told } from './log-story.ts'
import { checkTimes, type Hours } from './time-checker.ts'

const test = suite('time checker')
/** Closes at 18:30 in a zone that is 05:30 ahead. */
const HOURS: Hours = { campaigns: new Set([1]), zone: 330, to: 18 * 60 + 30 }

/** At a time of day, UTC. */
function at(time: string): number {
  return Date.parse(`2026-03-05T${time}Z`)
}

function story(...events: object[]): Told[] {
  const lead = { campaign_id: 1, lead_id: 7 }
  return events.map((event, i) => ({
    shard: 0,
    seq: i + 1,
    event: { ...lead, ...event } as Event, // Of the fields the engine writes, those looked at.
  }))
}

const AWARD = { type: 'lead.awarded', at: at('12:59:00'), lease_until: at('13:00:00') }
const CONFIRM = { type: 'lead.confirmed', at: at('12:59:59.999'), lease_until: at('13:02:00') }
const ELSEWHERE = { ...AWARD, campaign_id: 2, at: at('20:00:00') }

function found(...events: object[]): string[] {
  return [...checkTimes(story(...events), HOURS, { times: 0, calls: 0 })]
}

test('times that rise, inside the hours, are no breach, and were looked at', () => {
  const seen = { times: 0, calls: 0 }
  assert.deepEqual([...checkTimes(story(AWARD, CONFIRM, ELSEWHERE), HOURS, seen)], [])
  assert.deepEqual(seen, { times: 1, calls: 2 })
  assert.deepEqual(found({ ...ELSEWHERE, type: 'contact.attempted' }, ELSEWHERE), [])
})

test('planted: a time before the one before', () => {
  const skipped = { type: 'lead.skipped', at: AWARD.at - 1 }
  assert.match(found(AWARD, skipped)[0] ?? '', /^I8: lead.skipped of lead 1\/7 .* is 1 ms before/)
})

test('planted: an award after closing time', () => {
  const late = { ...AWARD, at: at('13:01:00'), lease_until: at('13:02:00') }
  assert.match(found(late)[0] ?? '', /^I5: lead.awarded of lead 1\/7 .* lies 1 min after closing/)
})

test('planted: a confirm at closing time', () => {
  const late = { ...CONFIRM, at: at('13:00:00') }
  assert.match(found(late)[0] ?? '', /^I5: lead.confirmed of lead 1\/7/)
})

test('planted: a lease beyond closing time', () => {
  const long = { ...AWARD, lease_until: at('13:00:00.001') }
  assert.match(found(long)[0] ?? '', /^I5: .* is a lease beyond closing time/)
})

test.run()
