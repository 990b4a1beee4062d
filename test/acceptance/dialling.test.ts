// B2, B3, B4, B8 on a running engine: a pooled list is dialled as agents come free, an allocated one
// by its agents, and both through the same port.

import assert from 'node:assert/strict'
import { type Chances, SimulatedDialer } from '../../actors/jobs/dialling/simulated-dialer.ts'
import type { DialCommand } from '../../actors/protocol/dialling.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { createLog } from '../../actors/runtime/log.ts'
import type { Answer } from '../support/cluster.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { Engine, iso } from './engine.ts'

const test = suite('acceptance: dialling', { deadlineMs: 120_000 })
const SLOW = { deadlineMs: 60_000, pollMs: 50 }
const silent = createLog({ role: 'test' }, 'silent')
const HDFC = 55
const ICICI = 56
/** Three in ten answer; what rings and what is said is short, so that a test sees many of both. */
const BRISK: Chances = {
  seed: 1,
  answered: 0.3,
  busy: 0.1,
  machine: 0.1,
  failed: 0.05,
  ringMs: 600,
  talkMs: 400,
}
const DIALLED = { kind: 'collections', mode: 'pooled', dialling: { enabled: true } }

let engine: Engine
test.before(async () => {
  engine = await Engine.start({ workers: 1 })
})
test.after(async () => {
  await engine[Symbol.asyncDispose]()
})

/** Everything a dialer was asked, by subject, and the most lines it had. */
class Exchange implements Disposable {
  readonly dialer: SimulatedDialer
  readonly dialled: DialCommand[] = []
  /** Subjects somebody published on for a dialer. */
  readonly subjects = new Set<string>()
  readonly heard: { call_id: string; event: string }[] = []
  linesMax = 0
  readonly #taps: { unsubscribe(): void }[]

  constructor(chances: Chances) {
    const { nc } = engine.cluster
    const onDial = (command: DialCommand) => {
      this.dialled.push(command)
      this.linesMax = Math.max(this.linesMax, this.dialer.calls + 1)
    }
    this.#taps = [
      nc.subscribe('dialer.*', { callback: (_, msg) => void this.subjects.add(msg.subject) }),
      nc.subscribe('dialer.event', { callback: (_, msg) => void this.heard.push(msg.json()) }),
    ]
    this.dialer = new SimulatedDialer({ nc, clock: systemClock(), log: silent, chances, onDial })
  }

  events(call_id: string): string[] {
    return this.heard.filter((told) => told.call_id === call_id).map(({ event }) => event)
  }

  [Symbol.dispose](): void {
    for (const tap of this.#taps) tap.unsubscribe()
    this.dialer.stop()
  }
}

/** Agents' apps: say who is idle, take what is given, and dispose it when the call is over. */
class Agents implements Disposable {
  readonly calls: { call_id: string; contractor_id: number }[] = []
  readonly #ids: readonly number[]
  readonly #taps: { unsubscribe(): void }[]
  #home = false

  constructor(ids: readonly number[]) {
    this.#ids = ids
    const { nc } = engine.cluster
    this.#taps = [
      nc.subscribe('agent.*.call', {
        callback: (_, msg) => {
          const call = msg.json<{ call_id: string; contractor_id: number }>()
          if (!this.#ids.includes(call.contractor_id)) return
          this.calls.push(call)
          void this.say(call.contractor_id, 'busy')
        },
      }),
      nc.subscribe('dialer.event', {
        callback: (_, msg) => {
          const { call_id, event } = msg.json<{ call_id: string; event: string }>()
          const call = this.calls.find((taken) => taken.call_id === call_id)
          if (event === 'ended' && call !== undefined) void this.#wrapUp(call)
        },
      }),
    ]
  }

  async tag(tags: object): Promise<void> {
    for (const contractor_id of this.#ids) {
      const answer = await engine.call('agent.put', { contractor_id, role: 'agent', tags })
      assert.equal(answer.type, 'agent', JSON.stringify(answer))
    }
  }

