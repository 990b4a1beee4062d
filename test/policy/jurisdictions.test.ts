import assert from 'node:assert/strict'
import { Calendar } from '../../actors/policy/calendar.ts'
import { type AttemptHistory, judge, rulesOf } from '../../actors/policy/caps.ts'
import {
  longestRetention,
  PROFILES,
  retentionMs,
  underJurisdiction,
} from '../../actors/policy/jurisdictions.ts'
import { InputError } from '../../actors/protocol/errors.ts'
import { check, parse } from '../../actors/protocol/schema.ts'
import {
  completed,
  type Hours,
  JURISDICTIONS,
  type JurisdictionId,
  type Settings,
  settingsSchema,
  withZone,
} from '../../actors/protocol/settings.ts'
import { limitsOf } from '../../actors/shard/audit/naive-caps.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('jurisdictions')

const DAILY = [1, 2, 3, 4, 5, 6, 7]
const AROUND_THE_CLOCK = [{ days: DAILY, from: '00:00', to: '24:00' }]
const HOUR = 3_600_000
const DAY = 24 * HOUR
const ids = fc.constantFrom(...JURISDICTIONS)

function put(fields: object): Settings {
  const body = { campaign_id: 4, customer_id: 55, hours: AROUND_THE_CLOCK, ...fields }
  return underJurisdiction(withZone(parse(settingsSchema, body), 'UTC'))
}

/** Calling hours of a campaign under a jurisdiction, for whoever is in the zone. */
function calendarOf(jurisdiction: JurisdictionId, zone: string): Calendar {
  return new Calendar(put({ jurisdiction }).hours, zone)
}

const openAt = (calendar: Calendar, text: string) => calendar.isOpen(Date.parse(text))

test('every document has hours, sources, a term of retention and its own id', () => {
  for (const id of JURISDICTIONS) {
    const profile = PROFILES[id]
    assert.equal(profile.id, id)
    assert.ok(profile.version >= 1 && profile.sources.length > 0 && profile.retention_years >= 3)
    const { hours, attempts } = put({ jurisdiction: id })
    assert.deepEqual(hours, profile.hours)
    assert.deepEqual(attempts, profile.attempts)
  }
})

test('N1: recovery in India: 07:59:59 is closed, 08:00 open, 18:59:59 open, 19:00 closed', () => {
  const calendar = calendarOf('IN-recovery', 'Asia/Kolkata')
  const at = (clock: string) => openAt(calendar, `2026-01-05T${clock}+05:30`)
  assert.deepEqual(['07:59:59', '08:00:00', '18:59:59', '19:00:00'].map(at), [
    false,
    true,
    true,
    false,
  ])
  assert.equal(calendar.closesAt(Date.parse('2026-01-05T18:59:59+05:30')) % HOUR, HOUR / 2)
})

test('N1: sales in India: from 10:00 to 21:00', () => {
  const calendar = calendarOf('IN-sales', 'Asia/Kolkata')
  const at = (clock: string) => openAt(calendar, `2026-01-05T${clock}+05:30`)
  assert.deepEqual(['09:59:59', '10:00:00', '20:59:59', '21:00:00'].map(at), [
    false,
    true,
    true,
    false,
  ])
})

test('N1: in the United States 08:00 to 21:00 by the called party’s clock, before and after it changes', () => {
  for (const id of ['US-RegF', 'US-TCPA'] as const) {
    for (const [zone, winter, summer] of [
      ['America/New_York', '-05:00', '-04:00'],
      ['America/Los_Angeles', '-08:00', '-07:00'],
      ['Pacific/Honolulu', '-10:00', '-10:00'],
    ] as const) {
      const calendar = calendarOf(id, zone)
      // The clocks change on 2026-03-08.
      for (const [day, offset] of [
        ['2026-03-07', winter],
        ['2026-03-08', summer],
      ] as const) {
        const at = (clock: string) => openAt(calendar, `${day}T${clock}${offset}`)
        assert.deepEqual(
          ['07:59:59', '08:00:00', '20:59:59', '21:00:00'].map(at),
          [false, true, true, false],
          `${id} ${zone} ${day}`,
        )
      }
    }
  }
})

