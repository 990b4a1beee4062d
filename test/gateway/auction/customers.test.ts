import assert from 'node:assert/strict'
import { Campaign } from '../../../actors/campaign/campaign.ts'
import { campaignShown } from '../../../actors/campaign/view.ts'
import type { CampaignShown } from '../../../actors/protocol/replies.ts'
import { settingsSchema, withZone } from '../../../actors/protocol/settings.ts'
import { customersOf } from '../../../gateway/auction/customers.ts'
import { suite } from '../../support/suite.ts'

const test = suite('customers')

function shown(campaign_id: number, customer_id: number, more: Partial<CampaignShown>) {
  const settings = withZone(settingsSchema.parse({ campaign_id, customer_id }), 'UTC')
  return { ...campaignShown(new Campaign(settings), 0), ...more }
}

const attained = (on_time: number, late: number, overdue: number) => ({
  sla_attained: { on_time, late, overdue, share: null },
})

test('G7: a customer’s campaigns add up, whatever shards they came from', () => {
  const sla = (target: number) => ({ sla: { minutes: 30, target } })
  const customers = customersOf([
    shown(9, 55, { ...attained(6, 1, 0), ...sla(0.8), oldest_live_age_s: 10 }),
    shown(4, 55, { ...attained(3, 0, 2), ...sla(0.95), oldest_live_age_s: 700 }),
    shown(7, 12, { ...attained(0, 0, 0) }),
  ])
  const [small, large] = customers
  assert.equal(customers.length, 2)
  assert.deepEqual([small?.customer_id, large?.customer_id], [12, 55])
  assert.deepEqual(small?.sla_attained, { on_time: 0, late: 0, overdue: 0, share: null })
  assert.equal(small?.oldest_live_age_s, null)
  assert.deepEqual(large?.campaigns, [4, 9])
  assert.deepEqual(large?.sla_attained, { on_time: 9, late: 1, overdue: 2, share: 9 / 12 })
  assert.equal(large?.target, 0.95, 'the stricter aim of the two')
  assert.equal(large?.oldest_live_age_s, 700)
})

test('A13: turn-around times of a customer’s campaigns add up bound by bound', () => {
  const tat = (under: number, over: number) => {
    const { tat_s } = shown(1, 55, {})
    const le = { ...tat_s.le, 1800: under, 3600: under, 86400: under }
    return { tat_s: { count: under + over, sum: 100 * under + 90_000 * over, le } }
  }
  const [customer] = customersOf([shown(1, 55, tat(3, 1)), shown(2, 55, tat(4, 0))])
  assert.ok(customer)
  const { count, sum, le } = customer.tat_s
  assert.deepEqual([count, sum, le[60], le[1800], le[86_400]], [8, 90_700, 0, 7, 7])
})

test.run()
