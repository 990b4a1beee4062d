// Router: what it asks an owner again, and how often, against stand-ins of owners on a real server.

import assert from 'node:assert/strict'
import { pack, unpack } from '../../actors/protocol/codec.ts'
import type { CommandReply, TimedCommand } from '../../actors/protocol/commands.ts'
import type { CampaignId, HostId, ShardId } from '../../actors/protocol/ids.ts'
import { commandSubject, pingSubject } from '../../actors/protocol/subjects.ts'
import { sleep, systemClock } from '../../actors/runtime/clock.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { Hosts } from '../../actors/runtime/hosts.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link, type Subscription } from '../../actors/runtime/nats.ts'
import { RetryBudget } from '../../actors/runtime/retry-budget.ts'
import { Router } from '../../actors/runtime/router.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('router')
const log = createLog({ role: 'test' }, 'silent')
const COMMAND = { type: 'campaign.show', campaign: 1 as CampaignId } as const
const DONE: CommandReply = { type: 'reply', reply: { type: 'skipped' } }
const SHARDS = 16
let server: TestServer
let link: Link
let hosts: Hosts
/** Hosts that say they own shards; nobody comes or goes but where a test wants it. */
const beating = new Map<string, { [shard: string]: number }>()
let timer: NodeJS.Timeout

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url, '--shards', String(SHARDS)], {})
  link = await connectNats(config, 'test', log)
  await provision(link, config)
  hosts = await Hosts.open(link, log)
  timer = setInterval(() => void beat().catch(() => {}), 300)
  let changes = 0
  hosts.onChange(() => {
    changes++
  })
  await claim(
    'h1',
    1,
    Array.from({ length: SHARDS }, (_, shard) => shard as ShardId),
  )
  // Who owns what, and who is alive, are told one after the other.
  await until(() => changes >= 2, 'the host to be known')
})
test.after(async () => {
  clearInterval(timer)
  hosts.stop()
  await link.nc.close()
  await server.stop()
})

async function beat(): Promise<void> {
  for (const [host, shards] of beating) {
    await hosts.beat(host as HostId, { boot: 'b', draining: false, shards })
  }
}

async function claim(host: string, epoch: number, shards: readonly ShardId[]): Promise<void> {
  beating.set(host, Object.fromEntries(shards.map((shard) => [shard, epoch])))
  const subject = pingSubject(host as HostId)
  link.nc.subscribe(subject, { callback: (_, msg) => void msg.respond('here') })
  await beat()
  const owns = () => shards.every((shard) => hosts.owner(shard)?.host === host)
  await until(owns, `${host} to own what it claims`)
}

let turn = 0

/** A shard of its own with an owner that answers as told. */
async function owned(answer: (times: number, command: TimedCommand) => Promise<CommandReply>) {
  const shard = turn++ as ShardId
  const asked: TimedCommand[] = []
  const subscription: Subscription = link.nc.subscribe(commandSubject(shard), {
    callback: (_, msg) => {
      const command = unpack<TimedCommand>(msg.data)
      asked.push(command)
      void answer(asked.length, command).then((reply) => msg.respond(pack(reply)))
    },
  })
  const retries = new RetryBudget({ random: () => 0 })
  const router = new Router(link, hosts, SHARDS, retries)
  const drain = () => {
    while (retries.spend(true)) {}
  }
  return {
    shard,
    asked,
    router,
    retries,
    drain,
    [Symbol.dispose]: () => subscription.unsubscribe(),
  }
}

test('who is slow is heard out, and not asked twice for it where nothing may be asked again', async () => {
  using owner = await owned(async () => {
    await sleep(600)
    return DONE
  })
  const { router, shard, asked, drain } = owner
  const stop = setInterval(drain, 1)
  drain()
  assert.deepEqual(await router.ask(shard, COMMAND, 3000), DONE)
  clearInterval(stop)
  assert.equal(asked.length, 1)
})

test('a question that was lost is put again, when it may be', async () => {
  using owner = await owned(async (times) => {
    if (times === 1) await sleep(5000)
    return DONE
  })
  const { router, shard, asked } = owner
  assert.deepEqual(await router.ask(shard, COMMAND, 3000), DONE)
  assert.equal(asked.length, 2)
})

test('RB1: an owner that is busy is asked no more often than there are tokens', async () => {
  using owner = await owned(async () => ({ type: 'busy' }))
  const { router, shard, asked, retries } = owner
  const answers = await Promise.all(
    Array.from({ length: 60 }, () => router.ask(shard, COMMAND, 500)),
  )
  // The last try of some may have had no time left for its answer.
  assert.ok(answers.every(({ type }) => type === 'busy' || type === 'unanswered'))
  // Without pauses by chance each would have asked a hundred times.
  assert.equal(asked.length, 60 + retries.made)
  assert.ok(retries.made > 0 && retries.made <= 100, `${retries.made} repetitions`)
})

test('RB2: another owner is asked without a token', async () => {
  using owner = await owned(async (times) => (times === 1 ? { type: 'moved' } : DONE))
  const { router, shard, asked, retries, drain } = owner
  drain()
  const stop = setInterval(drain, 1)
  const answer = router.ask(shard, COMMAND, 5000)
  await until(() => asked.length === 1, 'the first question')
  await claim('h2', 2, [shard])
  assert.deepEqual(await answer, DONE)
  clearInterval(stop)
  assert.deepEqual([asked.length, retries.made], [2, 1])
})

test('a command says by its owner’s clock when nobody waits for it any more', async () => {
  using owner = await owned(async () => DONE)
  const { router, shard, asked } = owner
  const before = systemClock().now()
  await router.ask(shard, COMMAND, 700)
  const deadline = asked[0]?.deadline ?? 0
  assert.ok(deadline > before && deadline <= systemClock().now() + 700, `${deadline - before}`)
})

test.run()
