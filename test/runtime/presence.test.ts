// Presence on a real server: PR1 to PR3.

import assert from 'node:assert/strict'
import { Kvm } from '@nats-io/kv'
import type { CampaignId, ContractorId } from '../../actors/protocol/ids.ts'
import { PRESENCE_BUCKET } from '../../actors/protocol/subjects.ts'
import type { PresenceStatus } from '../../actors/protocol/workforce.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { Presence, PresenceBoard } from '../../actors/runtime/presence.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('presence')
const logged: string[] = []
const log = createLog({ role: 'test' }, 'warn', { write: (line) => logged.push(line) })
let server: TestServer
let link: Link
let board: PresenceBoard
let people = 0

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'test', log)
  await provision(link, config)
  board = await PresenceBoard.open(link)
})
test.after(async () => {
  await link.nc.close()
  await server.stop()
})

const somebody = () => ++people as ContractorId

async function say(contractor_id: ContractorId, status: PresenceStatus): Promise<void> {
  await board.put({ contractor_id, status })
}

test('what somebody says is followed, from before and from then on, until they are off', async () => {
  const [early, late] = [somebody(), somebody()]
  await board.put({ contractor_id: early, status: 'idle', campaign_ids: [4 as CampaignId] })
  const presence = Presence.follow(link, log)
  try {
    await until(() => presence.get(early), 'what was said before')
    assert.deepEqual(presence.get(early), {
      contractor_id: early,
      status: 'idle',
      campaign_ids: [4],
    })
    assert.equal(presence.get(late), undefined, 'who said nothing is off')
    await say(late, 'break')
    await until(() => presence.get(late)?.status === 'break', 'a new word')
    await say(late, 'busy')
    await until(() => presence.get(late)?.status === 'busy', 'a newer word')
    assert.deepEqual([...presence.current.keys()], [early, late])
    await say(late, 'off')
    await until(() => presence.get(late) === undefined, 'them to be off')
    assert.deepEqual([...presence.current.keys()], [early])
  } finally {
    await presence.stop()
  }
})

test('PR1: who is silent for too long is off, and listeners hear of it', async () => {
  const [silent, talking] = [somebody(), somebody()]
  const presence = Presence.follow(link, log, { ttlMs: 1500 })
  let told = 0
  presence.onChange(() => told++)
  try {
    await say(talking, 'idle')
    await say(silent, 'idle')
    const heard = await until(() => told >= 2 && told, 'both words')
    await until(async () => {
      await say(talking, 'busy')
      return presence.get(silent) === undefined
    }, 'the word to be worth nothing')
    assert.equal(presence.get(talking)?.status, 'busy', 'who says it again stays')
    assert.equal(presence.ageOf(silent), Number.POSITIVE_INFINITY)
    await until(() => told > heard, 'listeners to be told')
  } finally {
    await presence.stop()
  }
})

test('the bucket forgets by itself, and an unreadable word is no word', async () => {
  const { config } = await link.jsm.streams.info(`KV_${PRESENCE_BUCKET}`)
  assert.equal(config.max_age, 60_000 * 1_000_000)
  const [odd, next] = [somebody(), somebody()]
  const kv = await new Kvm(link.js).open(PRESENCE_BUCKET)
  const presence = Presence.follow(link, log)
  try {
    await say(odd, 'idle')
    await until(() => presence.get(odd), 'the word')
    await kv.put(String(odd), '{"status":"lunch"}')
    await say(next, 'idle')
    await until(() => presence.get(next), 'the next word')
    assert.equal(presence.get(odd), undefined)
    assert.match(logged.join(), /presence unreadable/)
  } finally {
    await presence.stop()
  }
})

test.run()
