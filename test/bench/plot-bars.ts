// Bars: how many times as many claims a second ours makes, a group of bars a contender, one for each
// number in flight. To the right of 1 ours makes more, to the left the other.

import { html, type Part } from '../../actors/simulation/report/markup.ts'
import { label } from '../../actors/simulation/report/plot.ts'
import { CONTENDERS, OURS } from './peers/all.ts'
import { logScale, lookAt, type Panel, WIDTH } from './plot-panel.ts'
import { closedRow, middle, type Run, ratioOf } from './results.ts'
import { round } from './stats.ts'
import { labelOf, unique } from './table.ts'

const BAR = 15
const GAP = 12
const LEFT = 250
const RIGHT = WIDTH - 150
const TOP = 62
const BOTTOM = 30

interface Bar {
  contender: string
  inFlight: number
  ratio: number
  its: number
}

/** The panel of so many campaigns named; null when there is nothing to compare. */
export function barsOf(run: Run, asked: number): Panel | null {
  const bars = barsIn(run, asked)
  if (bars.length === 0) return null
  const groups = unique(bars.map(({ contender }) => contender))
  const height = TOP + bars.length * BAR + groups.length * GAP + BOTTOM
  return { height, draw: (top) => draw(run, asked, bars, top, height) }
}

function barsIn(run: Run, asked: number): Bar[] {
  const rows = run.closed.filter((row) => row.asked === asked && row.contender !== OURS)
  return rows.flatMap((row) => {
    const { contender, inFlight } = row
    const ours = closedRow(run.closed, OURS, asked, inFlight)
    const ratio = ours === undefined ? Number.NaN : ratioOf(ours, row, 'perSecond')
    return ratio > 0 ? [{ contender, inFlight, ratio, its: middle(row, 'perSecond') }] : []
  })
}

function draw(run: Run, asked: number, bars: readonly Bar[], top: number, height: number): Part {
  const ratios = bars.map(({ ratio }) => ratio)
  const scale = logScale([Math.min(0.5, ...ratios), Math.max(2, ...ratios)], [LEFT, RIGHT])
  const bottom = top + height - BOTTOM
  const grid = scale.ticks.map(
    (tick) =>
      html`<line class="${tick === 1 ? 'even' : 'grid'}" x1="${scale.at(tick)}" x2="${scale.at(tick)}" y1="${top + TOP - 8}" y2="${bottom}"/>${label(scale.at(tick), bottom + 16, `${round(tick)} ×`, 'middle')}`,
  )
  let y = top + TOP
  const drawn: Part[] = []
  for (const contender of unique(bars.map((bar) => bar.contender))) {
    const group = bars.filter((bar) => bar.contender === contender)
    const middleY = y + (group.length * BAR) / 2 + 4
    drawn.push(label(24, middleY, labelOf(run, contender), 'start', 'name'))
    for (const bar of group) {
      drawn.push(drawBar(bar, scale.at, y))
      y += BAR
    }
    y += GAP
  }
  return [
    label(
      24,
      top + 18,
      `Claims a second, ours to theirs, ${asked} campaigns named`,
      'start',
      'panel',
    ),
    label(
      24,
      top + 36,
      'right of 1 × ours makes more; in brackets what the other makes',
      'start',
      'small',
    ),
    label(LEFT - 8, top + TOP - 8, 'in flight', 'end', 'small'),
    grid,
    drawn,
  ]
}

function drawBar(
  { contender, inFlight, ratio, its }: Bar,
  at: (value: number) => number,
  y: number,
): Part {
  const { colour } = lookAt([...CONTENDERS.keys()].indexOf(contender))
  const [from, to] = [Math.min(at(1), at(ratio)), Math.max(at(1), at(ratio))]
  const words = `${round(ratio)} × (${round(its)}/s)`
  return html`<rect class="bar ${colour}" x="${from}" y="${y + 2}" width="${Math.max(1, to - from)}" height="${BAR - 4}"/>${label(LEFT - 8, y + BAR - 4, String(inFlight), 'end')}${label(Math.max(to, at(1)) + 6, y + BAR - 4, words, 'start', 'value')}`
}
