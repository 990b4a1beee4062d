// History checker: a sound history passes, and each breach planted into it is found. A checker that
// cannot say no is worth nothing.

import assert from 'node:assert/strict'
import type { Event } from '../../actors/protocol/events.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import type { Body, Call, History } from './history.ts'
import { check } from './history-checker.ts'
import type { Told } from './log-story.ts'

const test = suite('history checker')
const PROCESSES = { processes: ['h1', 'g1'] }

/** What one run leaves: to be spoilt by a plant. */
interface Run {
  history: History
  story: Told[]
}

/** Events as a checker reads them: of the fields the engine writes only those that are looked at. */
function told(events: object[]): Told[] {
  return events.map((event, i) => ({ shard: 0, seq: i + 1, event: event as Event }))
}

function call(service: Call['service'], invoked: number, body: Body, reply: Answer): Call {
  const answers = [{ at: invoked + 10, reply }]
  return { client: 'c1', service, body, budgetMs: 800, invoked, answers }
}

const LEAD = { campaign_id: 1, lead_id: 7 }
const OTHER = { campaign_id: 1, lead_id: 8 }

function award(award_id: string, lead: typeof LEAD, until: number): Answer {
  return { type: 'award', award_id, ...lead, lease_until: new Date(until).toISOString() }
}

/** Two leads of one phone: one is called, skipped and called again; the other is suppressed. */
function sound(): Run {
  const leads = [LEAD, OTHER].map(({ campaign_id, lead_id }) => ({
    campaign_id,
    id: lead_id,
    phone: `+91970000000${lead_id}`,
  }))
  const entry = { contact: 800, reason: 's1' }
  const calls = [
    call('lead.ingest', 100, { leads }, { type: 'ingested', rejected: [] }),
    call('lead.next', 200, { request_id: 'r1' }, award('a1', LEAD, 5000)),
    call('lead.next', 250, { request_id: 'r1', retry: true }, award('a1', LEAD, 5000)),
    call('lead.skip', 300, { award_id: 'a1' }, { type: 'skipped' }),
    call('lead.next', 400, { request_id: 'r2' }, award('a2', LEAD, 6000)),
    call(
      'lead.confirm',
      500,
      { award_id: 'a2' },
      {
        type: 'confirmed',
        lease_until: new Date(7000).toISOString(),
      },
    ),
    call('lead.disposition', 600, { award_id: 'a2', code: 'busy' }, { type: 'recorded' }),
    call('lead.attempt', 700, { ...OTHER }, { type: 'attempt', attempt_id: 't1' }),
    call('suppression.add', 800, { phone: '+919700000008', reason: 's1' }, { type: 'suppressed' }),
    call('lead.attempt', 900, { ...OTHER }, { type: 'refused', reason: 'suppressed' }),
  ]
  const story = told([
    { type: 'lead.accepted', ...LEAD },
    { type: 'lead.accepted', ...OTHER },
    { type: 'lead.awarded', ...LEAD, award_id: 'a1', request_id: 'r1' },
    { type: 'lead.skipped', ...LEAD, award_id: 'a1' },
    { type: 'lead.awarded', ...LEAD, award_id: 'a2', request_id: 'r2' },
    { type: 'contact.attempted', ...LEAD, contact: 700, rules: {} },
    { type: 'lead.confirmed', ...LEAD, award_id: 'a2' },
    { type: 'lead.disposed', ...LEAD, award_id: 'a2', code: 'busy', late: false },
    { type: 'contact.attempted', ...OTHER, contact: 800, rules: {} },
    { type: 'lead.attempted', ...OTHER, attempt_id: 't1' },
    { type: 'suppression.added', campaign_id: 0, entry },
  ])
  const faults = [
    { kind: 'kill', target: 'h1', from: 450, healed: 1000, deafens: false },
    { kind: 'kill', target: 'n1', from: 20_000, healed: 21_000, deafens: true },
  ]
  const served = new Map([
    ['h1', 22_000],
    ['g1', 23_000],
  ])
  return { history: { wall: 0, calls, faults, stalls: [], served }, story }
}

/** The n-th call of the sound history. */
function nth({ history }: Run, n: number): Call {
  return history.calls[n] as Call // Plants name calls there are.
}

function without(run: Run, type: string): void {
  run.story = run.story.filter(({ event }) => event.type !== type)
}

function add(run: Run, event: object): void {
  run.story.push(...told([event]))
}

