// Plot: the parts every picture is drawn from: a picture in two widths, scales, axes, labels.
//
// A picture is drawn twice, for a desk and for a hand, and the style sheet shows one: text that is
// scaled down with its picture could not be read on a phone. Coordinates are absolute, so that a test
// can tell where each text ends.

import { html, type Markup, type Part } from './markup.ts'
import { shorten } from './words.ts'

/** The area data are drawn in. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Drawing {
  readonly height: number
  readonly body: Part
}

/** Widths of a picture on a wide screen and on a narrow one. */
export interface Widths {
  readonly wide: number
  readonly narrow: number
}

export const FULL: Widths = { wide: 880, narrow: 328 }
export const HALF: Widths = { wide: 440, narrow: 328 }

/** A picture in both widths; `label` says what it shows to who cannot see it. */
export function picture(label: string, widths: Widths, draw: (width: number) => Drawing): Markup {
  const { wide, narrow } = widths
  return html`${svg(label, wide, draw(wide), 'wide')}${svg(label, narrow, draw(narrow), 'narrow')}`
}

/** A picture of one width: `shown` is `wide`, `narrow` or both. */
export function svg(
  label: string,
  width: number,
  { height, body }: Drawing,
  shown: 'wide' | 'narrow' | 'both',
): Markup {
  return html`<svg class="${shown}" role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${body}</svg>
`
}

/** Maps a domain linearly to coordinates; a domain of one point to the range's begin. */
export function linear(
  [from, to]: readonly [number, number],
  [begin, end]: readonly [number, number],
): (value: number) => number {
  const slope = to === from ? 0 : (end - begin) / (to - from)
  return (value) => begin + (value - from) * slope
}

/** Round steps from zero to at least `max`, about `steps` of them: 1, 2 or 5 times a power of ten. */
export function ticksTo(max: number, steps: number, least = 0): number[] {
  const step = Math.max(least, niceStep(Math.max(max, Number.MIN_VALUE) / steps))
  const last = Math.max(1, Math.ceil(max / step - 1e-9))
  return Array.from({ length: last + 1 }, (_, i) => Number((i * step).toPrecision(12)))
}

function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw))
  const digit = raw / power
  const nice = digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10
  return nice * power
}

export type Anchor = 'start' | 'middle' | 'end'

/** A label; `kind` is a class of the style sheet. */
export function label(
  x: number,
  y: number,
  content: string,
  anchor: Anchor = 'start',
  kind = 'tick',
): Markup {
  return html`<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`
}

/** About how wide a text of `size` pixels is, for the wider of common fonts. */
export function widthOf(text: string, size = 13): number {
  return [...text].length * size * 0.6
}

/** The text, cut to fit into `width` pixels. */
export function fitted(text: string, width: number, size = 13): string {
  return shorten(text, Math.max(1, Math.floor(width / (size * 0.6))))
}

export interface Axis {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
  readonly shown: (value: number) => string
  readonly title: string
}

/** Lines across at the ticks, their values to the left, the title above. */
export function leftAxis({ left, right, top }: Box, axis: Axis): Markup {
  const rows = axis.ticks.map((tick) => {
    const y = axis.at(tick)
    return html`<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>${label(left - 6, y + 4, axis.shown(tick), 'end')}`
  })
  return html`${rows}${label(0, top - 12, axis.title, 'start', 'axis')}`
}

/** Values below at the ticks, lines up where `grid`, the title below them at the right. */
export function bottomAxis({ top, bottom, right }: Box, axis: Axis, grid = false): Markup {
  const columns = axis.ticks.map((tick) => {
    const x = axis.at(tick)
    const line = html`<line class="grid" x1="${x}" x2="${x}" y1="${grid ? top : bottom}" y2="${grid ? bottom : bottom + 4}"/>`
    return html`${line}${label(x, bottom + 18, axis.shown(tick), 'middle')}`
  })
  return html`${columns}${label(right, bottom + 36, axis.title, 'end', 'axis')}`
}

/** Room to the left that the widest tick of an axis needs. */
export function roomFor(ticks: readonly number[], shown: (value: number) => string): number {
  return Math.max(...ticks.map((tick) => widthOf(shown(tick), 12))) + 10
}

/** Moves heights apart by at least `gap`, in order, inside [low, high] as far as that goes. */
export function apart(
  heights: readonly number[],
  { gap, low, high }: { gap: number; low: number; high: number },
): number[] {
  const order = heights.map((_, i) => i).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))
  const placed = heights.slice()
  let floor = low
  for (const i of order) {
    placed[i] = Math.max(placed[i] ?? low, floor)
    floor = (placed[i] ?? low) + gap
  }
  let ceiling = high
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i] ?? high, ceiling)
    ceiling = (placed[i] ?? high) - gap
  }
  return placed
}
