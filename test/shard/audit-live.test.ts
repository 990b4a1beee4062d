// An audit beside a working engine: it judges what was there when it began, finds nothing wrong that is
// right, and leaves nothing behind.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { Command, CommandReply } from '../../actors/protocol/commands.ts'
import type { ShardId } from '../../actors/protocol/ids.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { commandSubject, EVENTS } from '../../actors/protocol/subjects.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import type { Findings } from '../../actors/shard/audit/findings.ts'
import { lastSeq, readWhole } from '../../actors/shard/audit/whole-log.ts'
import type { Host } from '../../actors/shard/host.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'
import { awardOf, lead, order } from './asked.ts'
import { T0 } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { quiet, Rig } from './rig.ts'

const test = suite('audit beside an engine')
const SHARDS = 4
const IDS = [0, 1, 2, 3] as ShardId[]
const CODES = ['no_answer', 'converted', 'busy', 'not_interested']
let rig: Rig

test.before(async () => {
  rig = await Rig.start(SHARDS)
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

async function send(id: ShardId, command: Command): Promise<CommandReply | null> {
  try {
    const options = { timeout: 500 }
    const message = await rig.link.nc.request(commandSubject(id), pack(command), options)
    return unpack<CommandReply>(message.data)
  } catch {
    return null // The shard is just being handed over.
  }
}

/** Leads that come, are awarded, confirmed and reported, one after the other, until it is stopped. */
function workOn(id: ShardId) {
  const campaign = rig.campaignOf(id)
  const told = { reported: 0 }
  let running = true
  const turn = async (n: number): Promise<void> => {
    await send(id, { type: 'ingest', leads: [lead(campaign, n)], fromInbox: true })
    const asked = { as_of: T0, deadline: Number.POSITIVE_INFINITY, orders: [order(campaign)] }
    const answer = await send(id, { type: 'award', ...asked })
    const [result] = answer?.type === 'awards' ? answer.results : []
    if (result?.type !== 'award') return await sleep(5)
    const { award_id } = awardOf(result)
    await send(id, { type: 'confirm', award_id })
    const request = parseDisposition({ award_id, code: CODES[n % CODES.length] ?? '' })
    const reply = await send(id, { type: 'disposition', request })
    if (reply?.type === 'reply') told.reported++
  }
  const run = async () => {
    const settings = settingsOf({ campaign_id: campaign })
    while (running && (await send(id, { type: 'campaign.put', settings })) === null) await sleep(5)
    for (let n = 1; running; n++) await turn(n)
  }
  const ended = run()
  const stop = async () => {
    running = false
    await ended
  }
  return { told, stop }
}

async function audited(): Promise<Findings> {
  const { link, snapshots } = rig
  return await audit({ link, shards: SHARDS, snapshots, log: quiet })
}

async function readers(): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of rig.link.jsm.consumers.list(EVENTS)) names.push(name)
  return names.sort()
}

async function owns(host: Host, shards: number): Promise<void> {
  await until(() => host.owned().length === shards, 'the host to own its shards')
}

test('AU2: what is appended meanwhile, handed over and snapshotted does not trouble it', async () => {
  const first = await rig.host('h1')
  await owns(first, SHARDS)
  const works = IDS.map((id) => workOn(id))
  const reported = () => works.reduce((sum, { told }) => sum + told.reported, 0)
  await until(() => reported() > 20, 'the work to run')
  const before = await readers()
  const seen = [await audited()]
  assert.deepEqual(await readers(), before, 'no reader is left behind')

  // While the next ones read, snapshots push each other out and a shard moves to another host.
  const saving = (async () => {
    for (let i = 0; i < 4; i++) {
      for (const shard of first.owned()) {
        // One that moves meanwhile is the next owner's to copy.
        const cut = await shard.cut().catch(() => null)
        if (cut !== null) await rig.snapshots.saveCut(cut)
      }
      await sleep(30)
    }
  })()
  const second = await rig.host('h2')
  const moved = () => second.owned().length > 0 && first.owned().length < SHARDS
  await until(
    async () => {
      seen.push(await audited())
      return moved()
    },
    'a shard to be handed over',
    { deadlineMs: 30_000 },
  )
  await saving
  seen.push(await audited())
  const end = await lastSeq(rig.link)
  await Promise.all(works.map(({ stop }) => stop()))
  await Promise.all([first.stop(), second.stop()])
  seen.push(await audited())

  for (const { violations, accounted, untilSeq } of seen) {
    assert.deepEqual(violations, [])
    assert.equal(accounted.records, untilSeq, 'every record up to there, and no other')
    assert.equal(accounted.events, accounted.applied)
  }
  assert.ok(seen.length >= 4, `${seen.length} audits`)
  assert.ok((seen[0]?.untilSeq ?? end) < end, 'the log had grown')
  assert.ok(reported() > 20)
})

test('WL2: after a failure reading goes on behind what was read', async () => {
  const untilSeq = await lastSeq(rig.link)
  const whole: number[] = []
  for await (const { seq } of readWhole(rig.link, { untilSeq })) whole.push(seq)
  let failures = 0
  const consumers = Object.create(rig.link.js.consumers) as typeof rig.link.js.consumers
  consumers.get = async (...args: Parameters<typeof consumers.get>) => {
    const consumer = await rig.link.js.consumers.get(...args)
    const real = consumer.consume.bind(consumer)
    // Every reader is cut off after a few records, as one is whose server went away.
    consumer.consume = (async (options: object) => {
      const messages = await real(options)
      let left = Math.ceil(whole.length / 3)
      const next = messages[Symbol.asyncIterator].bind(messages)
      messages[Symbol.asyncIterator] = async function* () {
        for await (const message of { [Symbol.asyncIterator]: next }) {
          if (left-- === 0) {
            failures++
            throw new Error('cut off')
          }
          yield message
        }
      } as never // It is read by `for await` alone.
      return messages
    }) as typeof consumer.consume
    return consumer
  }
  const js = Object.create(rig.link.js) as typeof rig.link.js
  Object.defineProperty(js, 'consumers', { value: consumers })
  const seqs: number[] = []
  for await (const { seq } of readWhole({ ...rig.link, js }, { untilSeq })) seqs.push(seq)
  assert.deepEqual(seqs, whole)
  assert.ok(failures >= 2, `${failures} failures`)
})

test.run()
