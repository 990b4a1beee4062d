import assert from 'node:assert/strict'
import type { FloorShown } from '../../../actors/protocol/dialling.ts'
import type { CampaignId } from '../../../actors/protocol/ids.ts'
import { createMetrics } from '../../../gateway/http/metrics.ts'
import { suite } from '../../support/suite.ts'

const test = suite('dialling metrics')

const floor: FloorShown = {
  campaign_id: 7 as CampaignId,
  agents: 10,
  idle: 3,
  ceiling: 20,
  lines: 12,
  ringing: 5,
  live: 7,
  answer_rate: 0.3,
  answered: 200,
  abandoned: 2,
  abandoned_share: 0.01,
}

async function scrape(metrics: ReturnType<typeof createMetrics>): Promise<string[]> {
  const page = await metrics.registry.metrics()
  return page.split('\n').filter((line) => /^leadbid_dialling_/.test(line))
}

test('lines, agents and what was abandoned are told by campaign', async () => {
  const metrics = createMetrics()
  metrics.floors(async () => [floor, { ...floor, campaign_id: 8 as CampaignId, agents: 2 }])
  const lines = await scrape(metrics)
  for (const line of [
    'leadbid_dialling_agents{campaign="7"} 10',
    'leadbid_dialling_agents{campaign="8"} 2',
    'leadbid_dialling_idle_agents{campaign="7"} 3',
    'leadbid_dialling_lines{campaign="7"} 12',
    'leadbid_dialling_lines_limit{campaign="7"} 20',
    'leadbid_dialling_answer_ratio{campaign="7"} 0.3',
    'leadbid_dialling_abandoned_ratio{campaign="7"} 0.01',
  ]) {
    assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
  }
})

test('what nobody knows is left out', async () => {
  const metrics = createMetrics()
  assert.deepEqual(await scrape(metrics), [])
  metrics.floors(async () => [{ ...floor, abandoned_share: null }])
  assert.ok(!(await scrape(metrics)).some((line) => line.includes('abandoned')))
})

test.run()
