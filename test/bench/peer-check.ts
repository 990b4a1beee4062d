// Peer check: whether a contender does the work right, at a size that takes a moment. Times are not
// looked at.
//
//   PC1. One at a time, a contender whose order is fixed gives the best of the campaigns named.
//   PC2. Asked by several at once until nothing is left, it gives each lead exactly once.
//   PC3. Then it says that there is none.

import assert from 'node:assert/strict'
import { keyOf, runLoop } from './loops.ts'
import type { Contender, Driver } from './peers/contender.ts'
import { Stock } from './stock.ts'
import { requests, scoreOf } from './work.ts'

export const CHECK_WORLD = { campaigns: 6, shards: 2, hosts: 1 }
const { campaigns } = CHECK_WORLD
const ALL = Array.from({ length: campaigns }, (_, i) => i + 1)
const LEADS = 180
const ALONE = 40
const TOGETHER = 16

/** Throws when the contender does not do the work right; `ordered`: by scores that never change. */
export async function checkPeer(
  contender: Pick<Contender, 'fill' | 'settle'>,
  driver: Driver,
  { ordered, seconds = 20 }: { ordered: boolean; seconds?: number },
): Promise<void> {
  const stock = new Stock(campaigns, LEADS)
  await contender.fill(stock.toppedUp())
  await contender.settle()
  const alone = await oneAtATime(driver, ordered)
  const rest = await runLoop(driver, {
    loop: 'closed',
    campaigns,
    asked: campaigns,
    inFlight: TOGETHER,
    warmSeconds: 0,
    seconds,
    takeMax: LEADS - ALONE,
    seed: 1,
  })
  assert.deepEqual(stock.note([...alone, ...rest.taken]), [])
  const given = alone.length + rest.taken.length
  assert.equal(given, LEADS, `leads given in all; answers ${JSON.stringify(rest.types)}`)
  assert.equal((await driver.claim(ALL)).type, 'no_lead')
}

/** A few requests one after the other; returns the leads they got. */
async function oneAtATime(driver: Driver, ordered: boolean): Promise<number[]> {
  const ready = new Map(ALL.map((campaign) => [campaign, scoresOf(campaign)]))
  const taken: number[] = []
  for (const asked of requests({ campaigns, asked: 3, count: ALONE, seed: 7 })) {
    const { type, campaign = 0, id = 0 } = await driver.claim(asked)
    assert.equal(type, 'award')
    assert.ok(asked.includes(campaign), `campaign ${campaign} was not among ${asked}`)
    taken.push(keyOf(campaign, id))
    const best = Math.max(...asked.map((each) => ready.get(each)?.[0] ?? -1))
    if (ordered) assert.equal(scoreOf(campaign, id), best, `the best of campaigns ${asked}`)
    ready.get(campaign)?.shift()
  }
  return taken
}

/** The scores of a campaign's leads, best first. */
function scoresOf(campaign: number): number[] {
  const scores = Array.from({ length: LEADS / campaigns }, (_, i) => scoreOf(campaign, i + 1))
  return scores.sort((a, b) => b - a)
}
