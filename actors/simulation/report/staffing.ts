// Staffing: the same world with contractors taken away or added, under the first policy.

import { figure, nothing } from './figure.ts'
import { lookOf, trace } from './look.ts'
import { html, type Markup } from './markup.ts'
import {
  type Box,
  bottomAxis,
  type Drawing,
  fitted,
  HALF,
  label,
  leftAxis,
  linear,
  picture,
  roomFor,
  ticksTo,
  widthOf,
} from './plot.ts'
import type { Reading } from './reading.ts'
import { count, goal, list, percent, plural, sentence } from './words.ts'

type Point = readonly [contractors: number, value: number]

interface Curve {
  readonly name: string
  /** Its line, mark and colour, as of the n-th policy. */
  readonly look: number
  readonly points: readonly Point[]
}

/** Conversions and SLA over the number of contractors. */
export function staffing(reading: Reading): Markup {
  const runs = reading.report.what_if.toSorted((a, b) => a.contractors - b.contractors)
  if (runs.length < 2) {
    const text = 'Only the present number of contractors was simulated.'
    return figure('More or fewer contractors', 'Nothing to compare.', nothing(text))
  }
  const conversions = runs.map(({ contractors, conversions: n }): Point => [contractors, n])
  const told = conversions.map(([n, value]) => `${count(value)} with ${count(n)}`)
  const most = Math.max(1, ...conversions.map(([, value]) => value))
  const content = picture(`Conversions by number of contractors: ${list(told)}`, HALF, (width) =>
    chart(reading, width, {
      curves: [{ name: 'conversions', look: 0, points: conversions }],
      ticks: ticksTo(most, 4, 1),
      shown: count,
      title: 'conversions',
    }),
  )
  return html`<div class="pair">${figure('Conversions by contractors', seen(reading), content)}${slaFigure(reading)}</div>
`
}

function slaFigure(reading: Reading): Markup {
  const runs = reading.report.what_if.toSorted((a, b) => a.contractors - b.contractors)
  const pointsOf = (of: (run: (typeof runs)[number]) => number | null): Point[] =>
    runs.flatMap((run) => {
      const value = of(run)
      return value === null ? [] : [[run.contractors, value] as const]
    })
  const curves = [
    { name: 'all', look: 0, points: pointsOf((run) => run.sla_overall) },
    { name: 'worst', look: 3, points: pointsOf((run) => run.worst_customer) },
  ].filter(({ points }) => points.length > 0)
  const title = 'SLA by contractors'
  const all = curves[0]
  if (!all) return figure(title, 'Nothing to compare.', nothing('There is no SLA to show.'))
  const told = all.points.map(([n, share]) => `${percent(share)} with ${count(n)}`)
  const what = `Share of live leads called in time by number of contractors: ${list(told)}`
  const content = picture(what, HALF, (width) =>
    chart(reading, width, {
      curves,
      ticks: [0, 0.25, 0.5, 0.75, 1],
      shown: (share) => percent(share, 0),
      title: 'share of live leads called in time',
    }),
  )
  return figure(title, enough(reading, all.points), content)
}

/** What the next step up and down does to conversions. */
function seen({ report, policies }: Reading): string {
  const now = report.what_if.find(({ contractors }) => contractors === report.contractors)
  const name = policies[0]?.spoken ?? ''
  const how = 'The dashed line is the present number.'
  if (!now) return `Conversions under ${name}, were there more or fewer contractors. ${how}`
  const steps = report.what_if
    .filter((run) => run !== now)
    .sort(
      (a, b) =>
        Math.abs(a.contractors - now.contractors) - Math.abs(b.contractors - now.contractors),
    )
  const near = [
    steps.find(({ contractors }) => contractors < now.contractors),
    steps.find(({ contractors }) => contractors > now.contractors),
  ].flatMap((run) => (run ? [stepSeen(run, now)] : []))
  return `Under ${name}, ${list(near)}, beside ${count(now.conversions)} now. ${how}`
}

type Staffed = { readonly contractors: number; readonly conversions: number }

function stepSeen(run: Staffed, now: Staffed): string {
  const by = run.contractors - now.contractors
  const change = run.conversions - now.conversions
  const many = `${plural(Math.abs(by), 'contractor')} ${by > 0 ? 'more' : 'fewer'}`
  const mean = Math.abs(by) === 1 ? 'means' : 'mean'
  if (change === 0) return `${many} ${mean} no conversion more or fewer`
  return `${many} ${mean} ${plural(Math.abs(change), 'conversion')} ${change < 0 ? 'fewer' : 'more'}`
}

function enough({ target }: Reading, points: readonly Point[]): string {
  const how = 'Circles: all live leads; diamonds: the customer served worst.'
  if (target === null) return how
  const first = points.find(([, share]) => share >= target)
  const aim = goal(target)
  return sentence(
    first
      ? `the fewest tried that reach ${aim} overall are ${plural(first[0], 'contractor')}. ${how}`
      : `none of the numbers tried reaches ${aim} overall. ${how}`,
  )
}

interface Chart {
  readonly curves: readonly Curve[]
  readonly ticks: readonly number[]
  readonly shown: (value: number) => string
  readonly title: string
}

function chart(reading: Reading, width: number, { curves, ticks, shown, title }: Chart): Drawing {
  const { report } = reading
  const height = 260
  const several = curves.length > 1
  const right = width - (several ? 50 : 20)
  const box = { left: roomFor(ticks, shown), right, top: 34, bottom: height - 44 }
  const numbers = curves[0]?.points.map(([n]) => n) ?? []
  const x = linear([numbers[0] ?? 0, numbers.at(-1) ?? 1], [box.left + 12, box.right - 12])
  const y = linear([0, ticks.at(-1) ?? 1], [box.bottom, box.top])
  const drawn = curves.map(({ points, look }) =>
    trace(
      lookOf(look),
      points.map(([n, value]) => [x(n), y(value)] as const),
      points.length,
    ),
  )
  const inside =
    report.contractors >= (numbers[0] ?? 0) && report.contractors <= (numbers.at(-1) ?? 0)
  const now = inside ? present(box, x(report.contractors), report.contractors) : null
  const named = curves.map(({ name, points, look }) =>
    several
      ? label(
          box.right + 2,
          y(points.at(-1)?.[1] ?? 0) + (look === 0 ? 0 : 14),
          fitted(name, 46, 12),
          'start',
          'end',
        )
      : null,
  )
  const axes = html`${leftAxis(box, { at: y, ticks, shown, title })}${bottomAxis(box, { at: x, ticks: sparse(numbers, (box.right - box.left) / 34), shown: count, title: 'contractors' })}`
  return { height, body: html`${axes}${now}${drawn}${named}` }
}

function present({ bottom, top, right }: Box, x: number, contractors: number): Markup {
  const text = `now: ${count(contractors)}`
  const left = x + 10 + widthOf(text, 12) > right
  return html`<line class="target" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>${label(x + (left ? -5 : 5), bottom - 6, text, left ? 'end' : 'start', 'axis')}`
}

/** At most `most` of the numbers, evenly taken. */
function sparse(numbers: readonly number[], most: number): number[] {
  const step = Math.max(1, Math.ceil(numbers.length / most))
  return numbers.filter((_, i) => i % step === 0)
}
