// Lines: something by something else, both on logarithmic scales, a line a contender, named at its
// end.

import { trace } from '../../actors/simulation/report/look.ts'
import { html, type Part } from '../../actors/simulation/report/markup.ts'
import { apart, label } from '../../actors/simulation/report/plot.ts'
import { logScale, lookAt, type Panel, type Scale } from './plot-panel.ts'
import { round } from './stats.ts'

export interface Line {
  /** Which contender of all: decides its look. */
  place: number
  name: string
  points: readonly (readonly [number, number])[]
}

export interface Lines {
  title: string
  xTitle: string
  yTitle: string
  lines: readonly Line[]
}

const HEIGHT = 330
const LEFT = 62
const RIGHT = 190
const TOP = 58
const BOTTOM = 48
const LABEL_GAP = 14
const SPAN = 10

export function linesOf(what: Lines, x: number, width: number): Panel {
  return { height: HEIGHT, draw: (top) => draw(what, x, top, width) }
}

function draw(
  { title, xTitle, yTitle, lines }: Lines,
  x: number,
  top: number,
  width: number,
): Part {
  const box = {
    left: x + LEFT,
    right: x + width - RIGHT,
    top: top + TOP,
    bottom: top + HEIGHT - BOTTOM,
  }
  const points = lines.flatMap((line) => line.points)
  if (points.length === 0)
    return label(x + 24, top + 18, `${title}: nothing measured`, 'start', 'panel')
  const scale = (part: 0 | 1, range: readonly [number, number]) => {
    const values = points.map((point) => point[part])
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return logScale(part === 0 ? [least, most] : widened(least, most), range)
  }
  const across = scale(0, [box.left, box.right])
  const up = scale(1, [box.bottom, box.top])
  const rows = up.ticks.map((tick) => {
    const y = up.at(tick)
    return html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${y}" y2="${y}"/>${label(box.left - 6, y + 4, round(tick), 'end')}`
  })
  const columns = across.ticks.map((tick) => {
    const at = across.at(tick)
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${box.bottom}" y2="${box.bottom + 4}"/>${label(at, box.bottom + 18, shortNumber(tick), 'middle')}`
  })
  return [
    label(x + 24, top + 18, title, 'start', 'panel'),
    label(x + 24, top + 40, yTitle, 'start', 'small'),
    rows,
    columns,
    label(box.right, box.bottom + 36, xTitle, 'end', 'small'),
    traces(lines, across, up, box),
  ]
}

function traces(
  lines: readonly Line[],
  across: Scale,
  up: Scale,
  box: { right: number; top: number; bottom: number },
): Part {
  const drawn = lines.map(({ points, ...line }) => ({
    ...line,
    points: points.map(([x, y]): [number, number] => [across.at(x), up.at(y)]),
  }))
  const ends = drawn.map(({ points }): [number, number] => points.at(-1) ?? [box.right, box.bottom])
  const heights = apart(
    ends.map(([, y]) => y),
    { gap: LABEL_GAP, low: box.top, high: box.bottom },
  )
  return drawn.map(({ place, name, points }, i) => {
    const look = lookAt(place)
    const [endX = 0, endY = 0] = ends[i] ?? []
    const y = heights[i] ?? endY
    return html`${trace(look, points, points.length)}<line class="leader ${look.colour}" x1="${endX + 5}" y1="${endY}" x2="${box.right + 8}" y2="${y}" stroke-dasharray="1 3"/>${label(box.right + 11, y + 4, name, 'start', `end ${look.colour}`)}`
  })
}

/** At least SPAN from end to end, so that a small difference looks small. */
function widened(least: number, most: number): [number, number] {
  const more = Math.sqrt(Math.max(1, SPAN / (most / least)))
  return [least / more, most * more]
}

/** 1,000,000 has no room under a tick. */
function shortNumber(value: number): string {
  if (value >= 1_000_000) return `${round(value / 1_000_000)} M`
  return value >= 1000 ? `${round(value / 1000)} k` : round(value)
}
