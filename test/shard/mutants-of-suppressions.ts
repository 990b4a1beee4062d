// Mutants of suppressions: logs in which somebody is offered or called who must not be, or of whom a
// shard has not heard.

import { type ContactId, contactOf, shardOfContact } from '../../actors/protocol/contact.ts'
import { type Event, NO_CAMPAIGN } from '../../actors/protocol/events.ts'
import type { AwardId, CustomerId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import type { SuppressionEntry } from '../../actors/protocol/suppression.ts'
import { attempted, confirmed, contactIn } from './mutants-of-contacts.ts'
import {
  about,
  accepted,
  CAMPAIGN,
  disposed,
  LATER,
  type Mutant,
  over,
  type PlantedLog,
  SHARDS,
} from './planted-log.ts'

/** The account of such a contact that lives in the log's own shard. */
export function accountIn(planted: PlantedLog): ContactId {
  for (let hash = 901; ; hash++) {
    const contact = contactOf(0, hash) as ContactId // The hash is not 0.
    if (shardOfContact(contact, SHARDS) === planted.shard) return contact
  }
}

export function entryOf(
  from: ShardId,
  contact: ContactId,
  own: Partial<SuppressionEntry> = {},
): SuppressionEntry {
  return {
    from,
    n: 1,
    op: 'add',
    kind: contact > 0 ? 'phone' : 'account',
    contact,
    customer: 0 as CustomerId,
    at: LATER,
    by: 'asha',
    reason: 'PAID',
    campaign: NO_CAMPAIGN,
    ...own,
  }
}

/** What the contact's own shard journals. */
export function decided(entry: SuppressionEntry): Event {
  const type = entry.op === 'add' ? 'suppression.added' : 'suppression.removed'
  return { type, campaign_id: NO_CAMPAIGN, at: entry.at, entry }
}

/** What every other shard journals. */
export function heard(entry: SuppressionEntry): Event {
  return { type: 'suppression.heard', campaign_id: NO_CAMPAIGN, at: entry.at, entry }
}

export function suppressed(lead: number, at: number, kind: 'phone' | 'account' | 'lead'): Event {
  const who = { kind, by: 'asha', reason: 'PAID' }
  return { type: 'lead.suppressed', campaign_id: CAMPAIGN, lead_id: lead as LeadId, at, ...who }
}

/** What the engine does with an open lease: it ends with its lead. */
export function revoked(award: { award_id: AwardId }, lead: number, at: number): Event {
  const named = about(award, lead, at)
  return { type: 'lead.revoked', ...named, reason: 'suppressed', rule: 'suppression' }
}

export function reached(lead: number, at: number, contact: ContactId | 0, id = 't-1'): Event {
  return {
    type: 'lead.attempted',
    campaign_id: CAMPAIGN,
    lead_id: lead as LeadId,
    at,
    attempt_id: id,
    channel: 'sms',
    contractor_id: null,
    contact,
  }
}

/** A lead with a phone and an account that both live here, and no award yet. */
async function begin(planted: PlantedLog) {
  const phone = contactIn(planted)
  const account = accountIn(planted)
  await planted.begin({})
  await planted.append([accepted(101, { phone_hash: phone, account_hash: 0 - account })])
  return { phone, account }
}

/** Suppresses the lead's phone as the engine does. */
async function unsubscribe(planted: PlantedLog, contact: ContactId): Promise<void> {
  const kind = contact > 0 ? 'phone' : 'account'
  await planted.append([decided(entryOf(planted.shard, contact)), suppressed(101, LATER, kind)])
}

const SOON = LATER + 1000

export const SUPPRESSION_MUTANTS: readonly Mutant[] = [
  [
    'an award of a lead whose phone is suppressed',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await planted.append([decided(entryOf(planted.shard, phone))])
      return planted.append([planted.award(101, SOON)])
    },
  ],
  [
    'an award of a lead that came in with an account suppressed for its customer',
    'I4',
    async (planted) => {
      const account = accountIn(planted)
      await planted.begin({})
      const customer = 7 as CustomerId
      await planted.append([decided(entryOf(planted.shard, account, { customer }))])
      await planted.append([accepted(101, { account_hash: 0 - account }, SOON)])
      return planted.append([planted.award(101, SOON)])
    },
  ],
  [
    'an award of a lead that was given a suppressed phone',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await planted.append([
        decided(entryOf(planted.shard, phone)),
        suppressed(101, LATER, 'phone'),
      ])
      const changes = { phone_hash: phone, revision: 2 }
      const other: Event = {
        type: 'lead.updated',
        campaign_id: CAMPAIGN,
        lead_id: 102 as LeadId,
        at: SOON,
        changes,
      }
      await planted.append([accepted(102, {}, SOON), other])
      return planted.append([planted.award(102, SOON)])
    },
  ],
  [
    'a lead that stays when its phone is suppressed',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await planted.append([decided(entryOf(planted.shard, phone))])
      return planted.append([accepted(102, {}, SOON)])
    },
  ],
  [
    'a lease that outlives its lead',
    'I4',
    async (planted) => {
      const { account } = await begin(planted)
      await planted.append([planted.award(101, LATER)])
      await unsubscribe(planted, account)
      return planted.append([accepted(102, {}, SOON)])
    },
  ],
  [
    'a lease that is still open when a new owner serves',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await planted.append([planted.award(101, LATER)])
      await unsubscribe(planted, phone)
      Object.assign(planted, { epoch: 2, host: 'h2' })
      await planted.claim()
      return planted.append([accepted(102, {}, SOON)])
    },
  ],
  [
    'an attempt that is allowed to a suppressed phone',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await unsubscribe(planted, phone)
      return planted.append([attempted(phone, 'a-1', SOON)])
    },
  ],
  [
    'an attempt that is allowed to an account suppressed for its customer',
    'I4',
    async (planted) => {
      const { account } = await begin(planted)
      const entry = entryOf(planted.shard, account, { customer: 7 as CustomerId })
      await planted.append([decided(entry), suppressed(101, LATER, 'account')])
      return planted.append([attempted(account, 'a-1', SOON)])
    },
  ],
  [
    'an attempt after a suppression of one customer was lifted, but not that of all',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await unsubscribe(planted, phone)
      const customer = 7 as CustomerId
      const { shard } = planted
      await planted.append([
        decided(entryOf(shard, phone, { n: 2, customer })),
        decided(entryOf(shard, phone, { n: 3, customer, op: 'remove' })),
      ])
      return planted.append([attempted(phone, 'a-1', SOON)])
    },
  ],
  [
    'a confirmed call of a lead that was suppressed by itself',
    'I4',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      await planted.append([award, suppressed(101, LATER, 'lead')])
      return planted.append([confirmed(award, 101, SOON, 0)])
    },
  ],
  [
    'a message to a lead that is closed',
    'I4',
    async (planted) => {
      await planted.begin({}, [101])
      const award = planted.award(101, LATER)
      const converted = { at: LATER, code: 'converted', result: over('converted') } as const
      await planted.append([award, disposed(award, 101, converted)])
      return planted.append([reached(101, SOON, 0)])
    },
  ],
  [
    'a message to somebody who has paid',
    'I4',
    async (planted) => {
      await planted.begin({}, [101])
      const paid: Event = {
        type: 'lead.paid',
        campaign_id: CAMPAIGN,
        lead_id: 101 as LeadId,
        at: LATER,
        payment_id: 'p-1',
        amount: 100,
        paid_at: LATER,
        amount_due: 0,
        closes: true,
        day: 20_458,
      }
      await planted.append([paid])
      return planted.append([reached(101, LATER + 60_000, 0)])
    },
  ],
  [
    'a call for which the account was not asked',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await planted.append([decided(entryOf(planted.shard, contactIn(planted, phone)))])
      const award = planted.award(101, LATER)
      await planted.append([award, attempted(phone, award.award_id, SOON)])
      return planted.append([confirmed(award, 101, SOON, phone)])
    },
  ],
  [
    'a call that its account did not allow',
    'I4',
    async (planted) => {
      const { phone, account } = await begin(planted)
      const award = planted.award(101, LATER)
      await planted.append([award, attempted(phone, award.award_id, SOON)])
      return planted.append([
        { ...confirmed(award, 101, SOON, phone), account } as Event, // A confirm takes both.
      ])
    },
  ],
  [
    'a number left out',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await unsubscribe(planted, phone)
      return planted.append([decided(entryOf(planted.shard, accountIn(planted), { n: 3 }))])
    },
  ],
  [
    'a number given twice',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      await unsubscribe(planted, phone)
      return planted.append([decided(entryOf(planted.shard, accountIn(planted)))])
    },
  ],
  [
    'a decision of another shard that it never made',
    'I4',
    async (planted) => {
      const { phone } = await begin(planted)
      return planted.append([heard(entryOf((1 - planted.shard) as ShardId, phone))])
    },
  ],
  [
    'a decision on a phone that is an account',
    'I4',
    async (planted) => {
      const { account } = await begin(planted)
      return planted.append([decided(entryOf(planted.shard, account, { kind: 'phone' }))])
    },
  ],
  [
    'a decision on a contact of another shard',
    'I9',
    async (planted) => {
      await planted.begin({}, [101])
      let stray = 1
      while (shardOfContact(stray as ContactId, SHARDS) === planted.shard) stray++
      return planted.append([decided(entryOf(planted.shard, stray as ContactId))])
    },
  ],
]
