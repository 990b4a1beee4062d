// Naive suppressions: what breaks I4 is found by the log alone, and what only looks like it is not.

import assert from 'node:assert/strict'
import { type ContactId, shardOfContact } from '../../actors/protocol/contact.ts'
import { type Event, NO_CAMPAIGN } from '../../actors/protocol/events.ts'
import type { CustomerId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import { decodeRecord } from '../../actors/protocol/record.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { Findings } from '../../actors/shard/audit/findings.ts'
import { NaiveSpread } from '../../actors/shard/audit/naive-spread.ts'
import { NaiveSuppressions } from '../../actors/shard/audit/naive-suppressions.ts'
import { lastSeq, readWhole } from '../../actors/shard/audit/whole-log.ts'
import { suite } from '../support/suite.ts'
import { attempted, confirmed, contactIn } from './mutants-of-contacts.ts'
import {
  accountIn,
  decided,
  entryOf,
  heard,
  reached,
  revoked,
  SUPPRESSION_MUTANTS,
  suppressed,
} from './mutants-of-suppressions.ts'
import {
  accepted,
  CAMPAIGN,
  LATER,
  onFreshLog,
  otherCampaign,
  PlantedLog,
  SHARDS,
} from './planted-log.ts'

const test = suite('naive-suppressions')
const SOON = LATER + 1000
let link: Link

onFreshLog(test, (found) => {
  link = found.link
})

/** The log held to I4 alone, shard by shard and as a whole. */
async function judged(): Promise<Findings> {
  const findings = new Findings()
  const spread = new NaiveSpread(findings)
  const shards = Array.from({ length: SHARDS }, (_, id) => new NaiveSuppressions(id, findings))
  for await (const { seq, bytes } of readWhole(link, { untilSeq: await lastSeq(link) })) {
    const record = decodeRecord(bytes)
    spread.follow(record, seq)
    shards[record.shard]?.follow(record)
  }
  return findings
}

function told({ violations }: Findings): string {
  return violations.map((v) => `${v.invariant} seq ${v.seq}: ${v.detail}`).join('\n')
}

for (const [name, invariant, plant] of SUPPRESSION_MUTANTS) {
  if (invariant !== 'I4') continue // The chain's, see audit.test.ts.
  test(`finds ${name}`, async () => {
    const seq = await plant(new PlantedLog(link))
    const findings = await judged()
    assert.ok(
      findings.violations.some((found) => found.seq === seq),
      `nothing found at ${seq}, only:\n${told(findings)}`,
    )
  })
}

/** A log that breaks nothing: what is found is a false alarm. */
function legal(name: string, plant: (planted: PlantedLog) => Promise<unknown>): void {
  test(`passes ${name}`, async () => {
    await plant(new PlantedLog(link))
    const findings = await judged()
    assert.equal(told(findings), '')
    assert.ok(findings.checked.I4 > 0)
  })
}

/** The other shard's log, and a phone that is judged there. */
async function elsewhere() {
  const other = new PlantedLog(link, otherCampaign())
  await other.claim()
  return { other, phone: contactIn(other) }
}

function restored(lead: number, at: number, kind: 'phone' | 'account'): Event {
  const lifted = { kind, by: 'suppression', reason: 'lifted' } as const
  return { type: 'lead.restored', campaign_id: CAMPAIGN, lead_id: lead as LeadId, at, ...lifted }
}

function updated(lead: number, at: number, phone: ContactId): Event {
  const changes = { phone_hash: phone as number, revision: 2 }
  return { type: 'lead.updated', campaign_id: CAMPAIGN, lead_id: lead as LeadId, at, changes }
}

legal(
  'a suppression of another shard, its lease revoked, and a call after it was lifted',
  async (planted) => {
    const { other, phone } = await elsewhere()
    await planted.begin({})
    await planted.append([accepted(101, { phone_hash: phone })])
    const award = planted.award(101, LATER)
    await planted.append([award])
    const added = entryOf(other.shard, phone)
    await other.append([decided(added)])
    await planted.append([heard(added)])
    await planted.append([revoked(award, 101, LATER), suppressed(101, LATER, 'phone')])
    const removed = entryOf(other.shard, phone, { n: 2, op: 'remove', at: SOON })
    await other.append([decided(removed)])
    await planted.append([heard(removed), restored(101, SOON, 'phone')])
    const again = planted.award(101, SOON)
    await planted.append([again])
    await other.append([attempted(phone, again.award_id, SOON)])
    await planted.append([confirmed(again, 101, SOON, phone)])
  },
)

legal('an account that is suppressed for another customer', async (planted) => {
  const account = accountIn(planted)
  await planted.begin({})
  await planted.append([
    accepted(101, { account_hash: 0 - account }),
    decided(entryOf(planted.shard, account, { customer: 8 as CustomerId })),
  ])
  const award = planted.award(101, LATER)
  await planted.append([award, attempted(account, award.award_id, SOON)])
  await planted.append([confirmed(award, 101, SOON, account)])
})

legal('G13: a lead that has got another phone than the suppressed one', async (planted) => {
  const phone = contactIn(planted)
  const fresh = contactIn(planted, phone)
  await planted.begin({})
  await planted.append([accepted(101, { phone_hash: phone })])
  await planted.append([decided(entryOf(planted.shard, phone)), suppressed(101, LATER, 'phone')])
  await planted.append([updated(101, SOON, fresh), restored(101, SOON, 'phone')])
  await planted.append([attempted(fresh, 't-1', SOON), reached(101, SOON, fresh)])
})

legal(
  'a call that was allowed before the suppression and confirmed before it was heard of',
  async (planted) => {
    const { other, phone } = await elsewhere()
    await planted.begin({})
    await planted.append([accepted(101, { phone_hash: phone })])
    const award = planted.award(101, LATER)
    await planted.append([award])
    const entry = entryOf(other.shard, phone)
    await other.append([attempted(phone, award.award_id, LATER)])
    await other.append([decided(entry)])
    await planted.append([confirmed(award, 101, LATER, phone)])
    await planted.append([heard(entry), revoked(award, 101, SOON), suppressed(101, SOON, 'phone')])
  },
)

legal('an attempt of before, told afterwards', async (planted) => {
  const phone = contactIn(planted)
  await planted.begin({})
  await planted.append([decided(entryOf(planted.shard, phone))])
  const {
    rules: _,
    zone: __,
    ...afterwards
  } = attempted(phone, 'd-1', SOON) as Event & {
    rules: unknown
    zone: unknown
  } // It is of contact.attempted, which has both.
  await planted.append([afterwards as Event])
})

legal('a lead that a new owner suppresses before it serves', async (planted) => {
  const phone = contactIn(planted)
  await planted.begin({})
  await planted.append([accepted(101, { phone_hash: phone })])
  await planted.append([decided(entryOf(planted.shard, phone))])
  Object.assign(planted, { epoch: 2, host: 'h2' })
  await planted.claim()
  await planted.append([decided(entryOf(planted.shard, accountIn(planted), { n: 2 }))])
  await planted.append([suppressed(101, SOON, 'phone')])
  await planted.append([accepted(102, {}, SOON)])
})

legal('a campaign that is quarantined: it is folded anew before it is used', async (planted) => {
  const phone = contactIn(planted)
  await planted.begin({})
  const reason = 'planted'
  await planted.append([
    accepted(101, { phone_hash: phone }),
    { type: 'campaign.quarantined', campaign_id: CAMPAIGN, at: LATER, reason },
  ])
  await planted.append([decided(entryOf(planted.shard, phone))])
  await planted.append([
    { type: 'campaign.requeued', campaign_id: CAMPAIGN, at: SOON },
    suppressed(101, SOON, 'phone'),
  ])
})

test('finds an entry that differs from what its shard decided, and one heard before it was', async () => {
  const planted = new PlantedLog(link)
  const { other, phone } = await elsewhere()
  await planted.begin({})
  const first = entryOf(other.shard, phone)
  const second = entryOf(other.shard, contactIn(other, phone), { n: 2 })
  await other.append([decided(first)])
  const differs = await planted.append([heard({ ...first, customer: 7 as CustomerId })])
  const early = await planted.append([heard(second)])
  await other.append([decided(second)])
  const { violations } = await judged()
  assert.deepEqual(
    violations.map(({ seq }) => seq),
    [differs, early],
  )
})

test('finds what lies in the wrong log: a decision heard of by who made it', async () => {
  const planted = new PlantedLog(link)
  const phone = contactIn(planted)
  assert.equal(shardOfContact(phone, SHARDS), planted.shard)
  await planted.begin({})
  const entry = entryOf(planted.shard, phone)
  const own = await planted.append([heard(entry)])
  const foreign = await planted.append([
    { ...decided(entryOf((1 - planted.shard) as ShardId, phone)), campaign_id: NO_CAMPAIGN },
  ])
  const seqs = (await judged()).violations.map(({ seq }) => seq)
  assert.ok(seqs.includes(own) && seqs.includes(foreign), seqs.join())
})

test.run()
