// Peers: every contender that can run here does the work right, and the check that says so finds
// those who do not. Nothing is asserted of times.

import assert from 'node:assert/strict'
import { suite } from '../support/suite.ts'
import { CHECK_WORLD, checkPeer } from './peer-check.ts'
import { CONTENDERS, OURS } from './peers/all.ts'
import type { Contender, Driver } from './peers/contender.ts'
import { connectDriver } from './peers/drivers.ts'
import { leadsOf } from './work.ts'

const test = suite('bench peers', { deadlineMs: 60_000 })

/** What each must say of itself for “synced before the reply” to be true. */
const DURABLE: Readonly<Record<string, Record<string, string>>> = {
  leadbid: { sync_always: 'true' },
  'redis-always': { appendonly: 'yes', appendfsync: 'always' },
  'redis-everysec': { appendonly: 'yes', appendfsync: 'everysec' },
  postgres: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' },
  bullmq: { appendfsync: 'always' },
}

for (const [name, kind] of CONTENDERS) {
  test(`${name} gives each lead once, and the best first where its order is fixed`, async () => {
    const why = kind.missing()
    if (why !== null) {
      // Ours and NATS are always there; of the others a machine may lack some.
      assert.ok(![OURS, 'echo', 'relay'].includes(name), why)
      assert.match(why, /apt-get install/)
      console.log(`left out: ${name}, ${why}`)
      return
    }
    await using contender = await kind.start(CHECK_WORLD)
    const settings = await contender.settings()
    for (const [setting, value] of Object.entries(DURABLE[name] ?? {})) {
      assert.equal(settings[setting], value, setting)
    }
    const driver = await connectDriver(contender.driver)
    try {
      // Ours scores leads anew at each request: its order is judged by the audit, not here.
      if (kind.hasLeads) await checkPeer(contender, driver, { ordered: name !== OURS })
      else assert.deepEqual(await driver.claim([1, 2, 3]), { type: 'done' })
    } finally {
      await driver.close()
    }
  })
}

interface Ready {
  campaign: number
  id: number
  score: number
}

/** A contender in this process, with a fault planted: `pick` chooses among what is ready and named. */
function planted(
  pick: (named: Ready[], all: Ready[], turn: number) => Ready | undefined,
  take: (ready: Ready[], lead: Ready, turn: number) => void = remove,
): { contender: Pick<Contender, 'fill' | 'settle'>; driver: Driver } {
  const ready: Ready[] = []
  let turn = 0
  const contender = {
    async fill(batches: Parameters<Contender['fill']>[0]) {
      for (const batch of batches) ready.push(...leadsOf(batch, Date.now()))
      ready.sort((a, b) => b.score - a.score)
    },
    settle: async () => {},
  }
  const driver: Driver = {
    async claim(campaigns) {
      const named = ready.filter(({ campaign }) => campaigns.includes(campaign))
      const lead = pick(named, ready, ++turn)
      if (lead === undefined) return { type: 'no_lead' }
      take(ready, lead, turn)
      return { type: 'award', campaign: lead.campaign, id: lead.id }
    },
    close: async () => {},
  }
  return { contender, driver }
}

function remove(ready: Ready[], lead: Ready): void {
  ready.splice(ready.indexOf(lead), 1)
}

test('the check passes who does the work right, and no one else', async () => {
  const first = (named: Ready[]) => named[0]
  const check = async ({ contender, driver }: ReturnType<typeof planted>, ordered = true) =>
    await checkPeer(contender, driver, { ordered, seconds: 0.5 })

  await check(planted(first))
  await assert.rejects(check(planted((named) => named.at(-1))), /the best of campaigns/)
  await check(
    planted((named) => named.at(-1)),
    false,
  )
  await assert.rejects(
    check(planted((named, all) => named[0] ?? all[0], keepingEvery(50))),
    /was given twice/,
  )
  await assert.rejects(check(planted((_, all) => all[0])), /was not among/)
  await assert.rejects(
    check(planted((named, all, turn) => (turn > 60 && all.length < 5 ? undefined : named[0]))),
    /leads given in all/,
  )
  await assert.rejects(
    check(planted((named, _, turn) => named[0] ?? { campaign: 1, id: turn, score: 0 })),
    /was never taken in/,
  )
})

/** Leaves every n-th lead where it was. */
function keepingEvery(n: number) {
  return (ready: Ready[], lead: Ready, turn: number) => {
    if (turn % n !== 0) remove(ready, lead)
  }
}

test.run()
