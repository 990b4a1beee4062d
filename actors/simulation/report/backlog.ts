// Backlog: live leads waiting for their first call over the simulated days. Time nobody works is
// pressed into a narrow shaded strip.

import { DateTime } from 'luxon'
import { figure, legend, nothing } from './figure.ts'
import { trace } from './look.ts'
import { html, type Markup, type Part } from './markup.ts'
import {
  type Box,
  bottomAxis,
  type Drawing,
  FULL,
  label,
  leftAxis,
  linear,
  picture,
  roomFor,
  ticksTo,
  widthOf,
} from './plot.ts'
import type { Policy, Reading } from './reading.ts'
import { endLabels } from './turnaround.ts'
import { count, list } from './words.ts'

type Span = readonly [from: number, to: number]
type Point = readonly [at: number, leads: number]

const MINUTE_MS = 60_000
/** Shorter breaks between shifts stay what they are. */
const BREAK_MS = 90 * MINUTE_MS
/** Steps between ticks of a single span. */
const HOURS = [1, 2, 3, 6, 12, 24, 48, 168, 720]

/** A line per policy. */
export function backlog(reading: Reading): Markup {
  const title = 'Live leads waiting for their first call'
  const drawn = reading.policies.filter(({ series }) => (series?.backlog.length ?? 0) > 1)
  if (drawn.length === 0) {
    return figure(title, 'Nothing to compare.', nothing('No backlog was recorded.'))
  }
  const told = drawn.map((policy) => `${policy.name} at most ${count(most(policy))}`)
  const what = `Live leads waiting over time by policy: ${list(told)}`
  const content = html`${legend(drawn)}${picture(what, FULL, (width) => lines(reading, drawn, width))}`
  return figure(title, seen(reading, drawn), content)
}

function seen({ report }: Reading, drawn: readonly Policy[]): string {
  const told = drawn.map((policy) => `${count(most(policy))} (${policy.name})`)
  const nights =
    spansOf(report).length > 1 ? ' Shaded strips are the hours nobody works, pressed together.' : ''
  return `At the worst moment ${list(told)} live leads wait that nobody has called yet.${nights} Days are told in ${report.timezone ?? 'UTC'}.`
}

function most({ series }: Policy): number {
  return (series?.backlog ?? []).reduce((high, [, leads]) => Math.max(high, leads), 0)
}

/** Time on shift, short breaks closed; the whole time where shifts are not known. */
function spansOf({ from, to, shifts }: Reading['report']): Span[] {
  const spans: Span[] = []
  for (const [begin, end] of shifts?.length ? shifts : [[from, to] as const]) {
    const before = spans.at(-1)
    if (before && begin - before[1] < BREAK_MS) spans[spans.length - 1] = [before[0], end]
    else spans.push([begin, end])
  }
  return spans
}

/** Instants to pixels: spans in proportion, a strip of fixed width for what lies between. */
function timeScale(spans: readonly Span[], { left, right }: Box): (at: number) => number {
  const strip = Math.min(14, (right - left) / (3 * spans.length))
  const worked = spans.reduce((sum, [from, to]) => sum + to - from, 0)
  const perMs = (right - left - strip * (spans.length - 1)) / Math.max(1, worked)
  return (at) => {
    let x = left
    for (const [i, [from, to]] of spans.entries()) {
      if (at <= from) return x
      if (at <= to) return x + (at - from) * perMs
      x += (to - from) * perMs
      const next = spans[i + 1]
      if (next && at < next[0]) return x + (strip * (at - to)) / (next[0] - to)
      if (next) x += strip
    }
    return x
  }
}

function lines(reading: Reading, drawn: readonly Policy[], width: number): Drawing {
  const height = width < 500 ? 290 : 340
  const ticks = ticksTo(Math.max(1, ...drawn.map(most)), 4, 1)
  const box = { left: roomFor(ticks, count), right: width - 62, top: 34, bottom: height - 44 }
  const spans = spansOf(reading.report)
  const x = timeScale(spans, box)
  const y = linear([0, ticks.at(-1) ?? 1], [box.bottom, box.top])
  const traces = drawn.map(({ look, series }) => {
    const points = thinned(series?.backlog ?? [], x).map(([at, leads]): [number, number] => [
      x(at),
      y(leads),
    ])
    return trace(look, points, Math.min(12, 2 * spans.length + 2))
  })
  const ends = endLabels(
    drawn.map((policy) => ({ policy, y: y(policy.series?.backlog.at(-1)?.[1] ?? 0) })),
    box,
  )
  const axis = leftAxis(box, { at: y, ticks, shown: count, title: 'live leads waiting' })
  const body = html`${nights(spans, x, box)}${axis}${days(reading, spans, x, box)}${traces}${ends}`
  return { height, body }
}

/** The highest point of every two pixels: a picture shows no more, and peaks stay. */
function thinned(points: readonly Point[], x: (at: number) => number): Point[] {
  const kept: Point[] = []
  let column = Number.NaN
  for (const point of points) {
    const own = Math.floor(x(point[0]) / 2)
    const last = kept.at(-1)
    if (own !== column || last === undefined) kept.push(point)
    else if (point[1] > last[1]) kept[kept.length - 1] = point
    column = own
  }
  return kept
}

function nights(spans: readonly Span[], x: (at: number) => number, { top, bottom }: Box): Part {
  return spans.slice(1).map(([from], i) => {
    const begin = x(spans[i]?.[1] ?? from)
    return html`<rect class="night" x="${begin}" y="${top}" width="${x(from) - begin}" height="${bottom - top}"/>`
  })
}

/** Days by name where there are several, else hours. */
function days(
  { report }: Reading,
  spans: readonly Span[],
  x: (at: number) => number,
  box: Box,
): Part {
  const clock = (at: number, format: string): string =>
    DateTime.fromMillis(at, { zone: report.timezone ?? 'UTC', locale: 'en-GB' }).toFormat(format)
  if (spans.length === 1) {
    const hours = hourTicks(report, (box.right - box.left) / 60)
    const long = report.to - report.from > 36 * 60 * MINUTE_MS
    const shown = (at: number): string => clock(at, long ? 'd LLL' : 'HH:mm')
    return bottomAxis(box, { at: x, ticks: hours, shown, title: long ? 'day' : 'time of day' })
  }
  const every = Math.ceil((spans.length * widthOf('Wed 28', 12) * 1.1) / (box.right - box.left))
  const names = spans.map(([from, to], i) =>
    i % every === 0
      ? label((x(from) + x(to)) / 2, box.bottom + 18, clock(from, 'ccc d'), 'middle')
      : null,
  )
  const [begin, end] = [clock(report.from, 'LLL yyyy'), clock(report.to, 'LLL yyyy')]
  return html`${names}${label(box.right, box.bottom + 36, `day, ${begin === end ? begin : `${begin} to ${end}`}`, 'end', 'axis')}`
}

/** Whole local hours, or days, from a begin to an end, at most `most` of them. */
function hourTicks({ from, to, timezone }: Reading['report'], most: number): number[] {
  const hour = 60 * MINUTE_MS
  const offset = DateTime.fromMillis(from, { zone: timezone ?? 'UTC' }).offset * MINUTE_MS
  const hours = HOURS.find((n) => (to - from) / (n * hour) <= most) ?? 8760
  const step = hours * hour
  const first = Math.ceil((from + offset) / step) * step - offset
  const length = Math.max(0, Math.floor((to - first) / step) + 1)
  return Array.from({ length }, (_, i) => first + i * step)
}
