import assert from 'node:assert/strict'
import type { Bid, CampaignAnswer } from '../../actors/protocol/commands.ts'
import type { CampaignId, ContractorId, CustomerId, RequestId } from '../../actors/protocol/ids.ts'
import { Answers, type Ask, lotOf, makeOrder } from '../../actors/protocol/order.ts'
import { suite } from '../support/suite.ts'

const test = suite('order')

const campaigns = [4, 7, 9] as CampaignId[]
const [FOUR, SEVEN, NINE] = campaigns as [CampaignId, CampaignId, CampaignId]
const ask: Ask = {
  campaigns,
  contractor: 12 as ContractorId,
  request: 'r-1' as RequestId,
  body: 99,
  encoding: 'json',
  ballot: 0,
}

function bids(campaign: CampaignId, ...some: Bid[]): Extract<CampaignAnswer, { type: 'bids' }> {
  return { type: 'bids', campaign, customer: 55 as CustomerId, bids: some, served_at: 0 }
}

function answersOf(...some: CampaignAnswer[]): Answers {
  const answers = new Answers(campaigns)
  for (const answer of some) answers.add(answer)
  return answers
}

test('asked and answered count known campaigns; one that moved has not answered', () => {
  const answers = answersOf(
    bids(FOUR, [2, 1]),
    { type: 'moved', campaign: SEVEN },
    { type: 'unknown', campaign: NINE },
  )
  assert.deepEqual(answers.tally, { asked: 2, answered: 1 })
  assert.deepEqual(answers.unknown, [NINE])
  assert.deepEqual([answers.complete, answers.hasBids], [false, true])
  const reasons = { empty: 1 }
  answers.add({ type: 'refusal', campaign: SEVEN, reasons, next_eligible_at: null })
  assert.deepEqual([answers.complete, answers.tally], [true, { asked: 2, answered: 2 }])
})

/** The order to campaign 4, where these bid. */
function orderOf(some: Extract<CampaignAnswer, { type: 'bids' }>[], chance = 1) {
  const lots = some.map((answer) => lotOf(answer))
  const [first] = lots
  assert.ok(first !== undefined)
  first.used = 1 // It was matched.
  return makeOrder(ask, answersOf(...some), { lots }, first, () => chance)
}

test('an order carries the request, and the runner-up’s bid as what the award must still reach', () => {
  const order = orderOf([bids(FOUR, [2, 9], [2, 8]), bids(SEVEN, [2, 5]), bids(NINE, [1, 7])])
  const { digest, ...rest } = order
  assert.deepEqual(rest, {
    campaign: 4,
    contractor: 12,
    request: 'r-1',
    body: 99,
    encoding: 'json',
    ballot: 0,
    reserve: [2, 5],
    runner_up: { campaign_id: 7, class: 2, score: 5 },
    asked: 3,
    answered: 3,
    unknown: [],
  })
  assert.equal(digest, digest >>> 0)
})

test('alone in its bid a campaign has nobody’s score to reach', () => {
  const { reserve, runner_up } = orderOf([bids(FOUR, [2, 9]), bids(SEVEN)])
  assert.deepEqual([reserve, runner_up], [null, null])
})

test('I11: the digest tells any other bid apart, and one award in a hundred keeps them all', () => {
  const digests = [
    orderOf([bids(FOUR, [2, 9]), bids(SEVEN, [2, 5])]),
    orderOf([bids(FOUR, [2, 9]), bids(SEVEN, [1, 5])]),
    orderOf([bids(FOUR, [2, 9]), bids(SEVEN, [2, 5.000000000000001])]),
    orderOf([bids(FOUR, [2, 9]), bids(NINE, [2, 5])]),
    orderOf([bids(FOUR, [2, 9])]),
  ].map(({ digest }) => digest)
  assert.equal(new Set(digests).size, digests.length)
  const both = [bids(FOUR, [2, 9], [2, 8]), bids(SEVEN, [2, 5])]
  assert.deepEqual(orderOf(both, 0.0099).bids, [
    [4, 2, 9],
    [7, 2, 5],
  ])
  assert.equal(orderOf(both, 0.01).bids, undefined)
})

test.run()