const PLANTS: [what: string, breach: RegExp, plant: (run: Run) => void][] = [
  [
    'an acked lead that is not in the log',
    /^I2: lead 1\/8 was acked and is lost/,
    (run) => run.story.splice(1, 1),
  ],
  [
    'a lead nobody sent',
    /^I2: lead 9\/9 is in the log, and nobody sent it/,
    (run) => add(run, { type: 'lead.accepted', campaign_id: 9, lead_id: 9 }),
  ],
  [
    'a lead accepted twice',
    /^I3: lead 1\/7 was accepted twice/,
    (run) => add(run, { type: 'lead.accepted', ...LEAD }),
  ],
  [
    'an award of a lead that is not in the log',
    /^I2: lead 3\/3 was awarded and never accepted/,
    (run) => {
      add(run, {
        type: 'lead.awarded',
        campaign_id: 3,
        lead_id: 3,
        award_id: 'a3',
        request_id: 'x',
      })
    },
  ],
  [
    'an award that is not in the log',
    /^I6: award a9 of 8 was answered/,
    (run) =>
      run.history.calls.push(
        call('lead.next', 950, { request_id: 'r9' }, award('a9', OTHER, 5000)),
      ),
  ],
  [
    'an award of another lead than the log has',
    /^I6: award a2 of 8 was answered/,
    (run) => Object.assign(nth(run, 4).answers[0] as object, { reply: award('a2', OTHER, 6000) }),
  ],
  ['a lost confirm', /^I6: the confirm of a2/, (run) => without(run, 'lead.confirmed')],
  ['a lost skip', /^I6: the skip of a1/, (run) => without(run, 'lead.skipped')],
  ['a lost outcome', /^I6: outcome a2 busy/, (run) => without(run, 'lead.disposed')],
  ['a lost attempt', /^I6: attempt t1/, (run) => without(run, 'lead.attempted')],
  ['a lost suppression', /^I6: suppression s1/, (run) => without(run, 'suppression.added')],
  [
    'two clients that hold one lead',
    /^I1: lead 1\/7 was a1's and a2's for 4590 ms/,
    (run) => run.history.calls.splice(3, 1),
  ],
  [
    'a confirm that makes a hold longer',
    /^I1: lead 1\/7 was a2's and a4's/,
    (run) => {
      run.history.calls.splice(6, 1)
      run.history.calls.push(call('lead.next', 6500, { request_id: 'r4' }, award('a4', LEAD, 9000)))
    },
  ],
  [
    'a lead awarded in the log while it was held',
    /^I1: lead 1\/7 was awarded to a2 while a1's/,
    (run) => without(run, 'lead.skipped'),
  ],
  [
    'an end that names another award',
    /^I1: lead.lapsed of lead 1\/7 names a1, while it was nobody's/,
    (run) => add(run, { type: 'lead.lapsed', ...LEAD, award_id: 'a1' }),
  ],
  [
    'an attempt allowed after its suppression was acked',
    /^I4: lead.attempt of 1\/8 was allowed after \+919700000008/,
    (run) => {
      Object.assign(nth(run, 9).answers[0] as object, {
        reply: { type: 'attempt', attempt_id: 't1' },
      })
    },
  ],
  [
    'a confirm allowed after its suppression was acked',
    /^I4: lead.confirm of 1\/7 was allowed after 1\/7/,
    (run) => {
      const body = { ...LEAD, reason: 's1' }
      run.history.calls.push(call('suppression.add', 480, body, { type: 'suppressed' }))
    },
  ],
  [
    'a contact that allows an attempt after it was suppressed',
    /^I4: contact of lead 8/,
    (run) => add(run, { type: 'contact.attempted', ...OTHER, contact: 800, rules: {} }),
  ],
  [
    'a request that is given two awards',
    /^I10: request r1 was given a1 and a2/,
    (run) => Object.assign(nth(run, 4), { body: { request_id: 'r1' } }),
  ],
  [
    'a request that had an award and is told there is none',
    /^I10: request r1 had a1, and then no_lead/,
    (run) => Object.assign(nth(run, 2).answers[0] as object, { reply: { type: 'no_lead' } }),
  ],
  [
    'a request that made two awards in the log',
    /^I10: request r1 led to a1 and a7/,
    (run) => add(run, { type: 'lead.awarded', ...OTHER, award_id: 'a7', request_id: 'r1' }),
  ],
  [
    'two answers',
    /^I13: lead.next of c1 at 200 was answered 2 times/,
    (run) => nth(run, 1).answers.push({ at: 230, reply: { type: 'no_lead' } }),
  ],
  [
    'an answer after the budget',
    /^I13: lead.next of c1 at 400 was answered after 2000 ms of 800/,
    (run) => Object.assign(nth(run, 4).answers[0] as object, { at: 2400 }),
  ],
  [
    'no answer at all, while no client was cut off',
    /^I13: lead.next of c1 at 400 was answered after Infinity/,
    (run) => nth(run, 4).answers.pop(),
  ],
  [
    'a process that never served again',
    /^I17: g1 never served again/,
    (run) => run.history.served.delete('g1'),
  ],
  [
    'a process that served too late',
    /^I17: h1 served 39000 ms after the last heal/,
    (run) => run.history.served.set('h1', 60_000),
  ],
]

