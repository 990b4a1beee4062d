import assert from 'node:assert/strict'
import type { CustomerId } from '../../../actors/protocol/ids.ts'
import { type CustomerShown, TAT_BOUNDS_S } from '../../../actors/protocol/replies.ts'
import { createMetrics } from '../../../gateway/http/metrics.ts'
import { suite } from '../../support/suite.ts'

const test = suite('customer metrics')

function customer(id: number, share: number | null): CustomerShown {
  const le = Object.fromEntries(TAT_BOUNDS_S.map((bound) => [bound, bound < 1800 ? 1 : 3]))
  return {
    customer_id: id as CustomerId,
    campaigns: [],
    target: 0.9,
    sla_attained: { on_time: 3, late: 1, overdue: 2, share },
    oldest_live_age_s: share === null ? null : 42,
    tat_s: { count: 4, sum: 95_000, le },
  }
}

/** Lines of the page that are about customers. */
async function scrape(metrics: ReturnType<typeof createMetrics>): Promise<string[]> {
  const page = await metrics.registry.metrics()
  return page.split('\n').filter((line) => /^leadbid_.*\bcustomer="/.test(line))
}

test('A13: tat_seconds is a histogram by customer, as Prometheus has them', async () => {
  const metrics = createMetrics()
  metrics.customers(async () => [customer(55, 0.5)])
  const lines = (await scrape(metrics)).filter((line) => line.startsWith('leadbid_tat_seconds'))
  assert.equal(lines.length, TAT_BOUNDS_S.length + 3)
  const ours = (name: string) => lines.filter((line) => line.startsWith(name)).join()
  assert.match(ours('leadbid_tat_seconds_sum'), /^\S+\{customer="55"\} 95000$/)
  assert.match(ours('leadbid_tat_seconds_count'), /^\S+\{customer="55"\} 4$/)
  const buckets = lines.filter((line) => line.includes('_bucket'))
  const value = (le: string) =>
    buckets
      .find((line) => line.includes(`le="${le}"`))
      ?.split(' ')
      .at(-1)
  assert.deepEqual(['900', '1800', '86400', '+Inf'].map(value), ['1', '3', '3', '4'])
  assert.match(await metrics.registry.metrics(), /^# TYPE leadbid_tat_seconds histogram$/m)
  const asJson = await metrics.registry.getMetricsAsJSON()
  assert.ok(asJson.some(({ name }) => name === 'leadbid_tat_seconds'))
})

test('shares, aims, counts and ages are told by customer, and what there is none of is left out', async () => {
  const metrics = createMetrics()
  metrics.customers(async () => [customer(55, 0.5), customer(56, null)])
  const lines = await scrape(metrics)
  for (const line of [
    'leadbid_sla_attained_ratio{customer="55"} 0.5',
    'leadbid_sla_target_ratio{customer="56"} 0.9',
    'leadbid_oldest_live_age_seconds{customer="55"} 42',
    'leadbid_first_calls_today{customer="55",outcome="on_time"} 3',
    'leadbid_first_calls_today{customer="55",outcome="overdue"} 2',
  ]) {
    assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
  }
  assert.ok(!lines.some((line) => /^leadbid_(sla_attained|oldest).*"56"/.test(line)))
})

test('CM1: without an answer nothing is told, and CM2: a scrape asks once', async () => {
  const metrics = createMetrics()
  let asked = 0
  metrics.customers(async () => {
    asked++
    return null
  })
  assert.deepEqual(await scrape(metrics), [])
  assert.equal(asked, 1)
})

test.run()
