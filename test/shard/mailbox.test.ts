// Mailbox: what is dropped unread, and what an owner that has its hands full still takes.

import assert from 'node:assert/strict'
import type { Command, CommandReply, TimedCommand } from '../../actors/protocol/commands.ts'
import { URGENCY } from '../../actors/protocol/urgency.ts'
import { freeze } from '../support/freeze.ts'
import { suite } from '../support/suite.ts'
import { ask, ingest, leads, order, takeAwards } from './asked.ts'
import { ManualClock, T0 } from './manual-clock.ts'
import { settingsOf } from './planted-log.ts'
import { Rig } from './rig.ts'

const test = suite('mailbox')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

async function owned() {
  const { id, campaign } = rig.next()
  const clock = new ManualClock()
  const owner = await rig.own(id, { clock })
  await ask(owner.shard, { type: 'campaign.put', settings: settingsOf({ campaign_id: campaign }) })
  return { ...owner, campaign, clock }
}

test('MB1: a command whose time is over is dropped, and nothing of it is done', async () => {
  const { shard, state, campaign } = await owned()
  await ingest(shard, leads(campaign, 3))
  const [award] = await takeAwards(shard, [order(campaign)])
  const award_id = String(award?.award_id)
  const { n } = state
  const late: TimedCommand[] = [
    { type: 'confirm', award_id, deadline: T0 - 1 },
    { type: 'ingest', leads: leads(campaign, 1, { from: 90 }), deadline: T0 - 1 },
    { type: 'campaign.list', deadline: T0 - 1 },
  ]
  for (const command of late) assert.deepEqual(await shard.execute(command), { type: 'late' })
  const orders = [order(campaign), order(campaign)]
  const awards: Command = { type: 'award', as_of: T0, deadline: T0 - 1, orders }
  assert.deepEqual(await shard.execute(awards), {
    type: 'awards',
    results: [{ type: 'refused' }, { type: 'refused' }],
  })
  await shard.durable()
  assert.equal(state.n, n, 'nothing was appended')
  const timely: TimedCommand = { type: 'confirm', award_id, deadline: T0 + 1 }
  const inTime = await shard.execute(timely)
  assert.ok(inTime.type === 'reply' && inTime.reply.type === 'confirmed')
})

test('MB1: leads whose time is over before their turn are not taken in', async () => {
  const { shard, state, campaign, clock } = await owned()
  await ingest(shard, leads(campaign, 1))
  const [award] = await takeAwards(shard, [order(campaign)])
  const send = (from: number, deadline: number) => {
    const command: TimedCommand = { type: 'ingest', leads: leads(campaign, 1, { from }), deadline }
    return shard.execute(command)
  }
  const thaw = freeze(rig.server.pid ?? 0)
  let answers: Promise<CommandReply>[] = []
  try {
    // What is in flight keeps the others from their turn.
    answers = [shard.execute({ type: 'extend', award_id: String(award?.award_id) })]
    await new Promise((resolve) => setImmediate(resolve))
    answers.push(send(100, T0 + 10), send(200, T0 + 1000))
    clock.move(100)
  } finally {
    thaw()
  }
  const said = await Promise.all(answers)
  assert.deepEqual(
    said.map(({ type }) => type),
    ['reply', 'late', 'outcomes'],
  )
  assert.equal(state.campaigns.get(campaign)?.leads.size, 2)
})

test('MB2: with its hands full it is busy, for looks first, for ends of calls last', async () => {
  const { shard, campaign } = await owned()
  await ingest(shard, leads(campaign, 1))
  const [award] = await takeAwards(shard, [order(campaign)])
  const extend: Command = { type: 'extend', award_id: String(award?.award_id) }
  const commands: Command[] = [
    { type: 'campaign.show', campaign },
    { type: 'campaign.put', settings: settingsOf({ campaign_id: campaign }) },
    extend,
  ]
  assert.deepEqual(
    commands.map(({ type }) => URGENCY[type]),
    ['look', 'other', 'end'],
  )
  const waiting: Promise<CommandReply>[] = []
  /** How many commands of a kind it takes until it is busy for that. */
  const fill = async (command: Command) => {
    for (let taken = 0; taken < 4096; taken++) {
      const answer = shard.execute(command)
      const turn = new Promise<null>((resolve) => setImmediate(() => resolve(null)))
      if ((await Promise.race([answer, turn]))?.type === 'busy') return taken
      waiting.push(answer)
    }
    throw new Error(`${command.type} is taken without a bound`)
  }
  const taken: number[] = []
  const thaw = freeze(rig.server.pid ?? 0)
  try {
    // It decides something that cannot become durable now: what comes after has to wait as well.
    waiting.push(shard.execute(extend))
    for (const command of commands) taken.push(await fill(command))
  } finally {
    thaw()
  }
  assert.deepEqual(taken, [1023, 512, 512])
  const said = new Set((await Promise.all(waiting)).map(({ type }) => type))
  assert.deepEqual([...said], ['reply'], 'what was taken was done')
  for (const command of commands) {
    assert.equal((await shard.execute(command)).type, 'reply', 'and there is room again')
  }
})

test.run()