test('a sound history has no breach, and every check had something to judge', () => {
  const { history, story } = sound()
  const { breaches, seen } = check(history, story, PROCESSES)
  assert.deepEqual(breaches, [])
  const { unanswered, barred, aside, silenceMs, stalledMs, ...counts } = seen
  assert.equal(unanswered, 0)
  assert.equal(barred + aside + stalledMs, 0)
  assert.equal(silenceMs, 150)
  for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, `no ${name}`)
})

test('who is suppressed while its lead is queued may be turned away; nobody else may', () => {
  const run = sound()
  Object.assign(nth(run, 0).answers[0] as object, {
    reply: { type: 'ingested', rejected: [], queued: 2 },
  })
  run.story = run.story.filter(({ event }) => event.type !== 'lead.accepted')
  const { breaches, seen } = check(run.history, run.story, PROCESSES)
  assert.equal(seen.barred, 1)
  assert.ok(breaches.includes('I2: lead 1/7 was acked and is lost'))
  assert.ok(!breaches.includes('I2: lead 1/8 was acked and is lost'))
})

test('what was queued and then set aside is kept; what was taken in is not found there', () => {
  const run = sound()
  run.story = run.story.filter(({ event }) => event.type !== 'lead.accepted')
  const options = { ...PROCESSES, aside: new Set(['1/7']) }
  const reply = { type: 'ingested', rejected: [] } as const
  for (const queued of [0, 2]) {
    Object.assign(nth(run, 0).answers[0] as object, { reply: { ...reply, queued } })
    const { breaches, seen } = check(run.history, run.story, options)
    assert.equal(seen.aside, queued / 2)
    assert.equal(breaches.includes('I2: lead 1/7 was acked and is lost'), queued === 0)
    assert.ok(breaches.includes('I2: lead 1/8 was acked and is lost') || queued > 0)
  }
})

test('what came late for the clients stood still is no breach; what came later than that is', () => {
  const run = sound()
  Object.assign(nth(run, 4).answers[0] as object, { at: 2400 })
  const late = 'I13: lead.next of c1 at 400 was answered after 2000 ms of 800'
  for (const [stall, found] of [
    [{ from: 300, to: 700 }, false],
    [{ from: 300, to: 550 }, true],
    [{ from: 2350, to: 3000 }, true],
  ] as const) {
    run.history.stalls = [stall]
    assert.equal(check(run.history, run.story, PROCESSES).breaches.includes(late), found)
  }
})

test('an award its owner told, and a gateway kept from hearing so, are two answers; nothing else is', () => {
  const late = { at: 930, reply: { type: 'unavailable' } } as const
  const breachesOf = (plant: (run: Run) => void) => {
    const run = sound()
    plant(run)
    return check(run.history, run.story, PROCESSES).breaches
  }
  const twice = ({ history }: Run) => history.calls[1]?.answers.push(late)
  assert.deepEqual(breachesOf(twice), [])
  const withoutFault = breachesOf((run) => {
    twice(run)
    run.history.faults.shift()
  })
  assert.deepEqual(withoutFault, [
    'I13: lead.next of c1 at 200 was answered 2 times: award, unavailable',
  ])
  const thrice = breachesOf((run) => {
    twice(run)
    twice(run)
  })
  assert.match(thrice.join(), /^I13: lead.next of c1 at 200 was answered 3 times/)
})

test('silence is nobody’s fault while a client may be cut off, and an answer after it is kept', () => {
  const { history, story } = sound()
  history.calls.push({ ...call('lead.next', 20_500, {}, { type: 'no_lead' }), answers: [] })
  const { breaches, seen } = check(history, story, PROCESSES)
  assert.deepEqual(breaches, [])
  assert.equal(seen.unanswered, 1)
})

test('where clocks differ, a lease may be told as long as it likes, and a call is held to its report', () => {
  const run = sound()
  const far = new Date(900_000).toISOString()
  Object.assign(nth(run, 1).answers[0]?.reply as object, { lease_until: far })
  run.history.calls.splice(3, 1)
  const options = { ...PROCESSES, falseClocks: true }
  const { breaches, seen } = check(run.history, run.story, options)
  assert.deepEqual(breaches, [])
  assert.equal(seen.holds, 1)
  const confirmed: Answer = { type: 'confirmed', lease_until: far }
  run.history.calls.push(
    call('lead.next', 520, { request_id: 'r5' }, award('a5', LEAD, 7000)),
    call('lead.confirm', 550, { award_id: 'a5' }, confirmed),
  )
  const found = check(run.history, run.story, options).breaches
  assert.ok(found.includes("I1: lead 1/7 was a2's and a5's for 40 ms"), found.join('; '))
})

for (const [what, breach, plant] of PLANTS) {
  test(`planted: ${what}`, () => {
    const run = sound()
    plant(run)
    const { breaches } = check(run.history, run.story, PROCESSES)
    assert.ok(
      breaches.some((found) => breach.test(found)),
      `not found among: ${breaches.join('; ')}`,
    )
  })
}

test.run()
