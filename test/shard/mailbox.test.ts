// Mailbox: what is dropped unread, and what an owner that has its hands full still takes.

import assert from 'node:assert/strict'
import type { Command, CommandReply, TimedCommand } from '../../actors/protocol/commands.ts'
import { URGENCY } from '../../actors/protocol/urgency.ts'
import { freeze } from '../support/freeze.ts'
import { suite } from '../support/suite.ts'
import { ask, ingest, leads, order, takeAwards } from './asked.ts'
import { T0 } from './manual-clock.ts'
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
  const owner = await rig.own(id)
  await ask(owner.shard, { type: 'campaign.put', settings: settingsOf({ campaign_id: campaign }) })
  return { ...owner, campaign }
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

test('MB2: with its hands full it is busy, for looks first, for ends of calls last', async () => {
  const { shard, campaign } = await owned()
  await ingest(shard, leads(campaign, 1))
  const [award] = await takeAwards(shard, [order(campaign)])
  const commands: Command[] = [
    { type: 'campaign.show', campaign },
    { type: 'campaign.put', settings: settingsOf({ campaign_id: campaign }) },
    { type: 'extend', award_id: String(award?.award_id) },
  ]
  assert.deepEqual(
    commands.map(({ type }) => URGENCY[type]),
    ['look', 'other', 'end'],
  )
  const waiting: Promise<CommandReply>[] = []
  /** How many commands of a kind it takes until it is busy for that. */
  const fill = async (command: Command) => {
    for (let taken = 0; ; taken++) {
      const answer = shard.execute(command)
      const turn = new Promise<null>((resolve) => setImmediate(() => resolve(null)))
      if ((await Promise.race([answer, turn]))?.type === 'busy') return taken
      waiting.push(answer)
    }
  }
  const taken: number[] = []
  const thaw = freeze(rig.server.pid ?? 0)
  try {
    // Nothing is durable now, so that every command has to wait.
    waiting.push(shard.execute({ type: 'ingest', leads: leads(campaign, 1, { from: 7 }) }))
    for (const command of commands) taken.push(await fill(command))
  } finally {
    thaw()
  }
  assert.deepEqual(taken, [1023, 512, 512])
  const said = new Set((await Promise.all(waiting)).map(({ type }) => type))
  assert.deepEqual([...said].sort(), ['outcomes', 'reply'], 'what was taken was done')
  for (const command of commands) {
    assert.equal((await shard.execute(command)).type, 'reply', 'and there is room again')
  }
})

test.run()
