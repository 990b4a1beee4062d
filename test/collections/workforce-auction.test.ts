import assert from 'node:assert/strict'
import type { CampaignAnswer } from '../../actors/protocol/commands.ts'
import type { CampaignId, ContractorId, CustomerId } from '../../actors/protocol/ids.ts'
import { heardBy } from '../../actors/protocol/order.ts'
import type { Tags } from '../../actors/protocol/workforce.ts'
import { Pending } from '../../gateway/auction/pending.ts'
import { suite } from '../support/suite.ts'

const test = suite('tags in the auction')

function bids(campaign: number, customer: number, cycle?: string): CampaignAnswer {
  return {
    type: 'bids',
    campaign: campaign as CampaignId,
    customer: customer as CustomerId,
    bids: [[2, 0.5]],
    served_at: 0,
    ...(cycle === undefined ? {} : { cycle }),
  }
}

function pending(campaigns: number[], tags?: Tags): Pending {
  const request = {
    contractor: 1000 as ContractorId,
    campaigns: campaigns as CampaignId[],
    retry: false,
  }
  return new Pending({ request, encoding: 'json', tags }, 0, () => {})
}

const HDFC_JANUARY: Tags = { customer_ids: [55 as CustomerId], cycles: ['2026-01'] }

test('B9: a bid is heard by those who may serve it, and by everybody without tags', () => {
  const january = bids(4, 55, '2026-01')
  assert.equal(heardBy(undefined, january), january)
  assert.equal(heardBy(HDFC_JANUARY, january), january)
  for (const other of [bids(5, 56, '2026-01'), bids(6, 55, '2026-02'), bids(7, 55)]) {
    assert.deepEqual(heardBy(HDFC_JANUARY, other), {
      type: 'refusal',
      campaign: other.campaign,
      reasons: { not_tagged: 1 },
      next_eligible_at: null,
    })
    assert.equal(heardBy(undefined, other), other)
  }
})

test('what is no bid is heard as it is, whatever the tags', () => {
  const campaign = 4 as CampaignId
  const others: CampaignAnswer[] = [
    { type: 'refusal', campaign, reasons: { leased: 2 }, next_eligible_at: 5 },
    { type: 'unknown', campaign },
    { type: 'moved', campaign },
  ]
  for (const answer of others) assert.equal(heardBy({ customer_ids: [] }, answer), answer)
})

test('B9: campaigns an agent is not tagged to are counted in an empty answer', () => {
  const asking = pending([4, 5, 6], HDFC_JANUARY)
  for (const answer of [bids(4, 55), bids(5, 56)]) {
    asking.answers.add(heardBy(asking.tags, answer))
  }
  const reasons = { not_due: 3 }
  asking.answers.add({
    type: 'refusal',
    campaign: 6 as CampaignId,
    reasons,
    next_eligible_at: 60_000,
  })
  assert.ok(asking.answers.complete && !asking.answers.hasBids)
  const said = asking.noLead(0)
  assert.deepEqual(said.reasons, { not_tagged: 2, not_due: 3 })
  assert.deepEqual([said.asked, said.answered], [3, 3])
})

test('a host that serves a request alone is told the tags, where there are any', () => {
  assert.deepEqual(pending([4], HDFC_JANUARY).whole().tags, HDFC_JANUARY)
  assert.ok(!('tags' in pending([4]).whole()))
})

test.run()
