// Clean log: two owners, six leads, every kind of event, and nothing wrong.

import type { ContractorId, RequestId } from '../../actors/protocol/ids.ts'
import type { Link } from '../../actors/runtime/nats.ts'
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
  START,
  settingsOf,
} from './planted-log.ts'

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
    { type: 'lead.confirmed', ...about(first, a, t + 5000), lease_until: t + 95_000 },
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
  const fifth = planted.award(d, t + 300_000)
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
  return { planted, middle }
}
