// Calibration: of the calls foretold to convert one in ten, does one in ten? A picture per customer
// and a table of the scores.

import type { Calibration, CalibrationBin } from '../../protocol/model.ts'
import { figure, nothing } from './figure.ts'
import { html, type Markup } from './markup.ts'
import { type Drawing, fitted, label, linear, svg, ticksTo } from './plot.ts'
import { learnerOf, type Reading } from './reading.ts'
import { type Column, table, tenths } from './table.ts'
import { count, list, percent, plural, score } from './words.ts'

const SIDE = 156
/** Customers drawn at most, those with most calls; the table has all. */
const PANELS_MAX = 12
/** A bin of fewer calls says too little to set the scale of a picture. */
const BIN_CALLS = 20
const RADIUS = 11

type Judged = readonly [customer: string, calibration: Calibration]

/** Bubbles around the diagonal. */
export function calibration(reading: Reading): Markup {
  const title = 'Forecast against what came, by customer'
  const learner = learnerOf(reading, (series) => Object.keys(series.calibration).length > 0)
  if (!learner) {
    const text = 'No policy made forecasts that outcomes could be held against.'
    return figure(title, 'Nothing was learnt.', nothing(text))
  }
  const judged = Object.entries(learner.series.calibration).sort(([, a], [, b]) => b.n - a.n)
  const drawn = judged.filter(([, { bins }]) => bins.some(({ n }) => n > 0)).slice(0, PANELS_MAX)
  const end = endOf(drawn)
  const most = Math.max(1, ...drawn.flatMap(([, { bins }]) => bins.map(({ n }) => n)))
  const panels = drawn.map((each) => panel(each, end, most))
  const content = html`<div class="many">${panels}</div>
${table('Customer', judged, { head: ([name]) => html`<bdi>${name}</bdi>`, columns: SCORES })}`
  return figure(title, seen(judged, drawn.length), content)
}

function seen(judged: readonly Judged[], drawn: number): string {
  const calls = judged.reduce((sum, [, { n }]) => sum + n, 0)
  const error = judged.reduce((sum, [, { n, ece }]) => sum + n * ece, 0) / Math.max(1, calls)
  const points = (error * 100).toFixed(1)
  const cut =
    drawn < judged.length ? ` The ${plural(drawn, 'customer')} with most calls are drawn.` : ''
  return `Over ${plural(calls, 'call')} the forecast is off by ${points} percentage points on average. A bubble is a tenth of the scale, as large as its number of calls; on the diagonal forecast and outcome agree, below it the forecast was too hopeful. Hollow ones lie outside the picture. ECE is the mean distance from the diagonal.${cut}`
}

/** The scale all panels share: the highest share of a bin with enough calls. */
function endOf(judged: readonly Judged[]): number {
  const bins = judged.flatMap(([, each]) => each.bins).filter(({ n }) => n > 0)
  const telling = bins.filter(({ n }) => n >= BIN_CALLS)
  const shares = (telling.length > 0 ? telling : bins).flatMap((bin) => [
    bin.predicted,
    bin.observed,
  ])
  return Math.min(1, ticksTo(Math.max(0.01, ...shares), 4).at(-1) ?? 1)
}

function panel([customer, { bins, n }]: Judged, end: number, most: number): Markup {
  const box = { left: 34, right: SIDE - 10, top: 40, bottom: SIDE + 6 }
  const x = linear([0, end], [box.left, box.right])
  const y = linear([0, end], [box.bottom, box.top])
  const ticks = [0, end / 2, end]
  const frame = html`<rect class="frame" x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${box.bottom - box.top}"/><line class="diagonal" x1="${box.left}" y1="${box.bottom}" x2="${box.right}" y2="${box.top}"/>`
  const values = ticks.map(
    (tick, i) =>
      html`${label(x(tick), box.bottom + 15, tickShown(tick, end), i === 2 ? 'end' : 'middle', 'small')}${i === 0 ? null : label(box.left - 4, y(tick) + 4, tickShown(tick, end), 'end', 'small')}`,
  )
  const bubbles = bins
    .filter((bin) => bin.n > 0)
    .map((bin) => bubble(bin, { x, y, end, r: 2.5 + (RADIUS - 2.5) * Math.sqrt(bin.n / most) }))
  const drawing: Drawing = {
    height: SIDE + 42,
    body: html`${label(0, 13, fitted(customer, 150), 'start', 'name')}${label(0, 30, 'observed', 'start', 'small')}${frame}${values}${label(box.right, box.bottom + 30, 'predicted', 'end', 'small')}${bubbles}`,
  }
  const told = bins
    .filter((bin) => bin.n > 0)
    .map((bin) => `${percent(bin.predicted)} foretold, ${percent(bin.observed)} came`)
  return svg(`Customer ${customer}, ${plural(n, 'call')}: ${list(told)}`, SIDE, drawing, 'both')
}

interface Place {
  readonly x: (share: number) => number
  readonly y: (share: number) => number
  readonly end: number
  readonly r: number
}

function bubble({ predicted, observed }: CalibrationBin, { x, y, end, r }: Place): Markup {
  const outside = predicted > end || observed > end
  const kind = outside ? 'bubble hollow' : 'bubble'
  return html`<circle class="${kind}" cx="${x(Math.min(end, predicted))}" cy="${y(Math.min(end, observed))}" r="${r}"/>`
}

function tickShown(share: number, end: number): string {
  return percent(share, end < 0.08 && share > 0 ? 1 : 0)
}

const SCORES: readonly Column<Judged>[] = [
  { head: 'Calls', value: ([, { n }]) => n, shown: count },
  { head: 'Converted', value: ([, { base_rate }]) => base_rate, shown: tenths },
  { head: 'Brier', value: ([, { brier }]) => brier, shown: score },
  { head: 'Brier of the mean', value: ([, { base_rate: p }]) => p * (1 - p), shown: score },
  { head: 'Log loss', value: ([, { log_loss }]) => log_loss, shown: score },
  { head: 'ECE', value: ([, { ece }]) => ece, shown: score },
]
