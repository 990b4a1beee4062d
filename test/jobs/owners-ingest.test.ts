// Owners' ingest on a real server without a host: what becomes of an import's leads then.

import assert from 'node:assert/strict'
import { OwnersIngest } from '../../actors/jobs/owners-ingest.ts'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { INBOX, inboxSubject } from '../../actors/protocol/subjects.ts'
import { systemClock } from '../../actors/runtime/clock.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'

const test = suite("owners' ingest")

test('leads that nobody owns are queued; OI2: a log without room takes none', async () => {
  const server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  const log = createLog({ role: 'test' }, 'silent')
  const link = await connectNats(config, 'test', log)
  const { shards } = await provision(link, config)
  const open = () => OwnersIngest.open({ link, config, shards, clock: systemClock(), log })
  const created_at = new Date().toISOString()
  const lead = { id: 1, campaign_id: 4, customer_id: 55, lead_type: 'Live', created_at }
  const owners = await open()
  try {
    const reply = await owners.ingest([lead])
    assert.ok(reply?.type === 'ingested' && reply.queued === 1, JSON.stringify(reply))
    await link.js.publish(inboxSubject(0 as ShardId), new Uint8Array(5000))
    const { bytes } = (await link.jsm.streams.info(INBOX)).state
    await link.jsm.streams.update(INBOX, { max_bytes: Math.ceil(bytes / 0.9) })
    const late = await open()
    assert.deepEqual(await late.ingest([lead]), {
      type: 'overloaded',
      retry_after_ms: 30_000,
      reason: 'log_full',
    })
    late.stop()
  } finally {
    owners.stop()
    await link.nc.close()
    await server.stop()
  }
})

test.run()
