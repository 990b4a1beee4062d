// Of several workers one dials: under a claim, by what people say of themselves and the office's
// tags; when it goes another takes over.

import assert from 'node:assert/strict'
import { DiallingWorker } from '../../actors/jobs/dialling/dialling-worker.ts'
import { SimulatedDialer } from '../../actors/jobs/dialling/simulated-dialer.ts'
import type { DialCommand } from '../../actors/protocol/dialling.ts'
import type { CampaignId, ContractorId } from '../../actors/protocol/ids.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { PresenceBoard } from '../../actors/runtime/presence.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { CAMPAIGN, DiallingEngine } from './dialling-engine.ts'

const test = suite('dialling worker', { deadlineMs: 60_000 })
const silent = createLog({ role: 'test' }, 'silent')
const SLOW = { deadlineMs: 30_000 }
const NOBODY = { seed: 1, answered: 0, busy: 0, machine: 0, failed: 0, ringMs: 400, talkMs: 1 }

let server: TestServer
let link: Link

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'test', silent)
  await provision(link, config)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

/** A worker over a connection of its own, which a crash closes. */
class Hired implements AsyncDisposable {
  readonly #own: Link
  readonly #worker: DiallingWorker

  private constructor(own: Link) {
    this.#own = own
    const claimTimes = { beatMs: 50, staleMs: 500 }
    this.#worker = new DiallingWorker({
      link: own,
      clock: systemClock(),
      log: silent,
      claimTimes,
    })
    this.#worker.start()
  }

  static async begin(): Promise<Hired> {
    const { config } = readConfig(['--nats-url', server.url], {})
    return new Hired(await connectNats(config, 'worker', silent))
  }

  /** The connection is gone in the middle of everything. */
  async crash(): Promise<void> {
    await this.#own.nc.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.stop()
    await this.#own.nc.close()
  }
}

test('two workers: one dials, on no more lines than one may; it crashes, and the other goes on', async () => {
  const dialled: DialCommand[] = []
  using engine = new DiallingEngine(link.nc, { leads: 100_000 })
  let linesMax = 0
  const dialer: SimulatedDialer = new SimulatedDialer({
    nc: link.nc,
    clock: systemClock(),
    log: silent,
    chances: NOBODY,
    onDial: (command) => {
      dialled.push(command)
      linesMax = Math.max(linesMax, dialer.calls + 1)
    },
  })
  const board = await PresenceBoard.open(link)
  await board.put({
    contractor_id: 1 as ContractorId, // As parsed from a request.
    status: 'idle',
    campaign_ids: [CAMPAIGN as CampaignId],
  })
  try {
    await using first = await Hired.begin()
    await until(() => dialled.length > 4, 'the first to dial', SLOW)
    await using _second = await Hired.begin()
    const before = dialled.length
    await until(() => dialled.length > before + 4, 'more calls', SLOW)
    assert.ok(linesMax <= 2, `${linesMax} lines for one agent`)
    await first.crash()
    const then = dialled.length
    await until(() => dialled.length > then + 4, 'the second to dial', SLOW)
    const leads = dialled.map(({ lead_id }) => lead_id)
    assert.equal(new Set(leads).size, leads.length)
    assert.ok(engine.disposed.size >= leads.length - 6)
  } finally {
    dialer.stop()
  }
})

test.run()
