import { startHarness } from '/work/main/test/gateway/http/harness.ts'
import { encodeRecord, RECORD_VERSION } from '/work/main/actors/protocol/record.ts'
import { shardOf } from '/work/main/actors/protocol/ids.ts'
import { defaultSettings } from '/work/main/actors/protocol/settings.ts'
const h = await startHarness()
const now = Date.now()
const c = (id: number, customer: number, o: any = {}) => ({ ...defaultSettings(id as any, customer as any, 'Asia/Kolkata'), leads: 1200, depth: { waiting: 320, leased: 4, confirmed: 3, rescheduled: 45, callback: 6, stale: 702, converted: 96, lost: 14, invalid: 8, suppressed: 2 }, eligible: 340, oldest_live_age_s: 1130, sla_attained: { on_time: 181, late: 9, overdue: 3, share: 0.938 }, last_award_at: new Date(now - 4000).toISOString(), ...o })
h.reply = () => ({ type: 'campaigns', campaigns: [
  c(4, 55, { name: 'Delhi live onboarding' }),
  c(7, 55, { name: '<b>Mumbai</b> & Pune <script>alert(1)</script>', policy: 'fifo', sla_attained: { on_time: 61, late: 29, overdue: 3, share: 0.656 }, oldest_live_age_s: 8130 }),
  c(9, 56, { paused: true, leads: 0, eligible: 0, depth: { waiting: 0, leased: 0, confirmed: 0, rescheduled: 0, callback: 0, stale: 0, converted: 0, lost: 0, invalid: 0, suppressed: 0 }, oldest_live_age_s: null, sla_attained: { on_time: 0, late: 0, overdue: 0, share: null }, last_award_at: null }),
  c(100234, 1000056, { name: 'A campaign with quite a long name that wraps around', quarantined: 'lead 7: state' }),
] } as any)
let n = 0
for (let i = 0; i < 25; i++) {
  const campaign = [4, 7, 9][i % 3] as any
  const shard = shardOf(campaign, h.shards)
  const value = 0.0021 + i * 0.0001, deadline = i % 4 === 0 ? 0 : 0.0013
  await h.link.js.publish(`ev.${shard}`, encodeRecord({ v: RECORD_VERSION, shard, epoch: 1, host: 'h' as any, n: ++n, prev: new Uint8Array(16), at: now, events: [{
    type: 'lead.awarded', campaign_id: campaign, lead_id: (1000 + i) as any, award_id: `a${i}` as any, at: now - (25 - i) * 7000, contractor_id: null, request_id: null, body: 1, lease_until: now, attempt: 1 + (i % 3), class: [2, 2, 1, 3][i % 4]!, score: i % 7 === 6 ? 1 : value + deadline, terms: i % 7 === 6 ? { waited: 1 } : { value, deadline }, as_of: now, runner_up: i % 3 === 0 ? null : { campaign_id: 7 as any, class: i % 5 === 0 ? 1 : 2, score: value * 0.9 }, asked: 3, answered: 3, unknown: [], digest: 1 }] }))
}
console.log(h.url)
setInterval(() => {}, 1000)