test('N2: US-RegF: the eighth call in seven days is refused by max_per_7d until the first is seven days old', () => {
  for (const kind of ['sales', 'collections']) {
    const rules = rulesOf(put({ jurisdiction: 'US-RegF', kind }))
    assert.ok(rules !== null)
    const first = Date.parse('2026-01-05T15:00:00Z')
    const calendar = calendarOf('US-RegF', 'America/New_York')
    const calls = (count: number): AttemptHistory => ({
      attempts: Array.from({ length: count }, (_, i) => first + i * HOUR),
      conversedAt: null,
    })
    const after = (count: number, now: number) => judge(calls(count), rules, now, calendar)
    assert.deepEqual(after(6, first + DAY), { type: 'allowed' })
    assert.deepEqual(after(7, first + 7 * DAY - 1), {
      type: 'refused',
      reason: 'capped',
      rule: 'max_per_7d',
      until: first + 7 * DAY,
    })
    assert.deepEqual(after(7, first + 7 * DAY), { type: 'allowed' })
  }
})

test('N2: US-RegF: after a conversation seven days of silence, its own day being the first, whatever the kind', () => {
  const calendar = calendarOf('US-RegF', 'America/New_York')
  for (const kind of ['sales', 'collections']) {
    const rules = rulesOf(put({ jurisdiction: 'US-RegF', kind }))
    assert.ok(rules !== null)
    // 23:30 on Monday there, which is day 1; Sunday is day 7.
    const conversedAt = Date.parse('2026-01-05T23:30:00-05:00')
    const at = (text: string) =>
      judge({ attempts: [conversedAt], conversedAt }, rules, Date.parse(text), calendar)
    const refused = at('2026-01-11T23:59:59.999-05:00')
    assert.ok(refused.type === 'refused' && refused.rule === 'conversation')
    assert.equal(refused.until, Date.parse('2026-01-12T00:00:00-05:00'))
    assert.deepEqual(at('2026-01-12T00:00:00-05:00'), { type: 'allowed' })
  }
})

test('the engine’s caps and the auditor’s agree on what a jurisdiction asks for', () => {
  for (const jurisdiction of [undefined, ...JURISDICTIONS]) {
    for (const kind of ['sales', 'collections']) {
      const settings = put({ kind, ...(jurisdiction === undefined ? {} : { jurisdiction }) })
      assert.deepEqual(rulesOf(settings) ?? {}, limitsOf(settings))
    }
  }
  assert.deepEqual(rulesOf(put({ attempts: { conversation: true } })), { conversation: true })
})

const clock = fc.integer({ min: 0, max: 96 }).map((quarter) => {
  const two = (part: number) => String(part).padStart(2, '0')
  return `${two(Math.floor(quarter / 4))}:${two((quarter % 4) * 15)}`
})
const span = fc
  .record({
    days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
    a: clock,
    b: clock,
  })
  .filter(({ a, b }) => a !== b)
  .map(({ days, a, b }): Hours => ({ days, from: a < b ? a : b, to: a < b ? b : a }))
const spans = fc.array(span, { minLength: 1, maxLength: 6 })

/** Every quarter of an hour of a week that some span holds, by counting. */
function quartersOf(hours: readonly Hours[]): Set<string> {
  const open = new Set<string>()
  for (const { days, from, to } of hours) {
    const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
    for (const day of days) {
      for (let at = minutes(from); at < minutes(to); at += 15) open.add(`${day} ${at}`)
    }
  }
  return open
}

