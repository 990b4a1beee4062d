// The process that dials: one campaign, real NATS, a simulated dialer, and agents who say when they
// are idle.

import assert from 'node:assert/strict'
import { DiallingTurn } from '../../actors/jobs/dialling/dialling-turn.ts'
import { LeadServices } from '../../actors/jobs/dialling/lead-services.ts'
import { RecordStore } from '../../actors/jobs/dialling/record-store.ts'
import { type Chances, SimulatedDialer } from '../../actors/jobs/dialling/simulated-dialer.ts'
import { DIALLING_SHOW, type DialCommand, type FloorShown } from '../../actors/protocol/dialling.ts'
import type { CampaignId, ContractorId } from '../../actors/protocol/ids.ts'
import type { Tags } from '../../actors/protocol/workforce.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { DialerPort } from '../../actors/runtime/dialer-port.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import type { Present } from '../../actors/runtime/presence.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { CAMPAIGN, DiallingEngine, type EngineOptions } from './dialling-engine.ts'

const test = suite('dialling process', { deadlineMs: 60_000 })
const silent = createLog({ role: 'test' }, 'silent')
const SLOW = { deadlineMs: 30_000 }
/** Nobody answers, at once. */
const NOBODY: Chances = {
  seed: 1,
  answered: 0,
  busy: 0,
  machine: 0,
  failed: 0,
  ringMs: 300,
  talkMs: 300,
}
const FOREVER_MS = 600_000
/** Somebody answers, after three quarters of 1.5 s by this seed. */
const SLOWLY: Chances = { ...NOBODY, seed: 5, answered: 1, ringMs: 1500 }

let server: TestServer
let link: Link

test.before.each(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'test', silent)
  await provision(link, config)
})
test.after.each(async () => {
  await link.nc.close()
  await server.stop()
})

interface CallHeard {
  call_id: string
  contractor_id: number
  award: { lead_id: number; lead: { phone: string } }
}

/** The process under test, with its engine, its dialer and its agents. */
class Floor implements AsyncDisposable {
  readonly engine: DiallingEngine
  readonly dialled: DialCommand[] = []
  readonly present = new Map<ContractorId, Present>()
  readonly calls: CallHeard[] = []
  readonly told: { call_id: string; event: string }[] = []
  linesMax = 0
  limits: Tags | undefined
  readonly #saidAt = new Map<ContractorId, number>()
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  dialer: SimulatedDialer | null = null
  readonly #watch: NodeJS.Timeout

  private constructor(engine: EngineOptions, records: RecordStore) {
    this.engine = new DiallingEngine(link.nc, engine)
    const clock = systemClock()
    link.nc.subscribe('agent.*.call', {
      callback: (_, msg) => this.#called(msg.json<CallHeard>()),
    })
    link.nc.subscribe('dialer.event', { callback: (_, msg) => void this.told.push(msg.json()) })
    const turn = new DiallingTurn({
      link,
      clock,
      log: silent,
      leads: new LeadServices(link.nc),
      dialer: new DialerPort(link.nc, silent),
      tell: (subject, message) => link.nc.publish(subject, JSON.stringify(message)),
      records,
      workforce: {
        present: () => this.present,
        ageOf: (id) => performance.now() - (this.#saidAt.get(id) ?? 0),
        limits: () => this.limits,
      },
    })
    this.#running = turn.run(this.#stopping.signal)
    this.#watch = setInterval(() => {
      this.linesMax = Math.max(this.linesMax, this.dialer?.calls ?? 0)
    }, 5)
  }

  static async open(engine: EngineOptions, chances: Chances | null = NOBODY): Promise<Floor> {
    const floor = new Floor(engine, await RecordStore.open(link, silent))
    if (chances !== null) floor.install(chances)
    return floor
  }

  install(chances: Chances): void {
    const onDial = (command: DialCommand) => void this.dialled.push(command)
    this.dialer = new SimulatedDialer({
      nc: link.nc,
      clock: systemClock(),
      log: silent,
      chances,
      onDial,
    })
  }

  say(id: number, status: Present['status']): void {
    const contractor_id = id as ContractorId // As the agent's app would be known.
    this.present.set(contractor_id, {
      contractor_id,
      status,
      campaign_ids: [CAMPAIGN as CampaignId],
    })
    this.#saidAt.set(contractor_id, performance.now())
  }

  /** Agents 1 to n say that they are idle. */
  idle(n: number): void {
    for (let id = 1; id <= n; id++) this.say(id, 'idle')
  }

  leave(id: number): void {
    this.present.delete(id as ContractorId)
  }

  /** An agent's app: busy with the call it was given. */
  #called(call: CallHeard): void {
    this.calls.push(call)
    if (this.present.has(call.contractor_id as ContractorId)) this.say(call.contractor_id, 'busy')
  }

  async shown(): Promise<FloorShown | undefined> {
    const reply = await link.nc.request(DIALLING_SHOW, '{}', { timeout: 2000 })
    return reply.json<{ campaigns: FloorShown[] }>().campaigns[0]
  }

  events(event: string): string[] {
    return this.told.filter((told) => told.event === event).map(({ call_id }) => call_id)
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch)
    this.#stopping.abort()
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    this.dialer?.stop()
    this.engine[Symbol.dispose]()
  }
}