  async begin(): Promise<void> {
    for (const id of this.#ids) await this.say(id, 'idle')
  }

  /** Who has a call finishes it, and is gone. */
  async goHome(): Promise<void> {
    this.#home = true
    for (const id of this.#ids) await this.say(id, 'off')
  }

  async say(contractor_id: number, status: string): Promise<void> {
    const answer = await engine.call('agent.presence', { contractor_id, status })
    assert.equal(answer.type, 'presence', JSON.stringify(answer))
  }

  async #wrapUp({ call_id: award_id, contractor_id }: Agents['calls'][number]): Promise<void> {
    await engine.call('lead.disposition', { award_id, code: 'NI', contractor_id })
    if (!this.#home) await this.say(contractor_id, 'idle')
  }

  [Symbol.dispose](): void {
    for (const tap of this.#taps) tap.unsubscribe()
  }
}

/** A list as a bank sends it. */
function list(campaign: number, rows: number): string {
  const header = 'id,customer_id,campaign_id,lead_type,created_at,phone,account_no,amount_due'
  const lines = Array.from({ length: rows }, (_, i) => {
    const phone = `+9198${String(campaign * 100_000 + i).padStart(8, '0')}`
    const created = iso(engine.now() - i * 1000)
    return [i + 1, HDFC, campaign, 'Live', created, phone, `LN${campaign}-${i}`, 250_000].join(',')
  })
  return [header, ...lines].join('\n')
}

async function upload(campaign: number, rows: number): Promise<void> {
  const headers = { 'content-type': 'text/csv' }
  const { status, body } = await engine.http('POST', '/api/imports', {
    headers,
    body: list(campaign, rows),
  })
  assert.equal(status, 202, JSON.stringify(body))
  const job = await until(
    async () => {
      const { body: told } = await engine.http('GET', `/api/imports/${body.job_id}`)
      return (told.status === 'ready' || told.status === 'failed') && told
    },
    'the list to be in',
    SLOW,
  )
  assert.equal(job.accepted, rows, JSON.stringify(job))
}

async function floorOf(campaign_id: number): Promise<Answer | undefined> {
  const answer = await engine.call('dialer.show', { campaign_id })
  return answer.type === 'dialling' ? answer.campaigns[0] : undefined
}

const timeline = async (campaign: number, lead: number): Promise<Answer[]> =>
  (await engine.show(campaign, lead)).timeline.toReversed()

test('B2: a list of 500 uploaded to a pooled campaign is dialled for ten tagged agents, on at most 20 lines', async () => {
  using exchange = new Exchange(BRISK)
  using agents = new Agents([101, 102, 103, 104, 105, 106, 107, 108, 109, 110])
  await engine.put(21, DIALLED)
  await agents.tag({ customer_ids: [HDFC] })
  await upload(21, 500)
  assert.equal(exchange.dialled.length, 0, 'nobody is at work yet')
  await agents.begin()
  await until(() => exchange.dialled.length >= 120, '120 calls', SLOW)
  const floor = await floorOf(21)
  assert.deepEqual([floor?.agents, floor?.ceiling], [10, 20])
  // B3
  assert.ok(exchange.linesMax <= 20, `${exchange.linesMax} lines`)
  assert.ok(exchange.linesMax > 10, `${exchange.linesMax} lines`)
  assert.ok(agents.calls.length >= 10, `${agents.calls.length} calls were taken`)
  const [first] = exchange.dialled
  assert.ok(first !== undefined && first.contractor_id === null && first.mode === 'pooled')
  const leads = exchange.dialled.map(({ lead_id }) => lead_id)
  assert.equal(new Set(leads).size, leads.length, 'nobody is called twice at once')
  await agents.goHome()
  await until(async () => (await floorOf(21))?.lines === 0, 'the lines to be free', SLOW)
  await everyCallIsDisposed(21, exchange, agents)
})

/** What the dialer told, and what the agents said, is what stands in the log. */
async function everyCallIsDisposed(campaign: number, exchange: Exchange, agents: Agents) {
  const taken = new Set(agents.calls.map(({ call_id }) => call_id))
  const codes = { no_answer: 'RNR', busy: 'BUSY', machine: 'VM', failed: 'FAIL' }
  const expected = (call: string) => {
    if (taken.has(call)) return 'NI'
    const events = exchange.events(call)
    const code = Object.entries(codes).find(([event]) => events.includes(event))?.[1]
    return code ?? 'FAIL'
  }
  for (const { call_id, lead_id } of exchange.dialled.slice(0, 60)) {
    const events = await until(async () => {
      const told = await timeline(campaign, lead_id)
      return told.some(({ type }) => String(type) === 'lead.disposed') && told
    }, `lead ${lead_id} to be disposed`)
    const types = events.map(({ type }) => String(type))
    assert.deepEqual(types.slice(0, 4), [
      'lead.accepted',
      'lead.awarded',
      'lead.confirmed',
      'lead.disposed',
    ])
    assert.equal(events[1]?.award_id, call_id)
    assert.equal(events[1]?.contractor_id, undefined, 'nobody was given the lead')
    assert.equal(events[3]?.as.code, expected(call_id), JSON.stringify(events[3]))
  }
}

test('B4: five of ten agents lose their tag while dialling: the ceiling is 10, and live calls are kept', async () => {
  using exchange = new Exchange({ ...BRISK, answered: 0.5, ringMs: 3000, talkMs: 600_000 })
  using agents = new Agents([201, 202, 203, 204, 205, 206, 207, 208, 209, 210])
  await engine.put(22, { ...DIALLED, cycle: '2026-01' })
  await agents.tag({ customer_ids: [HDFC], cycles: ['2026-01'] })
  await upload(22, 200)
  await agents.begin()
  await until(async () => ((await floorOf(22))?.live ?? 0) >= 6, 'six to talk', SLOW)
  for (const contractor_id of [201, 202, 203, 204, 205]) {
    const answer = await engine.call('agent.put', {
      contractor_id,
      tags: { customer_ids: [ICICI] },
    })
    assert.equal(answer.type, 'agent', JSON.stringify(answer))
  }
  const floor = await until(async () => {
    const shown = await floorOf(22)
    return shown?.agents === 5 && shown
  }, 'the tags to be gone')
  assert.equal(floor.ceiling, 10)
  assert.ok(floor.live >= 6, JSON.stringify(floor))
  for (const { call_id } of agents.calls) {
    assert.deepEqual(exchange.events(call_id), ['ringing', 'answered'], 'no live call was ended')
  }
  await until(async () => ((await floorOf(22))?.lines ?? 99) <= 10, 'at most ten lines', SLOW)
  await agents.goHome()
})

test('B8: pooled and allocated calls are the same command to the same dialer, and the same events', async () => {
  using exchange = new Exchange({ ...BRISK, answered: 0, busy: 0, machine: 0, failed: 0 })
  using agents = new Agents([301])
  await engine.put(23, { ...DIALLED, cycle: 'b8' })
  await engine.put(24, { kind: 'collections', mode: 'allocated' })
  await agents.tag({ cycles: ['b8'] })
  await upload(23, 1)
  await upload(24, 1)
  await engine.call('allocation.put', { campaign_id: 24, lead_ids: [1], contractor_ids: [302] })
  await agents.begin()
  await until(() => exchange.dialled.length === 1, 'the pooled call', SLOW)
  await until(async () => (await floorOf(23))?.lines === 0, 'the pooled call to end', SLOW)

  const award = await engine.award({ contractor_id: 302, campaign_ids: [24] })
  const placed = await engine.call('call.place', { award_id: award.award_id })
  assert.equal(placed.type, 'placed', JSON.stringify(placed))
  assert.equal(placed.call_id, award.award_id)
  assert.equal((await engine.call('call.place', { award_id: award.award_id })).type, 'placed')
  await until(() => exchange.events(award.award_id).length === 2, 'the allocated call to end')
  await engine.dispose(award, 'RNR')

  const [pooled, allocated] = exchange.dialled
  assert.ok(pooled !== undefined && allocated !== undefined)
  assert.equal(exchange.dialled.length, 2, 'asked twice it is one call')
  assert.deepEqual(Object.keys(pooled).sort(), Object.keys(allocated).sort())
  assert.deepEqual([pooled.contractor_id, allocated.contractor_id], [null, 302])
  assert.deepEqual([pooled.mode, allocated.mode], ['pooled', 'allocated'])
  assert.deepEqual(exchange.events(pooled.call_id), exchange.events(allocated.call_id))
  // `dialer.show` is what this test asks.
  const subjects = [...exchange.subjects].filter((subject) => subject !== 'dialer.show')
  assert.deepEqual(subjects.sort(), ['dialer.dial', 'dialer.event'])
  await sameEvents()
  await agents.goHome()
})

async function sameEvents(): Promise<void> {
  const attempt = async (campaign: number) => {
    const events = await timeline(campaign, 1)
    const of = ['lead.awarded', 'lead.confirmed', 'lead.disposed']
    return events.filter(({ type }) => of.includes(String(type)))
  }
  const shape = (events: Answer[]) => events.map((event) => [event.type, event.as?.code])
  const [pooled, allocated] = [await attempt(23), await attempt(24)]
  assert.equal(pooled.length, 3)
  assert.deepEqual(shape(pooled), shape(allocated))
  // An agent's call says whose it was; one that nobody answered was nobody's.
  const last = (events: Answer[]) => Object.keys({ ...events.at(-1), contractor_id: null }).sort()
  assert.deepEqual(last(pooled), last(allocated))
}

test('a call is placed for an award that is held, and for nothing else', async () => {
  using exchange = new Exchange(BRISK)
  await engine.put(25, { kind: 'collections' })
  await engine.accept([engine.lead(1, 25, { phone: '+919812500001' }), engine.lead(2, 25)])
  const awards = [await engine.award([25]), await engine.award([25])]
  const withPhone = awards.find(({ lead_id }) => Number(lead_id) === 1)
  const without = awards.find(({ lead_id }) => Number(lead_id) === 2)
  const noPhone = await engine.call('call.place', { award_id: without?.award_id })
  assert.deepEqual([noPhone.type, noPhone.code, noPhone.path], ['error', 'NO_PHONE', '/award_id'])
  const place = (award_id: string) =>
    engine.http('POST', '/api/dialer/calls', { body: { award_id } })
  const placed = await place(String(withPhone?.award_id))
  assert.deepEqual([placed.status, placed.body.type], [200, 'placed'])
  await engine.dispose(withPhone as Answer, 'no_answer')
  const late = await engine.call('call.place', { award_id: withPhone?.award_id })
  assert.deepEqual([late.type, late.reason], ['refused', 'closed'])
  const never = await engine.call('call.place', { award_id: 'no-award' })
  assert.deepEqual([never.type, never.reason], ['refused', 'unknown'])
  const wrong = await engine.call('call.place', { award: 'x' })
  assert.deepEqual([wrong.type, wrong.path], ['error', '/award_id'])
  assert.equal(exchange.dialled.length, 1)
})

test.run()