test('J1: hours are those of both, caps the stricter; nothing is ever widened', () => {
  const attempts = fc.record(
    {
      max_per_day: fc.integer({ min: 1, max: 100 }),
      max_per_7d: fc.integer({ min: 1, max: 700 }),
      cooldown_h: fc.integer({ min: 0, max: 720 }),
      conversation: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(spans, attempts, ids, (hours, own, jurisdiction) => {
      const legal = PROFILES[jurisdiction]
      const both = [...quartersOf(hours)].filter((at) => quartersOf(legal.hours).has(at))
      if (both.length === 0) {
        assert.throws(() => put({ hours, attempts: own, jurisdiction }), InputError)
        return
      }
      const held = put({ hours, attempts: own, jurisdiction })
      assert.deepEqual([...quartersOf(held.hours)].sort(), both.sort())
      for (const { days, from, to } of held.hours) assert.ok(days.length > 0 && from < to)
      const limits = [own, legal.attempts]
      const given = <T>(values: (T | undefined)[]) => values.filter((value) => value !== undefined)
      const { max_per_day, max_per_7d, cooldown_h, conversation } = held.attempts
      const least = (values: (number | undefined)[]) => Math.min(...given(values), Infinity)
      assert.equal(max_per_day ?? Infinity, least(limits.map((of) => of.max_per_day)))
      assert.equal(max_per_7d ?? Infinity, least(limits.map((of) => of.max_per_7d)))
      assert.equal(cooldown_h ?? 0, Math.max(0, ...given(limits.map((of) => of.cooldown_h))))
      assert.equal(
        conversation ?? false,
        limits.some((of) => of.conversation === true),
      )
    }),
  )
})

test('J3: put again as it is shown, nothing changes, whatever version it names', () => {
  fc.assert(
    fc.property(spans, ids, (hours, jurisdiction) => {
      let once: Settings
      try {
        once = put({ hours, jurisdiction })
      } catch (error) {
        assert.ok(error instanceof InputError)
        return
      }
      assert.deepEqual(put(once), once)
      assert.deepEqual(completed(once), once, 'and as a log has it')
      const old = put({ ...once, jurisdiction: { id: jurisdiction, version: 999 } })
      assert.deepEqual(old, once)
    }),
  )
})

test('what is put is told with its version, and settings without a jurisdiction stay as they are', () => {
  assert.deepEqual(put({ jurisdiction: 'IN-recovery' }).jurisdiction, {
    id: 'IN-recovery',
    version: PROFILES['IN-recovery'].version,
  })
  const plain = withZone(parse(settingsSchema, { campaign_id: 4, customer_id: 55 }), 'UTC')
  assert.equal(underJurisdiction(plain), plain)
  assert.ok(!('jurisdiction' in plain))
})

test('hours that never meet the law’s are refused with the field and the cure', () => {
  const night = [{ days: DAILY, from: '21:00', to: '24:00' }]
  assert.throws(
    () => put({ hours: night, jurisdiction: 'US-TCPA' }),
    (error: unknown) =>
      error instanceof InputError &&
      error.path === '/hours' &&
      /08:00-21:00.*US-TCPA.*move them/.test(error.message),
  )
  for (const [wrong, path] of [
    ['FR', '/jurisdiction'],
    [7, '/jurisdiction'],
    [{ id: 'FR' }, '/jurisdiction'],
  ] as const) {
    const result = check(settingsSchema, { campaign_id: 4, customer_id: 55, jurisdiction: wrong })
    assert.ok(!result.ok)
    assert.equal(result.fault.path, path)
    assert.match(result.fault.reason, /one of IN-recovery, IN-sales, US-RegF, US-TCPA/)
  }
})

test('N4: evidence is kept as long as the strictest of the campaigns’ documents asks for', () => {
  assert.equal(longestRetention([]), null)
  assert.equal(longestRetention(['US-RegF'])?.retention_years, 3)
  assert.equal(longestRetention(['US-RegF', 'US-TCPA', 'IN-sales'])?.id, 'US-TCPA')
  const third = Date.parse('2027-01-01T00:00:00Z') - Date.parse('2024-01-01T00:00:00Z')
  assert.ok(retentionMs(PROFILES['US-RegF']) >= third, 'three years, with their leap day')
})

test.run()
