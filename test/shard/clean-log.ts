// Clean log: two owners, six leads, every kind of event, and nothing wrong.

import type { Event } from '../../actors/protocol/events.ts'
import {
  type CampaignId,
  type ContractorId,
  type LeadId,
  type RequestId,
  type ShardId,
  shardOf,
} from '../../actors/protocol/ids.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { allocateTwo } from './mutants-of-allocations.ts'
import { attempted, confirmed, contactIn } from './mutants-of-contacts.ts'
import { decided, entryOf, suppressed } from './mutants-of-suppressions.ts'
import {
  about,
  accepted,
  CAMPAIGN,
  disposed,
  HOUR,
  MINUTE,
  over,
  PlantedLog,
  rescheduledTo,
  SHARDS,
  START,
  settingsOf,
} from './planted-log.ts'

/** A lead with a phone: its contact allows a call, hears of a talk, and refuses the next one. */
async function callContact(planted: PlantedLog, at: number): Promise<void> {
  const contact = contactIn(planted)
  const attempts = { cooldown_h: 1 }
  const rules = { cooldown_h: 1 }
  const settings = settingsOf({ attempts })
  await planted.append([
    { type: 'campaign.put', campaign_id: CAMPAIGN, at, settings },
    accepted(106, { phone_hash: contact }, at),
  ])
  const first = planted.award(106, at)
  const award_id = first.award_id
  await planted.append([first, attempted(contact, award_id, at + 1000, { rules })])
  await planted.append([confirmed(first, 106, at + 1000, contact)])
  const result = {
    state: 'callback',
    lead_type: 'Live',
    reschedules: 0,
    due_at: at + MINUTE,
  } as const
  await planted.append([
    { ...attempted(contact, award_id, at + 2000), type: 'contact.conversed' } as Event,
    disposed(first, 106, {
      at: at + 2000,
      code: 'callback',
      attempted_at: at + 1000,
      callback_at: at + MINUTE,
      contact,
      result,
    }),
  ])
  const again = planted.award(106, at + MINUTE, { attempt: 2, class: 3 })
  const until = at + 1000 + HOUR
  const refused = { ...about(again, 106, at + MINUTE + 1), reason: 'cooling', until }
  await planted.append([again, { type: 'lead.revoked', ...refused, rule: 'cooldown' }])
}

/** The same lead: its phone is suppressed, a message to it refused, and the suppression lifted. */
async function unsubscribeContact(planted: PlantedLog, at: number): Promise<void> {
  const contact = contactIn(planted)
  const { shard } = planted
  await planted.append([decided(entryOf(shard, contact, { at })), suppressed(106, at, 'phone')])
  const lead = { campaign_id: CAMPAIGN, lead_id: 106 as LeadId, at: at + 1000 }
  const refused = {
    award_id: null,
    contractor_id: null,
    channel: 'sms',
    reason: 'suppressed',
    rule: 'suppression',
  } as const
  await planted.append([{ type: 'lead.refused', ...lead, ...refused }])
  // Two of its leads were queued meanwhile, one of them for a campaign nobody has put.
  const turned = { lead_id: 107 as LeadId, queued: 5, path: '/phone', reason: 'unsubscribed' }
  await planted.append([
    { type: 'intake.rejected', ...lead, ...turned },
    { type: 'intake.rejected', ...lead, ...turned, campaign_id: neverPut(shard) },
  ])
  const lifted = { kind: 'phone', by: 'suppression', reason: 'lifted' } as const
  await planted.append([
    decided(entryOf(shard, contact, { n: 2, op: 'remove', at: at + 1000 })),
    { type: 'lead.restored', ...lead, ...lifted },
  ])
}

/** A campaign of the shard that has no other event. */
function neverPut(shard: ShardId): CampaignId {
  const campaign = [901, 902, 903, 904].find((id) => shardOf(id as CampaignId, SHARDS) === shard)
  return campaign as CampaignId // Of four in a row, FNV puts some in each of two shards.
}

/** A log with every kind of event in it, and the sequence of its middle. */
export async function cleanLog(link: Link): Promise<{ planted: PlantedLog; middle: number }> {
  const planted = new PlantedLog(link)
  const [a, b, c, d] = [101, 102, 103, 104]
  await planted.begin({}, [a, b, c])
  await planted.append([
    accepted(d, { lead_type: 'Stale', last_activity: START - 40 * 24 * HOUR }),
    accepted(105, { rescheduled_at: START - HOUR }),
  ])
  let t = START + MINUTE
  const first = planted.award(a, t, { request_id: 'r-1' as RequestId })
  const second = planted.award(b, t, { contractor_id: 9 as ContractorId }, 1)
  await planted.append([first, second])
  await planted.append([
    { type: 'lead.confirmed', ...about(first, a, t + 5000), lease_until: t + 95_000, contact: 0 },
    { type: 'lead.extended', ...about(first, a, t + 6000), lease_until: t + 96_000 },
    {
      type: 'lead.skipped',
      ...about(second, b, t + 6000),
      reason: 'busy',
      contractor_id: 9 as ContractorId,
      hidden_until: START + 18 * HOUR,
    },
    {
      type: 'lead.updated',
      campaign_id: CAMPAIGN,
      lead_id: second.lead_id,
      at: t + 6000,
      changes: { city: 'Pune', revision: 2 },
    },
  ])
  const middle = await planted.append([
    disposed(first, a, {
      at: t + 60_000,
      code: 'no_answer',
      attempted_at: t + 5000,
      result: rescheduledTo(1, t + 5000 + 22 * HOUR),
    }),
  ])
  // A new owner: another host, one epoch up.
  Object.assign(planted, { epoch: 2, host: 'h2' })
  await planted.claim()
  t += 10 * MINUTE
  const third = planted.award(c, t)
  await planted.append([
    third,
    { type: 'lead.lapsed', ...about(third, c, t + 91_000), confirmed: false, due_at: null },
  ])
  await planted.append([
    disposed(third, c, {
      at: t + 100_000,
      code: 'converted',
      attempted_at: t + 2000,
      late: true,
      result: over('converted'),
    }),
    {
      type: 'lead.noted',
      ...about(third, c, t + 110_000),
      code: 'busy',
      channel: 'call',
      note: null,
    },
  ])
  const fourth = planted.award(b, t + 120_000)
  await planted.append([
    fourth,
    { type: 'lead.confirmed', ...about(fourth, b, t + 121_000), lease_until: t + 211_000 },
    {
      type: 'lead.lapsed',
      ...about(fourth, b, t + 211_000),
      confirmed: true,
      due_at: t + 211_000 + 30 * MINUTE,
    },
  ])
  const fifth = planted.award(d, t + 300_000, { class: 1 })
  await planted.append([
    fifth,
    { type: 'lead.revoked', ...about(fifth, d, t + 301_000), reason: 'do_not_contact' },
    disposed(null, d, {
      at: t + 301_000,
      code: 'do_not_contact',
      channel: 'sms',
      result: { state: 'suppressed', lead_type: 'Stale', reschedules: 0, due_at: null },
    }),
    {
      type: 'campaign.put',
      campaign_id: CAMPAIGN,
      at: t + 302_000,
      settings: settingsOf({ paused: true }),
    },
  ])
  await callContact(planted, t + 400_000)
  await unsubscribeContact(planted, t + 2 * HOUR)
  await allocateTwo(planted, t + 10 * HOUR)
  return { planted, middle }
}
