// Conversions: bars by policy, stacked by plan, and beside them the SLA each policy kept.

import { figure, nothing } from './figure.ts'
import { mark } from './look.ts'
import { html, type Markup, type Part } from './markup.ts'
import {
  type Box,
  bottomAxis,
  type Drawing,
  fitted,
  HALF,
  label,
  linear,
  picture,
  ticksTo,
  widthOf,
} from './plot.ts'
import { type Policy, type Reading, ratioToFifo, worstOf } from './reading.ts'
import { PLANS_DOWN } from './table.ts'
import { count, goal, list, percent, sentence, times } from './words.ts'

const ROW = 46
const BAR = 22

/** Conversions of every policy, by plan. */
export function conversionBars(reading: Reading): Markup {
  const { policies } = reading
  const told = policies.map(({ name, result }) => `${name} ${count(result.conversions)}`)
  const plans = PLANS_DOWN.map(
    (plan, i) => html`<li><span class="swatch plan${i}"></span>${plan}</li>`,
  )
  const content = html`<ul class="legend">${plans}</ul>
${picture(`Conversions by policy: ${list(told)}`, HALF, (width) => bars(reading, width))}`
  return figure('Conversions by policy', conversionsSeen(reading), content)
}

function conversionsSeen({ policies, ours }: Reading): string {
  if (policies.length === 1) {
    return `${sentence(ours.spoken)} converts ${count(ours.result.conversions)}. Bars are stacked by the plan of the customer, from left to right as in the legend.`
  }
  const best = policies.reduce((a, b) => (b.result.conversions > a.result.conversions ? b : a))
  if (best.result.conversions === 0) return 'No policy converts anybody.'
  const most = `${sentence(best.spoken)} converts most, ${count(best.result.conversions)}`
  const mine = best === ours ? '' : `; ${ours.spoken} ${count(ours.result.conversions)}`
  return `${most}${mine}. Bars are stacked by the plan of the customer, from left to right as in the legend; behind each total, how many times first come, first served it is.`
}

function bars(reading: Reading, width: number): Drawing {
  const { policies } = reading
  const most = Math.max(1, ...policies.map(({ result }) => result.conversions))
  const ticks = ticksTo(most, 4, 1)
  const box = rowsBox(policies.length, width)
  const at = linear([0, ticks.at(-1) ?? 1], [box.left, box.right])
  const rows = policies.map((policy, i) => {
    const y = box.top + i * ROW
    const ratio = ratioToFifo(reading, policy)
    const behind = ratio === null || policy.name === 'fifo' ? '' : ` · ${times(ratio)} fifo`
    const total = `${count(policy.result.conversions)}${behind}`
    return html`${rowHead(policy, y, width, total)}${stack(policy, y + 17, at)}`
  })
  const axis = { at, ticks, shown: count, title: 'conversions' }
  return { height: box.bottom + 42, body: html`${bottomAxis(box, axis, true)}${rows}` }
}

/** The plans' shares of a bar, and what no plan accounts for; a number where it fits. */
function stack({ result }: Policy, y: number, at: (value: number) => number): Part {
  const parts = PLANS_DOWN.map((plan) => result.conversions_by_plan[plan])
  const sum = parts.reduce((a, b) => a + b, 0)
  let from = 0
  return [...parts, Math.max(0, result.conversions - sum)].map((value, i) => {
    const [x, end] = [at(from), at(from + value)]
    from += value
    if (value === 0) return null
    const text = count(value)
    const fits = widthOf(text, 12) + 6 <= end - x
    return html`<rect class="bar plan${i}" x="${x}" y="${y}" width="${Math.max(1, end - x)}" height="${BAR}"/>${fits ? label((x + end) / 2, y + 15, text, 'middle', `on-plan${i}`) : null}`
  })
}

