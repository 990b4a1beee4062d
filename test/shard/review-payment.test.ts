// Payments that are sent again, or come two at a time: each counts once, and what is left to pay
// decides who is not called again.

import assert from 'node:assert/strict'
import type { Payment } from '../../actors/protocol/commands.ts'
import type { CampaignId, CustomerId, LeadId } from '../../actors/protocol/ids.ts'
import { suite } from '../support/suite.ts'
import { ask, execute, ingest, lead, order, takeAwards } from './asked.ts'
import { settingsOf } from './planted-log.ts'
import { type Owner, Rig } from './rig.ts'

const test = suite('payments reviewed')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

type Desk = Owner & { campaign: CampaignId }

/** A shard with a campaign and so many leads of one account, 1,000 due on each. */
async function owing(leads = 1): Promise<Desk> {
  const { id, campaign } = rig.next()
  const owner = await rig.own(id)
  const settings = settingsOf({
    campaign_id: campaign,
    customer_id: 7 as CustomerId,
    kind: 'collections',
  })
  await ask(owner.shard, { type: 'campaign.put', settings })
  for (let i = 1; i <= leads; i++) {
    const fields = { account_no: 'LN1', amount_due: 1000 }
    await ingest(owner.shard, [lead(campaign, i, fields)])
  }
  return { ...owner, campaign }
}

async function pay({ shard, campaign }: Desk, payment_id: string, amount: number, all = false) {
  const of: Payment['of'] = all
    ? { customer: 7 as CustomerId, account: rig.vault.hash('LN1') }
    : { campaign, lead: 1 as LeadId }
  const payment = { payment_id, amount, of, paid_at: null, closes: null }
  const answer = await execute(shard, { type: 'payment', payment })
  assert.ok(answer.type === 'reply' && answer.reply.type === 'paid', JSON.stringify(answer))
  return answer.reply.leads.map(({ amount_due, closed, already }) => ({
    amount_due,
    closed,
    ...(already === undefined ? {} : { already }),
  }))
}

function stateOf({ state, campaign }: Desk, id = 1): string {
  const found = state.campaigns.get(campaign) ?? assert.fail('no campaign')
  return found.stateOf(found.leads.row(id as LeadId) as number) // The lead was accepted.
}

test('PY1: a part that is paid and told twice does not close the account', async () => {
  const desk = await owing()
  assert.deepEqual(await pay(desk, 'a', 600), [{ amount_due: 400, closed: false }])
  const again = await pay(desk, 'a', 600)
  assert.deepEqual(again, [{ amount_due: 400, closed: false, already: true }])
  assert.equal(stateOf(desk), 'waiting')
})

test('PY2: of two parts that come at once the one that closes the account suppresses it', async () => {
  const desk = await owing()
  const paid = await Promise.all([pay(desk, 'a', 600), pay(desk, 'b', 600)])
  assert.deepEqual(
    paid
      .flat()
      .map(({ closed }) => closed)
      .sort(),
    [false, true],
  )
  assert.equal(stateOf(desk), 'suppressed')
  assert.deepEqual(await takeAwards(desk.shard, [order(desk.campaign)]), [])
})

test('a payment on an account counts on each of its leads, once', async () => {
  const desk = await owing(2)
  const left = { amount_due: 700, closed: false }
  assert.deepEqual(await pay(desk, 'a', 300, true), [left, left])
  const again = { ...left, already: true }
  assert.deepEqual(await pay(desk, 'a', 300, true), [again, again])
  assert.equal(desk.state.hash(), (await rig.replay(desk.state.shard)).hash())
})

test('a payment a quarantined campaign cannot book is not told as booked', async () => {
  const desk = await owing()
  const campaign = desk.state.campaigns.get(desk.campaign) ?? assert.fail('no campaign')
  campaign.quarantined = 'poison'
  const payment: Payment = {
    payment_id: 'a',
    amount: 300,
    of: { campaign: desk.campaign, lead: 1 as LeadId },
    paid_at: null,
    closes: null,
  }
  const answer = await execute(desk.shard, { type: 'payment', payment })
  assert.ok(answer.type === 'reply' && answer.reply.type === 'error')
  assert.equal(answer.reply.code, 'QUARANTINED')
})

test.run()
