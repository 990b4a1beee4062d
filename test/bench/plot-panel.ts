// Panel: a part of the picture of a run, and the scale its parts share.

import { type Look, lookOf } from '../../actors/simulation/report/look.ts'
import type { Part } from '../../actors/simulation/report/markup.ts'

/** Drawn at a height, and how high it is. */
export interface Panel {
  height: number
  draw(top: number): Part
}

/** Of the whole picture. */
export const WIDTH = 1040

/** A seventh colour beside the six of the report, in light and in dark. */
export const SEVENTH = { name: 'p6', light: '#0b6b73', dark: '#5fd3dc' } as const
const REPORT_COLOURS = 6

/** How the n-th contender is told apart, from 0. */
export function lookAt(place: number): Look {
  const look = lookOf(place)
  return place === REPORT_COLOURS ? { ...look, colour: SEVENTH.name } : look
}

export interface Scale {
  at(value: number): number
  ticks: readonly number[]
}

/** The most ticks before only powers of ten are left. */
const TICKS_MAX = 8

/** A logarithmic scale with its ticks: 1, 2 and 5 times powers of ten, or those alone. */
export function logScale(
  [from, to]: readonly [number, number],
  [begin, end]: readonly [number, number],
): Scale {
  const ticks = ticksIn(from, to, [1, 2, 5])
  const few = ticks.length > TICKS_MAX ? ticksIn(from, to, [1]) : ticks
  const [low, high] = [Math.log(few[0] ?? from), Math.log(few.at(-1) ?? to)]
  const slope = high === low ? 0 : (end - begin) / (high - low)
  return { at: (value) => begin + (Math.log(value) - low) * slope, ticks: few }
}

/** Ticks from the last one not above `from` to the first one not below `to`. */
function ticksIn(from: number, to: number, digits: readonly number[]): number[] {
  const all: number[] = []
  for (let power = -6; power <= 9; power++) {
    for (const digit of digits) all.push(Number((digit * 10 ** power).toPrecision(1)))
  }
  const first = all.findLastIndex((tick) => tick <= from * (1 + 1e-9))
  const last = all.findIndex((tick) => tick >= to * (1 - 1e-9))
  return all.slice(Math.max(0, first), Math.max(first, last) + 1)
}
