// Turn-around: how long live leads wait for their first call, by policy. Shares are of all live
// leads, so that a policy that calls few of them fast does not look good.

import { figure, legend, nothing } from './figure.ts'
import { trace } from './look.ts'
import { html, type Markup, type Part } from './markup.ts'
import {
  apart,
  type Box,
  bottomAxis,
  type Drawing,
  FULL,
  fitted,
  label,
  leftAxis,
  linear,
  picture,
  svg,
  ticksTo,
} from './plot.ts'
import type { Policy, Reading } from './reading.ts'
import { list, percent } from './words.ts'

const BUCKET_MIN = 5
/** Minutes drawn at most. */
const CURVE_MIN = 120
const BARS_MIN = 60
const BAR_WIDTH = 240

/** First calls by their bucket as shares of live leads; `never` are those without one. */
interface Waits {
  readonly policy: Policy
  readonly shares: readonly number[]
  readonly never: number
}

/** The curve of all policies, then bars for each. */
export function turnaround(reading: Reading): Markup {
  const waits = reading.policies.flatMap((policy) => waitsOf(reading, policy))
  const title = 'Turn-around: from arrival to first call'
  if (waits.length === 0) {
    return figure(title, 'Nothing to compare.', nothing('No live lead was called.'))
  }
  const high = highest(waits)
  const told = waits.map(({ policy, shares }) => `${policy.name} ${percent(within(shares, 30))}`)
  const what = `Share of live leads called within a time, by policy. Within 30 minutes: ${list(told)}`
  const content = html`${legend(waits.map(({ policy }) => policy))}${picture(what, FULL, (width) => curves(reading, waits, width))}`
  return html`${figure(title, curvesSeen(waits), content)}${figure('Turn-around in five-minute steps', `Within each picture the bars add up to all live leads: those called in each five minutes up to an hour, later than that, and never in the simulated time.`, html`<div class="few">${waits.map((each) => panel(each, high))}</div>`)}`
}

function waitsOf({ report }: Reading, policy: Policy): Waits[] {
  const buckets = policy.series?.turnaround ?? []
  const called = buckets.reduce((a, b) => a + b, 0)
  if (called === 0) return []
  const all = Math.max(called, report.leads.live)
  return [{ policy, shares: buckets.map((n) => n / all), never: 1 - called / all }]
}

/** Share called within some minutes, a multiple of the bucket; the open last bucket never counts. */
function within(shares: readonly number[], minutes: number): number {
  const closed = Math.min(minutes / BUCKET_MIN, shares.length - 1)
  return Math.min(
    1,
    shares.slice(0, closed).reduce((a, b) => a + b, 0),
  )
}

function curvesSeen(waits: readonly Waits[]): string {
  const told = waits.map(({ policy, shares }) => `${percent(within(shares, 30))} (${policy.name})`)
  return `Half an hour after their arrival ${list(told)} of live leads have been called. The higher and the further left a curve, the sooner leads are called; where it levels off, the rest waits longer or is never called.`
}

function curves({ report }: Reading, waits: readonly Waits[], width: number): Drawing {
  const longest = Math.max(...waits.map(({ shares }) => shares.length - 1)) * BUCKET_MIN
  const end = Math.min(CURVE_MIN, Math.max(30, longest))
  const height = width < 500 ? 300 : 340
  const box = { left: 48, right: width - 62, top: 34, bottom: height - 44 }
  const x = linear([0, end], [box.left, box.right])
  const y = linear([0, 1], [box.bottom, box.top])
  const step = width < 500 ? 30 : 15
  const minutes = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step)
  const lines = waits.map(({ policy, shares }) => {
    const points: [number, number][] = []
    const last = Math.min(end, (shares.length - 1) * BUCKET_MIN)
    for (let t = 0; t <= last; t += BUCKET_MIN) points.push([x(t), y(within(shares, t))])
    return trace(policy.look, points)
  })
  const axes = html`${leftAxis(box, { at: y, ticks: [0, 0.25, 0.5, 0.75, 1], shown: whole, title: 'share of live leads called' })}${bottomAxis(box, { at: x, ticks: minutes, shown: String, title: 'minutes since arrival' })}`
  const ends = endLabels(
    waits.map(({ policy, shares }) => ({ policy, y: y(within(shares, end)) })),
    box,
  )
  const due = report.sla && report.sla.minutes <= end ? dueLine(box, x(report.sla.minutes)) : null
  return { height, body: html`${axes}${due}${lines}${ends}` }
}

