// Field: turns through real client processes, with contenders of which some cheat or end.

import assert from 'node:assert/strict'
import { connect, type NatsConnection } from 'nats'
import { startServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { Field, type Game } from './field.ts'
import type { ContenderKind } from './peers/contender.ts'
import type { Run } from './results.ts'
import { madeUpRun } from './run-fixture.ts'

const test = suite('bench field')
const WORLD = { campaigns: 4, shards: 1, hosts: 1 }
const LEADS = 4000

/** A contender that answers on NATS from this process: `idOf` says which lead it gives. */
function kindOf(nc: NatsConnection, url: string, name: string, idOf: IdOf): ContenderKind {
  return {
    label: name,
    does: 'what the test says',
    durable: 'nothing is kept',
    lacks: null,
    hasLeads: true,
    missing: () => (name === 'absent' ? 'not installed' : null),
    async start() {
      const given = new Map<number, number>()
      const subscription = nc.subscribe(name, {
        callback: (_, msg) => {
          const { campaign_ids } = msg.json<{ campaign_ids: number[] }>()
          const [campaign_id = 0] = campaign_ids
          const turn = (given.get(campaign_id) ?? 0) + 1
          given.set(campaign_id, turn)
          const lead_id = idOf(turn)
          msg.respond(
            JSON.stringify(
              lead_id === null ? { type: 'gone' } : { type: 'award', campaign_id, lead_id },
            ),
          )
        },
      })
      return {
        driver: { kind: 'nats', url, subject: name },
        settings: async () => ({ version: '1' }),
        fill: async () => {},
        settle: async () => {},
        [Symbol.asyncDispose]: async () => subscription.unsubscribe(),
      }
    },
  }
}
type IdOf = (turn: number) => number | null

test('F1, F2, E2: who cheats or ends is out and named, the others go on, in changing order', async () => {
  await using server = await startServer()
  const nc = await connect({ servers: server.url })
  const kinds = new Map(
    Object.entries({
      one: (turn: number) => turn,
      cheat: () => 1,
      ending: () => null,
      absent: (turn: number) => turn,
      two: (turn: number) => turn,
    }).map(([name, idOf]) => [name, kindOf(nc, server.url, name, idOf)]),
  )
  const heard: string[] = []
  const run: Run = { ...madeUpRun(), contenders: {}, closed: [], faults: [], skipped: {} }
  const game: Game<{ inFlight: number }> = {
    rounds: 3,
    fresh: false,
    // More than there are campaigns: a cheat gives a lead twice with the first of them.
    cells: [{ inFlight: 8 }],
    kinds,
    setUp: (field) => field.addAll([...kinds.keys()], WORLD, LEADS),
    order: ({ inFlight }, seed) => ({
      loop: 'closed',
      inFlight,
      asked: 2,
      warmSeconds: 0,
      seconds: 0.3,
      seed,
    }),
    heard: (contender, _, __, round) => void heard.push(`${round} ${contender}`),
  }
  const rows = await Field.play(game, run, () => {})
  await nc.close()
  assert.deepEqual(heard, ['0 one', '0 two', '1 two', '1 one', '2 one', '2 two'])
  assert.deepEqual(
    rows.map(({ contender, turns }) => [contender, turns.every((turn) => turn !== null)]),
    [
      ['one', true],
      ['two', true],
    ],
  )
  assert.deepEqual(run.skipped, { absent: 'not installed' })
  const [cheat = '', ending = ''] = run.faults
  assert.equal(run.faults.length, 2)
  assert.match(cheat, /^cheat: lead 1 of campaign \d was given twice/)
  assert.match(ending, /^ending: nothing was answered in the time measured: \{"gone":\d+\}/)
  assert.deepEqual(Object.keys(run.contenders), ['one', 'cheat', 'ending', 'two'])
})

test.run()