test('B2, B3: ten idle agents: a list is dialled without anybody being given a lead, on at most 20 lines', async () => {
  await using floor = await Floor.open({ leads: 100 })
  floor.idle(10)
  await until(() => floor.engine.disposed.size === 100, 'the whole list to be called', SLOW)
  assert.ok(floor.linesMax <= 20, `${floor.linesMax} lines`)
  assert.ok(floor.linesMax >= 15, `${floor.linesMax} lines`)
  assert.equal(floor.dialled.length, 100)
  assert.ok(floor.dialled.every(({ contractor_id, mode }) => !contractor_id && mode === 'pooled'))
  assert.deepEqual(new Set(floor.engine.disposed.values()), new Set(['RNR']))
  assert.equal(floor.engine.confirmed.size, 100)
})

test('B3: with nobody at work nothing is asked and nothing dialled', async () => {
  await using floor = await Floor.open({ leads: 5 })
  let asked = 0
  link.nc.subscribe('campaign.list', { callback: () => void asked++ })
  // A second agent's word is what the process hears next: by then it has looked many times.
  await until(async () => (await link.nc.request(DIALLING_SHOW, '{}')).data.length > 0, 'it to run')
  assert.equal(asked, 0)
  floor.say(1, 'break')
  await until(async () => (await floor.shown())?.agents === 1, 'the floor')
  assert.equal(asked > 0, true)
  assert.equal((await floor.shown())?.ceiling, 2)
  assert.equal(floor.engine.awarded, 0)
})

test('B4: five of ten untagged while lines ring and agents talk: the ceiling is 10, live calls are kept', async () => {
  const chances = { ...NOBODY, answered: 0.4, ringMs: 2000, talkMs: FOREVER_MS }
  await using floor = await Floor.open({ leads: 500 }, chances)
  floor.idle(10)
  await until(async () => ((await floor.shown())?.live ?? 0) >= 6, 'six to talk', SLOW)
  for (const id of [1, 2, 3, 4, 5]) floor.leave(id)
  const after = await until(async () => {
    const shown = await floor.shown()
    return shown?.ceiling === 10 && shown
  }, 'the ceiling to fall')
  assert.equal(after.agents, 5)
  assert.ok(after.live >= 6, JSON.stringify(after))
  const talking = floor.calls.map(({ call_id }) => call_id)
  const ended = new Set(floor.events('ended'))
  assert.ok(talking.length >= 6 && talking.every((call) => !ended.has(call)))
  // What rang rings out, and nothing is placed above the new ceiling.
  await until(async () => ((await floor.shown())?.lines ?? 99) <= 10, 'at most ten lines', SLOW)
})

test('B4: an agent whose tags do not allow the campaign counts for no line', async () => {
  await using floor = await Floor.open({ leads: 5 })
  floor.limits = { customer_ids: [] }
  floor.idle(3)
  await until(async () => (await link.nc.request(DIALLING_SHOW, '{}')).data.length > 0, 'it to run')
  assert.equal(await floor.shown(), undefined)
  floor.limits = { customer_ids: [55 as never] } // The stand-in's customer.
  await until(() => floor.engine.disposed.size === 5, 'the list to be called', SLOW)
})

test('an answered call is given to an idle agent, who has its award, and is the agent’s to dispose', async () => {
  await using floor = await Floor.open({ leads: 1 }, { ...NOBODY, answered: 1 })
  floor.idle(1)
  const call = await until(() => floor.calls[0], 'the agent’s app to hear of it')
  assert.equal(call.contractor_id, 1)
  assert.equal(call.award.lead_id, 1)
  assert.equal(call.award.lead.phone, '+919800000001')
  await until(async () => floor.events('ended').length === 1, 'the call to end')
  await until(async () => (await floor.shown())?.lines === 0, 'the line to be free')
  assert.equal(floor.engine.disposed.size, 0)
  // Busy since the call, and idle again when the agent says so.
  assert.equal((await floor.shown())?.idle, 0)
  floor.say(1, 'idle')
  await until(async () => (await floor.shown())?.idle === 1, 'the agent to be idle')
})

test('an agent who is idle again gets the next call, though the end of the last was never told', async () => {
  const chances = { ...NOBODY, answered: 1, ringMs: 100, talkMs: FOREVER_MS }
  await using floor = await Floor.open({ leads: 2 }, chances)
  floor.idle(1)
  await until(() => floor.calls.length === 1, 'the first call')
  // His app said busy then; when the second agent is seen, that was looked at.
  floor.say(2, 'break')
  await until(async () => (await floor.shown())?.agents === 2, 'a second agent')
  floor.say(1, 'idle')
  await until(() => floor.calls.length === 2, 'the second call')
  assert.equal(floor.events('ended').length, 1, 'the first was hung up')
})

