// Learning: how the forecast gets better with the outcomes learnt from.

import { figure, nothing } from './figure.ts'
import { lookOf, trace } from './look.ts'
import { html, type Markup } from './markup.ts'
import {
  bottomAxis,
  type Drawing,
  FULL,
  label,
  leftAxis,
  linear,
  picture,
  roomFor,
  ticksTo,
} from './plot.ts'
import { learnerOf, type Policy, type Reading } from './reading.ts'
import { count, score, sentence } from './words.ts'

type Step = { readonly outcomes: number; readonly brier: number; readonly base: number }

const LOOKS = { brier: lookOf(0), base: lookOf(1) }

/** The Brier score of each two hundred outcomes beside that of always saying their mean. */
export function learningCurve(reading: Reading): Markup {
  const title = 'Error of the forecast while it learns'
  const learner = learnerOf(reading, ({ learning }) => learning.length > 0)
  if (!learner) {
    const text = 'No policy learnt from enough outcomes to draw a curve.'
    return figure(title, 'Nothing was learnt.', nothing(text))
  }
  const { policy, series } = learner
  const last = series.learning.at(-1)
  const what = `Brier score over outcomes learnt: ${last ? `${score(last.brier)} in the end, ${score(last.base)} by always saying the mean` : ''}`
  const content = picture(what, FULL, (width) => curve(series.learning, width))
  return figure(title, seen(policy, series.learning), content)
}

function seen(policy: Policy, steps: readonly Step[]): string {
  const total = (of: (step: Step) => number): number =>
    steps.reduce((sum, step) => sum + of(step), 0)
  const gain =
    1 -
    total((step) => step.brier) /
      Math.max(
        total((step) => step.base),
        1e-9,
      )
  const much = Math.round(Math.abs(gain) * 100)
  const than = 'than that of always saying the mean'
  const told =
    much === 0 ? `no smaller ${than}` : `${much}\u00a0% ${gain > 0 ? 'smaller' : 'larger'} ${than}`
  return `${sentence(`over all outcomes the error of ${policy.spoken}’s forecast is ${told}.`)} Solid: the forecast, made before each outcome was known; dashed: the mean of the same outcomes, known only afterwards. Lower is better.`
}

function curve(steps: readonly Step[], width: number): Drawing {
  const height = 280
  const high = Math.max(1e-6, ...steps.flatMap(({ brier, base }) => [brier, base]))
  const ticks = ticksTo(high, 4)
  const box = {
    left: Math.max(40, roomFor(ticks, shownTick)),
    right: width - 68,
    top: 34,
    bottom: height - 44,
  }
  const most = steps.at(-1)?.outcomes ?? 1
  const xs = ticksTo(most, 3, 1).filter((tick) => tick <= most)
  const x = linear([0, most], [box.left, box.right])
  const y = linear([0, ticks.at(-1) ?? 1], [box.bottom, box.top])
  const line = (of: 'brier' | 'base'): Markup =>
    trace(
      LOOKS[of],
      steps.map((step) => [x(step.outcomes), y(step[of])] as const),
      8,
    )
  const last = steps.at(-1)
  const end = x(last?.outcomes ?? 0) + 7
  const forecastAbove = (last?.brier ?? 0) > (last?.base ?? 0)
  const names = html`${label(end, y(last?.brier ?? 0) + (forecastAbove ? -2 : 14), 'forecast', 'start', 'end p0')}${label(end, y(last?.base ?? 0) + (forecastAbove ? 14 : -2), 'mean', 'start', 'end p1')}`
  const axes = html`${leftAxis(box, { at: y, ticks, shown: shownTick, title: 'Brier score (mean squared error)' })}${bottomAxis(box, { at: x, ticks: xs, shown: count, title: 'outcomes learnt' })}`
  return { height, body: html`${axes}${line('base')}${line('brier')}${names}` }
}

function shownTick(value: number): string {
  return String(value)
}