/** The share of live leads each policy called in time, and its worst customer's. */
export function slaBars(reading: Reading): Markup {
  const { policies, inTime } = reading
  const known = policies.filter(({ result }) => result.sla_overall !== null)
  const title = 'Live leads called in time'
  if (known.length === 0) {
    const text = 'No live lead arrived early enough to be called in time, so there is no SLA.'
    return figure(title, 'Nothing to compare.', nothing(text))
  }
  const told = known.map(({ name, result }) => `${name} ${percent(result.sla_overall ?? 0)}`)
  const what = `Share of live leads called ${inTime} by policy: ${list(told)}`
  const content = picture(what, HALF, (width) => slaRows(reading, width))
  return figure(title, slaSeen(reading, known), content)
}

function slaSeen({ target, inTime }: Reading, known: readonly Policy[]): string {
  const how = `Bars are the share of all live leads called ${inTime}; the diamond is the customer served worst.`
  if (target === null) return how
  const met = known.filter(({ result }) => (result.sla_overall ?? 0) >= target)
  const aim = `the ${goal(target)} line`
  const names = met.map(({ name }) => name)
  return `${met.length === 0 ? `No policy reaches ${aim}` : `${sentence(list(names))} ${met.length === 1 ? 'reaches' : 'reach'} ${aim}`}. ${how}`
}

function slaRows({ policies, target }: Reading, width: number): Drawing {
  const ticks = [0, 0.25, 0.5, 0.75, 1]
  const bare = rowsBox(policies.length, width)
  const box = { ...bare, top: bare.top + 16, bottom: bare.bottom + 16 }
  const at = linear([0, 1], [box.left, box.right])
  const rows = policies.map((policy, i) => slaRow(policy, box.top + i * ROW, width, at))
  const axis = { at, ticks, shown: wholePercent, title: 'share of live leads called in time' }
  const goals = target === null ? null : goalMarks(box, at(target), target, policies.length)
  return { height: box.bottom + 42, body: html`${bottomAxis(box, axis, true)}${rows}${goals}` }
}

function slaRow(policy: Policy, y: number, width: number, at: (share: number) => number): Markup {
  const { sla_overall: share } = policy.result
  if (share === null) return rowHead(policy, y, width, 'no live leads')
  const worst = worstOf(policy)
  const bar = html`<rect class="bar fill ${policy.look.colour}" x="${at(0)}" y="${y + 17}" width="${Math.max(1, at(share) - at(0))}" height="${BAR}"/>`
  const low = worst
    ? mark({ ...policy.look, shape: 'diamond', colour: 'ink' }, at(worst.share), y + 28, 6)
    : null
  const shown = worst ? `${percent(share)} · worst ${percent(worst.share)}` : percent(share)
  return html`${rowHead(policy, y, width, shown)}${bar}${low}`
}

/** The target across each bar, but not across the figures above it. */
function goalMarks({ top }: Box, x: number, target: number, rows: number): Markup {
  const lines = Array.from({ length: rows }, (_, i) => {
    const y = top + i * ROW
    const ends = html`x1="${x}" x2="${x}" y1="${y + 15}" y2="${y + ROW - 4}"`
    return html`<line class="halo" ${ends}/><line class="target" ${ends}/>`
  })
  return html`${lines}${label(x, top - 6, `target ${goal(target)}`, 'middle', 'axis')}`
}

/** A dashed line up at the target, named above the box. */
export function targetLine({ top, bottom }: Box, x: number, target: number): Markup {
  return html`<line class="target" x1="${x}" x2="${x}" y1="${top - 4}" y2="${bottom}"/>${label(x, top - 8, `target ${goal(target)}`, 'middle', 'axis')}`
}

function rowsBox(rows: number, width: number): Box {
  return { left: 14, right: width - 22, top: 6, bottom: 6 + rows * ROW }
}

function rowHead({ name }: Policy, y: number, width: number, shown: string): Markup {
  const room = width - 40 - widthOf(shown)
  return html`${label(14, y + 12, fitted(name, room), 'start', 'name')}${label(width - 22, y + 12, shown, 'end', 'value')}`
}

function wholePercent(value: number): string {
  return percent(value, 0)
}
