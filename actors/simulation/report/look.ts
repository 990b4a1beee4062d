// Look: how a policy is told apart in every picture: a colour, a dash pattern and a shape, so that
// each would do alone.

import { html, type Markup, type Part } from './markup.ts'

const SHAPES = ['circle', 'square', 'triangle', 'diamond', 'cross', 'wedge'] as const
type Shape = (typeof SHAPES)[number]

const DASHES = ['none', '7 3', '2 3', '9 3 2 3', '4 2', '12 4'] as const

export interface Look {
  /** Class that sets the colour `--c`. */
  readonly colour: string
  readonly dash: string
  readonly shape: Shape
}

/** The look of the n-th policy, from 0. Colours come round after six; shape and dash then differ. */
export function lookOf(index: number): Look {
  const round = Math.floor(index / SHAPES.length)
  return {
    colour: `p${index % SHAPES.length}`,
    dash: DASHES[(index + round) % DASHES.length] ?? 'none',
    shape: SHAPES[(index + 2 * round) % SHAPES.length] ?? 'circle',
  }
}

/** A policy's mark at a point; `r` is half its width. */
export function mark({ shape, colour }: Look, x: number, y: number, r = 5): Markup {
  return html`<path class="mark ${colour}" d="${outline(shape, x, y, r)}"/>`
}

/** Points as a policy's line, with about `marks` of its marks along it. */
export function trace(
  look: Look,
  points: readonly (readonly [number, number])[],
  marks = 6,
): Markup {
  const step = Math.max(1, Math.ceil(points.length / marks))
  const marked = points.filter((_, i) => i % step === Math.floor(step / 2))
  return html`<polyline class="line ${look.colour}" stroke-dasharray="${look.dash}" points="${pairs(points)}"/>${marked.map(([x, y]) => mark(look, x, y, 4))}`
}

/** Coordinates as the attribute `points` wants them. */
export function pairs(points: readonly (readonly [number, number])[]): Markup {
  return html`${points.map(([x, y], i): Part => html`${i === 0 ? '' : ' '}${x},${y}`)}`
}

function outline(shape: Shape, x: number, y: number, r: number): Markup {
  switch (shape) {
    case 'circle':
      return html`M${x - r},${y}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0z`
    case 'square':
      return html`M${x - 0.85 * r},${y - 0.85 * r}h${1.7 * r}v${1.7 * r}h${-1.7 * r}z`
    case 'triangle':
      return html`M${x},${y - 1.1 * r}L${x + r},${y + 0.8 * r}L${x - r},${y + 0.8 * r}z`
    case 'diamond':
      return html`M${x},${y - 1.2 * r}L${x + r},${y}L${x},${y + 1.2 * r}L${x - r},${y}z`
    case 'cross':
      return crossAt(x, y, r)
    case 'wedge':
      return html`M${x},${y + 1.1 * r}L${x + r},${y - 0.8 * r}L${x - r},${y - 0.8 * r}z`
  }
}

function crossAt(x: number, y: number, r: number): Markup {
  const [long, arm] = [0.7 * r, 0.7 * r]
  return html`M${x - arm / 2},${y - arm / 2 - long}h${arm}v${long}h${long}v${arm}h${-long}v${long}h${-arm}v${-long}h${-long}v${-arm}h${long}z`
}
