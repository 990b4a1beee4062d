// Headline: what the simulation says in one sentence, the four figures behind it, and what was
// simulated.

import { DateTime } from 'luxon'
import type { Report } from '../result.ts'
import { html, type Markup, type Part } from './markup.ts'
import { learnerOf, type Reading, worstOf } from './reading.ts'
import { count, duration, goal, list, percent, plural, sentence, times } from './words.ts'

/** One sentence, without its full stop: conversions beside first come, first served, and the SLA. */
export function headlineOf({ report, ours, fifo, inTime }: Reading): string {
  const contractors = plural(report.contractors, 'contractor')
  const { conversions, sla_overall } = ours.result
  const converts = fifo
    ? `${comparison(conversions, fifo.result.conversions, fifo.spoken)} with the same ${contractors}`
    : `converts ${plural(conversions, 'lead')} with ${contractors}`
  const calls =
    sla_overall === null ? '' : `, and calls ${percent(sla_overall, 0)} of live leads ${inTime}`
  return sentence(`${ours.spoken} ${converts}${calls}`)
}

function comparison(ours: number, base: number, spoken: string): string {
  if (base === 0) {
    return ours === 0
      ? `converts nobody, and neither does ${spoken},`
      : `converts ${plural(ours, 'lead')} where ${spoken} converts none,`
  }
  const ratio = ours / base
  if (ratio >= 1.495) return `converts ${ratio.toFixed(1)}\u00a0× ${spoken}`
  const change = Math.round(Math.abs(ratio - 1) * 100)
  if (change === 0) return `converts as much as ${spoken}`
  return `converts ${change}\u00a0% ${ratio > 1 ? 'more' : 'less'} than ${spoken}`
}

/** The figures behind the headline. */
export function tiles(reading: Reading): Markup {
  const { ours, fifo, target, inTime } = reading
  const { conversions, sla_overall, tat_p50_s, tat_p90_s } = ours.result
  const base = fifo?.result.conversions ?? 0
  const worst = worstOf(ours)
  const aim = target === null ? '' : `; ${goal(target)} is the target`
  return html`<dl class="tiles">
${tile('Conversions', count(conversions), fifo && base > 0 ? `${times(conversions / base)} ${fifo.spoken} (${count(base)})` : `of ${plural(ours.result.calls, 'call')}`)}${tile('Called in time', sla_overall === null ? '–' : percent(sla_overall), sla_overall === null ? 'no live lead had an SLA to meet' : `of live leads ${inTime}${aim}`)}${tile('Median turn-around', tat_p50_s === null ? '–' : duration(tat_p50_s), tat_p90_s === null ? 'no live lead was called' : `from arrival to first call; 9 in 10 within ${duration(tat_p90_s)}`)}${tile('Worst customer', worst ? percent(worst.share) : '–', worst ? html`in time for customer <bdi>${worst.customer}</bdi>` : 'no customer had an SLA to meet')}</dl>
`
}

function tile(name: string, figure: string, note: Part): Markup {
  return html`<div><dt>${name}</dt><dd><b>${figure}</b> <span>${note}</span></dd></div>
`
}

/** Where the policies that learn had it from; empty where none does. */
function learning(reading: Reading): string {
  const { learn_from } = reading.report
  if (learn_from === 'none') return 'Nothing was learnt on the way. '
  if (learn_from === 'truth') return 'The true chances were told: a bound, not a forecast. '
  const learner = learnerOf(reading, ({ calibration }) => Object.keys(calibration).length > 0)
  return learner === null
    ? ''
    : `${sentence(learner.policy.spoken)} knew nothing at the start and learnt from the outcomes of its own calls. `
}

/** What was simulated, and the seed that makes it again. */
export function setting(reading: Reading): Markup {
  const { report, policies } = reading
  const { live, stale, customers, campaigns } = report.leads
  const leads = `${plural(live, 'live lead')} and ${count(stale)} stale ones`
  const whose = `of ${plural(customers, 'customer')} in ${plural(campaigns, 'campaign')}`
  const met =
    policies.length > 1 ? `${policies.length} policies met the same world` : 'One policy was run'
  return html`<p class="setting">${met}: ${leads} ${whose}, ${plural(report.contractors, 'contractor')}, ${span(report)}. ${learning(reading)}Simulated in virtual time with the production code, seed ${String(report.seed)}.</p>
`
}

function span({ from, to, timezone }: Report): string {
  const zone = timezone ?? 'UTC'
  const day = (ms: number): string =>
    DateTime.fromMillis(ms, { zone, locale: 'en-GB' }).toFormat('ccc d LLL yyyy')
  const [first, last] = [day(from), day(to)]
  return `${first === last ? first : `${first} to ${last}`} (${zone})`
}

/** What could not be had with these contractors, under the page's policy; nothing where all could. */
export function shortfalls({ ours }: Reading): Markup | null {
  const all = Object.entries(ours.result.infeasible)
  if (all.length === 0) return null
  const items = all.map(
    ([customer, { share, target, short_contractors }]) =>
      html`<li>Customer <bdi>${customer}</bdi>: infeasible, short ${plural(short_contractors, 'contractor')}; ${percent(share)} of its live leads were called in time, ${goal(target)} were asked for.</li>
`,
  )
  return html`<div class="note"><p>With these contractors the SLA of ${plural(all.length, 'customer')} cannot be met:</p>
<ul>
${items}</ul></div>
`
}

/** Customers below the target under the page's policy, lowest first, in words. */
export function belowTarget({ ours, target }: Reading): string[] {
  if (target === null) return []
  return Object.entries(ours.result.sla_by_customer)
    .filter(([, share]) => share < target)
    .sort(([, a], [, b]) => a - b)
    .map(([customer, share]) => `${customer} (${percent(share)})`)
}

/** A list that stops after `most` items and says how many more there are. */
export function listed(items: readonly string[], most: number): string {
  const rest = items.length - most
  return list(rest > 0 ? [...items.slice(0, most), `${count(rest)} more`] : items)
}
