// Caps against a counter that knows no shortcut: it asks for every attempt whether it counts.

import assert from 'node:assert/strict'
import { Calendar } from '../../actors/policy/calendar.ts'
import { type AttemptHistory, judge, rulesOf } from '../../actors/policy/caps.ts'
import type { AttemptRules } from '../../actors/protocol/contact.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('caps')
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Monday, 11:30 in India. */
const T0 = Date.parse('2026-01-05T06:00:00Z')
const INDIA = new Calendar([], 'Asia/Kolkata')

function history(attempts: number[], conversedAt: number | null = null): AttemptHistory {
  return { attempts: [...attempts].sort((a, b) => a - b), conversedAt }
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** The date a wall clock shows. */
function dateOf(zone: string, at: number): string {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-CA', { timeZone: zone })
  formats.set(zone, format)
  return format.format(at)
}

/** Whole days between two dates as a wall clock shows them. */
function daysBetween(zone: string, from: number, to: number): number {
  return Math.round((Date.parse(dateOf(zone, to)) - Date.parse(dateOf(zone, from))) / DAY)
}

/** Whether a call may be made at `at`, by counting. */
function mayCall(
  { attempts, conversedAt }: AttemptHistory,
  rules: AttemptRules,
  at: number,
  zone: string,
) {
  const { max_per_day, max_per_7d, cooldown_h, conversation } = rules
  const today = attempts.filter((other) => dateOf(zone, other) === dateOf(zone, at)).length
  const week = attempts.filter((other) => other > at - 168 * HOUR).length
  const warm = attempts.some((other) => at < other + (cooldown_h ?? 0) * HOUR)
  const silent = conversedAt !== null && daysBetween(zone, conversedAt, at) < 7
  return !(
    today >= (max_per_day ?? Number.POSITIVE_INFINITY) ||
    week >= (max_per_7d ?? Number.POSITIVE_INFINITY) ||
    warm ||
    (conversation === true && silent)
  )
}

const ages = fc.array(fc.integer({ min: 0, max: 9 * DAY }), { maxLength: 12 })
const someRules = fc.record(
  {
    max_per_day: fc.integer({ min: 1, max: 4 }),
    max_per_7d: fc.integer({ min: 1, max: 8 }),
    cooldown_h: fc.double({ min: 0.01, max: 200, noNaN: true }),
    conversation: fc.constant(true as const),
  },
  { requiredKeys: [] },
)
/** Some hours around clock changes, and a zone that skips midnight. */
const instants = fc.integer({ min: 0, max: 400 * DAY }).map((ms) => T0 - 300 * DAY + ms)
const zones = fc.constantFrom('Asia/Kolkata', 'America/New_York', 'America/Santiago', 'UTC')

test('property: judges as a count of every attempt does, and allows at its instant and not before', () => {
  fc.assert(
    fc.property(
      instants,
      zones,
      ages,
      fc.option(fc.integer({ min: 0, max: 9 * DAY })),
      someRules,
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 6 }),
      (now, zone, old, talked, rules, parts) => {
        const known = history(
          old.map((age) => now - age),
          talked === null ? null : now - talked,
        )
        const verdict = judge(known, rules, now, new Calendar([], zone))
        assert.equal(verdict.type === 'allowed', mayCall(known, rules, now, zone))
        if (verdict.type === 'allowed') return
        const { until } = verdict
        assert.ok(until > now)
        assert.ok(mayCall(known, rules, until, zone), 'allowed when it says so')
        for (const part of [...parts, 1 - 1e-12]) {
          const before = Math.min(now + part * (until - now), until - 1)
          assert.equal(mayCall(known, rules, before, zone), false, `not at ${before}`)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('N2: the eighth call in seven days is refused, until the first of them is a week old', () => {
  const rules = { max_per_7d: 7 }
  const calls = [167, 140, 120, 90, 70, 40, 3].map((hours) => T0 - hours * HOUR)
  assert.equal(judge(history(calls.slice(1)), rules, T0, INDIA).type, 'allowed')
  assert.deepEqual(judge(history(calls), rules, T0, INDIA), {
    type: 'refused',
    reason: 'capped',
    rule: 'max_per_7d',
    until: T0 + HOUR,
  })
  assert.equal(judge(history(calls), rules, T0 + HOUR, INDIA).type, 'allowed')
})

test('N2: a conversation silences for seven days, its own day being the first', () => {
  const rules = rulesOf({ kind: 'collections', attempts: { max_per_7d: 7 } })
  assert.ok(rules !== null)
  // Spoken to on Monday at 11:30: Sunday is the seventh day, Monday 00:00 in India the end.
  const verdict = judge(history([T0], T0), rules, T0 + HOUR, INDIA)
  assert.deepEqual(verdict, {
    type: 'refused',
    reason: 'cooling',
    rule: 'conversation',
    until: Date.parse('2026-01-12T00:00:00+05:30'),
  })
})

test('a day is the local one, and its cap ends with it', () => {
  const rules = { max_per_day: 2 }
  const [evening, late] = ['2026-01-05T23:00:00+05:30', '2026-01-05T23:30:00+05:30'].map(Date.parse)
  assert.ok(evening !== undefined && late !== undefined)
  const before = judge(history([evening, late]), rules, late + 1, INDIA)
  assert.deepEqual(before, {
    type: 'refused',
    reason: 'capped',
    rule: 'max_per_day',
    until: Date.parse('2026-01-06T00:00:00+05:30'),
  })
  assert.equal(judge(history([evening, late]), rules, late + HOUR, INDIA).type, 'allowed')
})

test('of several rules the one that lasts longest is named', () => {
  const rules = { max_per_day: 1, max_per_7d: 1, cooldown_h: 1 }
  const verdict = judge(history([T0 - HOUR / 2]), rules, T0, INDIA)
  assert.ok(verdict.type === 'refused')
  assert.equal(verdict.rule, 'max_per_7d')
})

test('settings without a limit have no rules, and silence after a talk is for collections only', () => {
  assert.equal(rulesOf({ kind: 'sales', attempts: {} }), null)
  assert.equal(rulesOf({ kind: 'collections', attempts: {} }), null)
  assert.equal(rulesOf({ kind: 'sales', attempts: { cooldown_h: 0 } }), null)
  assert.deepEqual(rulesOf({ kind: 'sales', attempts: { max_per_7d: 7 } }), { max_per_7d: 7 })
  assert.deepEqual(rulesOf({ kind: 'collections', attempts: { max_per_7d: 7, cooldown_h: 4 } }), {
    max_per_7d: 7,
    cooldown_h: 4,
    conversation: true,
  })
})

test.run()
