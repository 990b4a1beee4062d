// Simulate: `leadbid simulate` as the contract has it. Small worlds are worked out on paper and
// must come out to the second.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PolicyResult } from '../../actors/simulation/result.ts'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { type Ran, runCli } from '../cli/run-cli.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import {
  aLead,
  aShift,
  CERTAIN,
  type HandMade,
  ONE_HOUR,
  type Row,
  writeHandMade,
} from '../worlds/hand-made.ts'

const test = suite('simulate', { deadlineMs: 120_000 })

/** Runs the command on a world, in a process of its own. */
async function simulated(world: HandMade, ...flags: string[]): Promise<Ran> {
  await using dir = await tempDir()
  const files = await writeHandMade(dir.path, world)
  return await spawned(['simulate', ...files, ...flags])
}

async function spawned(args: readonly string[]): Promise<Ran> {
  const file = join(PROJECT_DIR, 'gateway/cli/leadbid.mjs')
  return await new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** The same in this process, which is as good where only the results are of interest. */
async function resultsOf(world: HandMade, policy: string, ...flags: string[]) {
  await using dir = await tempDir()
  const files = await writeHandMade(dir.path, world)
  const ran = await runCli(['simulate', ...files, '--policy', policy, '--json', ...flags])
  assert.equal(ran.code, 0, ran.stderr)
  const { results }: { results: PolicyResult[] } = JSON.parse(ran.stdout)
  return results
}

async function resultOf(world: HandMade, policy: string, ...flags: string[]) {
  const [result] = await resultsOf(world, policy, ...flags)
  assert.ok(result)
  return result
}

test('A12: an hour that can be worked out on paper comes out to the second, by name of the contract', async () => {
  const { code, stdout, stderr } = await simulated(
    ONE_HOUR,
    '--policy',
    'fifo',
    '--seed',
    '1',
    '--json',
  )
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const { results } = JSON.parse(stdout)
  assert.equal(results.length, 1)
  const { idle_share, infeasible, ...result } = results[0]
  assert.deepEqual(result, {
    policy: 'fifo',
    conversions: 5,
    conversions_by_plan: { Starter: 2, Pro: 2, Enterprise: 1 },
    sla_by_customer: { '55': 0.8 },
    sla_overall: 0.8,
    // 0, 0, 170, 260 and 3,600 s.
    tat_p50_s: 170,
    tat_p90_s: 3600,
    calls: 6,
    stale_calls: 1,
  })
  // Five calls of 160 s, and the last minute of the hour; the rest of that call is not the shift's.
  assert.ok(Math.abs(idle_share - (1 - (5 * 160 + 60) / 3600)) < 1e-9, String(idle_share))
  // The contractor had time to spare: nobody is missing.
  assert.deepEqual(infeasible, {})
})

test('newest first calls the same leads in the order of that rule', async () => {
  const result = await resultOf(ONE_HOUR, 'lifo')
  // 2 at once, 3 at 09:02:40, 1 at 09:05:20: 10, 100 and 3,920 s; 4 and 5 as they come.
  assert.deepEqual([result.tat_p50_s, result.tat_p90_s], [10, 3920])
  assert.equal(result.conversions, 5)
})

test('earliest deadline first drops what is too late behind what is not', async () => {
  const result = await resultOf(ONE_HOUR, 'edf')
  assert.deepEqual([result.tat_p50_s, result.tat_p90_s], [10, 3920])
})

test('plan first serves the dearer plan, whoever waits', async () => {
  const world = {
    ...ONE_HOUR,
    leads: [aLead(1, '08:00:00'), aLead(2, '08:30:00', { pricing_plan: 'Enterprise' })],
    contractors: [aShift('09:00:00', '09:02:00')],
  }
  const result = await resultOf(world, 'plan')
  assert.deepEqual(result.conversions_by_plan, { Starter: 0, Pro: 0, Enterprise: 1 })
})

test('A19: who is not reached is called again 22 h after the call, not sooner', async () => {
  const truth = { ...CERTAIN, pickup: { live: [0, 1], stale: 1 } }
  const leads = [aLead(1, '09:00:10')]
  const tuesday = (to: string): Row =>
    aShift('', '', { from: '2026-01-06T06:00:00Z', to: `2026-01-06T${to}Z` })
  const monday = aShift('09:00:00', '10:00:00')
  const early = { leads, contractors: [monday, tuesday('07:00:10')], truth }
  const inTime = { leads, contractors: [monday, tuesday('07:00:11')], truth }
  const [before] = await resultsOf(early, 'index')
  const [after] = await resultsOf(inTime, 'index')
  assert.deepEqual([before?.calls, before?.conversions], [1, 0])
  assert.deepEqual([after?.calls, after?.conversions], [2, 1])
  // The first call was in time; a later one is no first call.
  assert.equal(after?.sla_overall, 1)
})

test('A20: four calls that reach nobody make a live lead stale', async () => {
  const days = ['05', '06', '07', '08', '09', '10'].map((day) =>
    aShift('', '', { from: `2026-01-${day}T09:00:00Z`, to: `2026-01-${day}T10:00:00Z` }),
  )
  const truth = { ...CERTAIN, pickup: { live: [0, 0, 0, 0], stale: 1 } }
  const world = { leads: [aLead(1, '09:00:00')], contractors: days, truth }
  const { calls, stale_calls } = await resultOf(world, 'index')
  assert.deepEqual({ calls, stale_calls }, { calls: 5, stale_calls: 1 })
})

test('a real outcome in the column `converts` stands in for the truth', async () => {
  const leads = [
    aLead(1, '09:00:00', { converts: 0 }),
    aLead(2, '09:10:00', { converts: 1 }),
    aLead(3, '09:20:00', { customer_id: 56, campaign_id: 5, converts: 1 }),
    aLead(4, '09:30:00', { customer_id: 56, campaign_id: 5, converts: '' }),
  ]
  // Of customer 56 nobody converts but who did; of 55 everybody would.
  const { conversion } = CERTAIN
  const truth = { ...CERTAIN, conversion: { ...conversion, bias: { '55': 50, '56': -50 } } }
  const contractors = [aShift('09:00:00', '10:00:00', { campaign_ids: '4;5' })]
  const { conversions } = await resultOf({ leads, contractors, truth }, 'index')
  assert.equal(conversions, 2)
})

test('campaigns are always open, or by the hours of a campaigns file', async () => {
  const days = [1, 2, 3, 4, 5, 6, 7]
  const noon = {
    campaign_id: 4,
    customer_id: 55,
    timezone: 'Asia/Kolkata',
    // 09:30 UTC.
    hours: [{ days, from: '15:00', to: '19:00' }],
  }
  const world = {
    leads: [aLead(1, '08:50:00')],
    contractors: [aShift('09:00:00', '10:00:00')],
    truth: CERTAIN,
  }
  assert.equal((await resultOf(world, 'index')).tat_p50_s, 600)
  assert.equal((await resultOf({ ...world, campaigns: [noon] }, 'index')).tat_p50_s, 2400)
})

test('a lead that comes while its campaign is closed wakes nobody for nothing', async () => {
  const hours = [{ days: [1], from: '09:30', to: '10:00' }]
  const campaigns = [{ campaign_id: 4, customer_id: 55, timezone: 'UTC', hours }]
  const contractors = [
    aShift('09:00:00', '10:00:00'),
    aShift('09:00:00', '10:00:00', { contractor_id: 2 }),
  ]
  const leads = [aLead(1, '09:10:00'), aLead(2, '09:20:00')]
  const result = await resultOf({ leads, contractors, truth: CERTAIN, campaigns }, 'index')
  // Both at 09:30, by one contractor each.
  assert.deepEqual([result.tat_p50_s, result.tat_p90_s], [600, 1200])
})

test('what is learnt from changes the order: nothing, outcomes or the truth', async () => {
  const coef = { '55': { city: { Pune: -20, Delhi: 20 }, source: {}, stage: {} } }
  const truth = { ...CERTAIN, conversion: { ...CERTAIN.conversion, bias: { '55': 0 }, coef } }
  const leads = [aLead(1, '08:58:00', { city: 'Pune' }), aLead(2, '08:59:00', { city: 'Delhi' })]
  const world = { leads, contractors: [aShift('09:00:00', '09:01:00')], truth }
  const none = await resultOf(world, 'score', '--learn-from', 'none')
  const known = await resultOf(world, 'score', '--learn-from', 'truth')
  const outcomes = await resultOf(world, 'score', '--learn-from', 'outcomes')
  assert.deepEqual([none.conversions, known.conversions, outcomes.conversions], [0, 1, 0])
})

test('a contractor may know campaigns without leads, and those alone', async () => {
  const contractors = [
    aShift('09:00:00', '10:00:00', { campaign_ids: '4;999' }),
    aShift('09:00:00', '10:00:00', { contractor_id: 2, campaign_ids: '999' }),
  ]
  const { conversions, idle_share } = await resultOf({ ...ONE_HOUR, contractors }, 'fifo')
  assert.equal(conversions, 5)
  assert.ok(Math.abs(idle_share - (1 - (5 * 160 + 60) / 7200)) < 1e-9)
})

test('who idles is asked when a lead falls due, also while somebody else talks past a lease', async () => {
  // Ringing for 200 s outlasts the lease of 90. Monday's miss falls due on Tuesday at 07:00:00,
  // while contractor 1 is still at the lead of 06:58.
  const truth = {
    ...CERTAIN,
    pickup: { live: [0, 1], stale: 1 },
    seconds: { ...CERTAIN.seconds, ring: 200 },
  }
  const tuesday = { from: '2026-01-06T06:30:00Z', to: '2026-01-06T07:01:00Z' }
  const contractors = [
    aShift('09:00:00', '10:00:00'),
    aShift('', '', tuesday),
    aShift('', '', { ...tuesday, contractor_id: 2 }),
  ]
  const second = { created_at: '2026-01-06T06:58:00Z', arrives_at: '2026-01-06T06:58:00Z' }
  const leads = [aLead(1, '09:00:00'), aLead(2, '', second)]
  const { calls, conversions } = await resultOf({ leads, contractors, truth }, 'index')
  assert.deepEqual({ calls, conversions }, { calls: 3, conversions: 1 })
})

/** A morning with chance in it: three customers' leads for two contractors. */
const MORNING: HandMade = {
  leads: Array.from({ length: 60 }, (_, i) =>
    aLead(i + 1, `09:${String(i).padStart(2, '0')}:00`, {
      campaign_id: 4 + (i % 3),
      customer_id: 55 + (i % 3),
      city: ['Delhi', 'Pune'][i % 2] ?? '',
    }),
  ),
  contractors: [
    aShift('09:00:00', '11:00:00', { campaign_ids: '4;5;6' }),
    aShift('09:00:00', '11:00:00', { contractor_id: 2, campaign_ids: '6' }),
  ],
  truth: {
    ...CERTAIN,
    pickup: { live: [0.5], stale: 0.2 },
    seconds: { ring: 30, wrap: 10, talk: { mean: 200, sigma: 0.8 } },
    conversion: { ...CERTAIN.conversion, bias: { '55': -0.5, '56': 0, '57': 0.5 } },
    decay: { kind: 'power', tau_min: 5, beta: 1 },
  },
}
const ALL = 'index,fifo,lifo,edf,score,plan'

test('the same seed is the same world, to the byte, and another seed another', async () => {
  const flags = ['--policy', ALL, '--json', '--seed']
  const [first, again, other] = await Promise.all([
    simulated(MORNING, ...flags, '7'),
    simulated(MORNING, ...flags, '7'),
    simulated(MORNING, ...flags, '8'),
  ])
  assert.equal(first.code, 0, first.stderr)
  assert.equal(first.stdout, again.stdout)
  assert.notEqual(first.stdout, other.stdout)
  const { results }: { results: PolicyResult[] } = JSON.parse(first.stdout)
  assert.deepEqual(results.map(({ policy }) => policy).join(), ALL)
})

test('a policy meets the same world, whatever runs beside it', async () => {
  const together = await resultsOf(MORNING, ALL, '--seed', '3')
  for (const result of together) {
    assert.deepEqual(await resultOf(MORNING, result.policy, '--seed', '3'), result)
  }
})

test('the report is one file; results and errors stay apart from progress', async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'report.html')
  const { code, stdout, stderr } = await simulated(
    MORNING,
    '--policy',
    'index,fifo',
    '--report',
    file,
  )
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.match(stdout, /^ +index +\d+/m)
  const page = await readFile(file, 'utf8')
  assert.match(page, /^<!doctype html>/i)
  assert.doesNotMatch(page, /(src|href)="(https?:)?\/\//)
})

test.run()