test('what nobody answered is disposed by what the dialer told', async () => {
  const chances = { ...NOBODY, busy: 0.25, machine: 0.25, failed: 0.25 }
  await using floor = await Floor.open({ leads: 60 }, chances)
  floor.idle(10)
  await until(() => floor.engine.disposed.size === 60, 'the list to be called', SLOW)
  const codes = { no_answer: 'RNR', busy: 'BUSY', machine: 'VM', failed: 'FAIL' }
  for (const [event, code] of Object.entries(codes)) {
    const calls = floor.events(event)
    assert.ok(calls.length > 0, event)
    for (const call of calls) {
      assert.equal(floor.engine.disposed.get(Number(call.slice(3))), code)
    }
  }
})

test('an answered call that finds nobody is hung up after two seconds, and recorded as abandoned', async () => {
  await using floor = await Floor.open({ leads: 1 }, SLOWLY)
  floor.idle(1)
  await until(() => floor.dialled.length === 1, 'the call')
  floor.leave(1)
  await until(() => floor.engine.disposed.get(1) === 'abandoned', 'it to be given up', SLOW)
  await until(() => floor.events('ended').length === 1, 'the dialer to hang up')
  const shown = await floor.shown()
  assert.deepEqual([shown?.answered, shown?.abandoned, shown?.abandoned_share], [1, 1, 1])
  assert.deepEqual(floor.calls, [])
})

test('CF1: what the engine does not confirm is not dialled', async () => {
  await using floor = await Floor.open({ leads: 4, suppressed: [1, 3] })
  floor.idle(2)
  await until(() => floor.engine.disposed.size === 2, 'the others to be called', SLOW)
  const leads = floor.dialled.map(({ lead_id }) => Number(lead_id))
  assert.deepEqual(leads.sort(), [2, 4])
})

test('a lead without a phone number is skipped, before it is confirmed', async () => {
  await using floor = await Floor.open({ leads: 3, phoneless: [2] })
  floor.idle(1)
  await until(() => floor.engine.disposed.size === 2, 'the others to be called', SLOW)
  assert.deepEqual(floor.engine.skipped, [2])
  assert.equal(floor.engine.confirmed.has(2), false)
})

test('CF3: without a dialer one lead is tried, not the list; with one the rest is called', async () => {
  await using floor = await Floor.open({ leads: 50 }, null)
  floor.idle(10)
  await until(() => floor.engine.disposed.size === 1, 'the first call to fail')
  assert.deepEqual([...floor.engine.disposed], [[1, 'FAIL']])
  floor.install(NOBODY)
  await until(() => floor.engine.disposed.size === 50, 'the list to be called', SLOW)
  assert.equal(floor.dialled.length, 49)
})

test('a lease is extended while the line rings and the agent talks', async () => {
  const chances = { ...NOBODY, answered: 1, ringMs: 100, talkMs: FOREVER_MS }
  await using floor = await Floor.open({ leads: 1, leaseMs: 2500 }, chances)
  floor.idle(1)
  await until(() => floor.engine.extended >= 2, 'two extensions', SLOW)
  assert.equal(floor.calls.length, 1)
})

test('asked to stop it gives up what rings, and leaves who talks alone', async () => {
  const chances = { ...NOBODY, answered: 0.5, ringMs: 1500, talkMs: FOREVER_MS }
  await using floor = await Floor.open({ leads: 500 }, chances)
  floor.idle(5)
  const rang = () => floor.dialled.length - floor.calls.length
  await until(() => floor.calls.length >= 2 && rang() > 2, 'some to talk', SLOW)
  await floor.stop()
  const talked = new Set(floor.calls.map(({ award }) => award.lead_id))
  for (const id of floor.engine.confirmed) {
    assert.equal(floor.engine.disposed.has(id), !talked.has(id), `lead ${id}`)
  }
  assert.ok([...floor.engine.disposed.values()].includes('FAIL'))
  await until(() => floor.dialer?.calls === talked.size, 'the dialer to hang up')
})

test('a campaign that is no longer dialled gets no new line', async () => {
  await using floor = await Floor.open({ leads: 100_000 })
  floor.idle(3)
  await until(() => floor.engine.disposed.size > 5, 'some calls')
  Object.assign(floor.engine.settings, { paused: true })
  await until(async () => (await floor.shown()) === undefined, 'the floor to be closed', SLOW)
  assert.equal(floor.engine.disposed.size, floor.engine.awarded)
})

test('what is known of a campaign outlives the process', async () => {
  {
    await using floor = await Floor.open({ leads: 60 })
    floor.idle(10)
    await until(() => floor.engine.disposed.size === 60, 'the list to be called', SLOW)
  }
  await using floor = await Floor.open({ leads: 0 })
  floor.idle(10)
  const shown = await until(() => floor.shown(), 'the floor')
  assert.ok(shown.answer_rate < 0.1, `${shown.answer_rate}`)
})

test.run()
