// Journal on a replicated log: three real servers, for 10164 is what only they answer.

import assert from 'node:assert/strict'
import { JetStreamApiError } from '@nats-io/jetstream'
import { headers } from 'nats'
import type { HostId, ShardId } from '../../actors/protocol/ids.ts'
import { encodeRecord, type Record } from '../../actors/protocol/record.ts'
import { EVENTS, eventsSubject } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { Journal } from '../../actors/shard/journal.ts'
import { readLast } from '../../actors/shard/log-reader.ts'
import { NO_HASH, ShardState } from '../../actors/shard/state.ts'
import { suite } from '../support/suite.ts'
import { T0 } from './manual-clock.ts'
import type { NatsCluster } from './nats-cluster.ts'
import { readyCluster } from './ready-cluster.ts'
import { quiet } from './rig.ts'

const test = suite('journal, replicated')
const ID = 0 as ShardId
const HOST = 'h1' as HostId
let cluster: NatsCluster
let link: Link

test.before(async () => {
  cluster = await readyCluster({ LEADBID_REPLICAS: '3', LEADBID_SHARDS: '1' })
  const [url = ''] = cluster.urls
  const { config } = readConfig(['--nats-url', url], {})
  link = await connectNats(config, 'test', quiet)
})
test.after(async () => {
  await link?.nc.close()
  await cluster?.[Symbol.asyncDispose]()
})

/** Publishes a record without waiting, as if an append of ours were just on its way. */
function sendUnacked(state: ShardState, seq: number): void {
  const { n, prev } = state
  const record: Record = {
    v: 1,
    shard: ID,
    epoch: 1,
    host: HOST,
    n: n + 1,
    prev,
    at: T0,
    events: [],
  }
  const bytes = encodeRecord(record)
  const expected = headers()
  expected.set('Nats-Expected-Last-Subject-Sequence', String(state.seq))
  link.nc.publish(eventsSubject(ID), bytes, { headers: expected })
  state.advance(record, { seq, bytes })
}

test('J3: an append the servers refuse because one is just being replicated is made again', async () => {
  const refused: number[] = []
  const { js } = link
  const publish: Link['js']['publish'] = async (...args) => {
    try {
      return await js.publish(...args)
    } catch (error) {
      if (error instanceof JetStreamApiError) refused.push(error.code)
      throw error
    }
  }
  // Passes everything on; it only notes what the servers answered.
  const watched = { ...link, js: Object.assign(Object.create(js), { publish }) }
  const state = new ShardState(ID)
  const journal = new Journal({ link: watched, state, host: HOST, epoch: 1, log: quiet })
  await journal.append([], T0, { boot: 'b' })
  for (let round = 0; round < 200 && refused.length === 0; round++) {
    sendUnacked(state, state.seq + 1)
    const seq = await journal.append([], T0)
    assert.equal(seq, 3 + 2 * round)
  }
  assert.ok(refused.includes(10_164), `never refused as it should be: ${refused.join()}`)
  assert.ok(refused.every((code) => code === 10_164))
  const last = await readLast(link, ID)
  assert.equal(last?.seq, state.seq)
  const { state: stream } = await link.jsm.streams.info(EVENTS)
  assert.equal(stream.messages, state.n, 'every record landed once')
  assert.notDeepEqual(state.prev, NO_HASH)
})

test.run()