function dueLine({ top, bottom }: Box, x: number): Markup {
  return html`<line class="target" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>${label(x + 5, bottom - 8, 'SLA', 'start', 'axis')}`
}

/** Names of the policies behind the ends of their lines, moved apart. */
export function endLabels(
  ends: readonly { policy: Policy; y: number }[],
  { right, top, bottom }: Box,
): Part {
  const heights = apart(
    ends.map(({ y }) => y),
    { gap: 15, low: top, high: bottom },
  )
  return ends.map(({ policy }, i) =>
    label(
      right + 8,
      (heights[i] ?? 0) + 4,
      fitted(policy.name, 54, 12),
      'start',
      `end ${policy.look.colour}`,
    ),
  )
}

/** Five-minute bars up to an hour, then two wider ones: later, and never. */
function panel({ policy, shares, never }: Waits, high: number): Markup {
  const { soon, later } = sorted(shares)
  const ticks = ticksTo(high, 2)
  const box = { left: 44, right: BAR_WIDTH - 2, top: 46, bottom: 150 }
  const y = linear([0, ticks.at(-1) ?? 1], [box.bottom, box.top])
  const slot = (box.right - box.left) / (soon.length + 7)
  const bar = (share: number, at: number, wide: number, kind: string): Markup =>
    html`<rect class="bar fill ${policy.look.colour}${kind}" x="${box.left + at * slot}" y="${y(share)}" width="${wide * slot}" height="${box.bottom - y(share)}"/>`
  const drawn = html`${soon.map((share, i) => bar(share, i, 1, ''))}${bar(later, soon.length + 1, 2.4, ' rest')}${bar(never, soon.length + 4.4, 2.4, ' rest')}`
  const under = (text: string, at: number): Markup =>
    label(box.left + at * slot, box.bottom + 16, text, 'middle', 'small')
  const foot = html`${[0, 20, 40].map((t) => under(String(t), t / BUCKET_MIN))}${under('later', soon.length + 2.2)}${under('never', soon.length + 5.6)}${label(box.left, box.bottom + 32, 'minutes since arrival', 'start', 'axis')}`
  const axis = leftAxis(box, { at: y, ticks, shown: whole, title: 'share of live leads' })
  const body = html`${label(0, 14, fitted(policy.name, BAR_WIDTH), 'start', 'name')}${axis}${drawn}${foot}`
  const what = `${policy.name}: ${percent(within(shares, BUCKET_MIN))} of live leads called within five minutes, ${percent(later)} after an hour, ${percent(never)} never`
  return svg(what, BAR_WIDTH, { height: 188, body }, 'both')
}

function sorted(shares: readonly number[]): { soon: number[]; later: number } {
  const steps = BARS_MIN / BUCKET_MIN
  const closed = shares.slice(0, -1)
  const soon = Array.from({ length: steps }, (_, i) => closed[i] ?? 0)
  return { soon, later: closed.slice(steps).reduce((a, b) => a + b, shares.at(-1) ?? 0) }
}

/** The highest bar of all panels: they share a scale. */
function highest(waits: readonly Waits[]): number {
  const bars = waits.flatMap(({ shares, never }) => {
    const { soon, later } = sorted(shares)
    return [...soon, later, never]
  })
  return Math.max(0.01, ...bars)
}

function whole(share: number): string {
  return percent(share, 0)
}
