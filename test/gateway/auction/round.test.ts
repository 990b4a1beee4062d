// Round: one request through two gateways, with two hosts and the log between them, where the first
// gateway's order is held up until the second has its award.

import assert from 'node:assert/strict'
import type { Command } from '../../../actors/protocol/commands.ts'
import type { CampaignId, RequestId, ShardId } from '../../../actors/protocol/ids.ts'
import type { Reply } from '../../../actors/protocol/replies.ts'
import { Hosts } from '../../../actors/runtime/hosts.ts'
import { Router } from '../../../actors/runtime/router.ts'
import type { Host } from '../../../actors/shard/host.ts'
import { Pending } from '../../../gateway/auction/pending.ts'
import { Round } from '../../../gateway/auction/round.ts'
import { lead, leads } from '../../shard/asked.ts'
import { ManualClock, T0 } from '../../shard/manual-clock.ts'
import { settingsOf } from '../../shard/planted-log.ts'
import { quiet, Rig } from '../../shard/rig.ts'
import { suite } from '../../support/suite.ts'
import { until } from '../../support/until.ts'

const test = suite('round')
const SHARDS = 16
/** For a machine with much to do. */
const PATIENCE_MS = 20_000
/** Nobody's clock moves: no deadline is what ends anything here. */
const clock = new ManualClock()
let rig: Rig
let hosts: Host[] = []
let seen: Hosts
let taken = 0

test.before(async () => {
  rig = await Rig.start(SHARDS)
  hosts = [await rig.host('h1', clock)]
  await until(() => hosts[0]?.owned().length === SHARDS, 'the first host to own everything')
  seen = await Hosts.open(rig.link, quiet, clock)
})
test.after(async () => {
  for (const host of hosts) await host.stop()
  seen.stop()
  await rig[Symbol.asyncDispose]()
})

/** A gateway whose awards leave only when they are let go. */
class HeldRouter extends Router {
  release: () => void = () => {}
  held = false
  readonly #gate = new Promise<void>((resolve) => {
    this.release = resolve
  })

  override async command(shard: ShardId, command: Command, timeoutMs: number) {
    if (command.type === 'award') await this.#hold()
    return await super.command(shard, command, timeoutMs)
  }

  override async wholeAuction(...call: Parameters<Router['wholeAuction']>) {
    await this.#hold()
    return await super.wholeAuction(...call)
  }

  async #hold(): Promise<void> {
    this.held = true
    await this.#gate
  }
}

/** Two campaigns in shards that the first host has owned from the log's beginning. */
async function twoCampaigns(): Promise<[CampaignId, CampaignId]> {
  const router = new Router(rig.link, seen, SHARDS)
  const owned = hosts[0]?.owned().filter(({ epoch }) => epoch === 1) ?? []
  const found: CampaignId[] = []
  for (const { state } of owned.slice(taken, taken + 2)) {
    const campaign = rig.campaignOf(state.shard)
    found.push(campaign)
    const settings = settingsOf({ campaign_id: campaign })
    await router.ask(state.shard, { type: 'campaign.put', settings }, PATIENCE_MS)
    await ingest(router, campaign, 1)
  }
  taken += 2
  const [one, other] = found
  assert.ok(one !== undefined && other !== undefined, 'enough shards were never handed over')
  return [one, other]
}

async function ingest(router: Router, campaign: CampaignId, from: number, more = {}) {
  const input = [...leads(campaign, 3, { from }), lead(campaign, from + 3, more)]
  const command: Command = { type: 'ingest', leads: input, fromInbox: true }
  const answer = await router.ask(router.shardOf(campaign), command, PATIENCE_MS)
  assert.equal(answer.type, 'outcomes')
}

/** A request on its way through a gateway. */
function ask(router: Router, campaigns: CampaignId[], request: string, retry: boolean) {
  const asked = {
    request: { campaigns, request: request as RequestId, retry },
    encoding: 'msgpack',
    tags: undefined,
  } as const
  const answers: (Reply | Uint8Array)[] = []
  const pending = new Pending(asked, performance.now() + PATIENCE_MS, (answer) =>
    answers.push(answer),
  )
  const run = async () => {
    while (!pending.done) await new Round([pending], router, clock, () => 0.5).run()
    return answers[0]
  }
  return { pending, answer: run() }
}

/** Awards of a request that are in the log. */
async function awardsOf(request: string): Promise<number> {
  let count = 0
  for (let id = 0; id < SHARDS; id++) {
    for (const { events } of await rig.records(id as ShardId)) {
      for (const event of events) {
        if (event.type === 'lead.awarded' && event.request_id === request) count++
      }
    }
  }
  return count
}

for (const [how, alone] of [
  ['a whole auction', true],
  ['an order', false],
] as const) {
  test(`I10: ${how} held up until its request got an award elsewhere awards nothing`, async () => {
    if (!alone && hosts.length === 1) {
      hosts.push(await rig.host('h2', clock))
      await until(() => seen.live().length === 2, 'two hosts to be known')
      await until(() => (hosts[1]?.owned().length ?? 0) > 0, 'some shards to be handed over')
    }
    const campaigns = await twoCampaigns()
    const [, better] = campaigns
    const slow = new HeldRouter(rig.link, seen, SHARDS)
    const first = ask(slow, campaigns, how.replaceAll(' ', '-'), false)
    await until(() => slow.held, 'the first to be held up')
    // Its bids are of the past now: the second one's award is of another shard.
    const created_at = new Date(T0).toISOString()
    const quick = new Router(rig.link, seen, SHARDS)
    await ingest(quick, better, 50, { created_at, pricing_plan: 'Enterprise' })
    const second = await ask(quick, campaigns, how.replaceAll(' ', '-'), true).answer
    assert.ok(second instanceof Uint8Array, 'an award')
    slow.release()
    // It finds out that it was overtaken, asks all, and gives the award there is.
    assert.deepEqual(await first.answer, second)
    assert.equal(await awardsOf(how.replaceAll(' ', '-')), 1)
  })
}

test.run()
