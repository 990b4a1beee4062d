// Customers: the SLA of every customer under every policy, against the target.

import { targetLine } from './conversions.ts'
import { figure, legend, nothing } from './figure.ts'
import { belowTarget, listed } from './headline.ts'
import { mark } from './look.ts'
import { html, type Markup } from './markup.ts'
import { bottomAxis, type Drawing, FULL, fitted, label, linear, picture } from './plot.ts'
import type { Policy, Reading } from './reading.ts'
import { count, goal, percent } from './words.ts'

const ROW = 26
/** Customers drawn at most, the worst served; all are in the table of whoever asks for JSON. */
const ROWS_MAX = 60
/** Customers named in a sentence at most. */
const NAMED_MAX = 8

/** Dots per policy and customer, the worst served customer of ours first. */
export function customerDots(reading: Reading): Markup {
  const title = 'SLA by customer'
  const customers = customersOf(reading)
  if (customers.length === 0) {
    const text = 'No customer had a live lead that could be called in time, so there is no SLA.'
    return figure(title, 'Nothing to compare.', nothing(text))
  }
  const shown = customers.slice(0, ROWS_MAX)
  const what = `Share of live leads called in time by customer and policy, ${count(shown.length)} customers`
  const content = html`${legend(reading.policies, false)}${picture(what, FULL, (width) => dots(reading, shown, width))}`
  return figure(title, seen(reading, customers.length), content)
}

function seen(reading: Reading, customers: number): string {
  const { ours, target, inTime } = reading
  const below = belowTarget(reading)
  const cut = customers > ROWS_MAX ? ` The ${ROWS_MAX} served worst are drawn.` : ''
  const how = `A row is a customer, a mark the share of its live leads a policy called ${inTime}; the worst served is on top.${cut}`
  if (target === null) return how
  const aim = goal(target)
  const named =
    below.length === 0
      ? `Under ${ours.spoken} every customer reaches ${aim}.`
      : `Below ${aim} under ${ours.spoken}: ${listed(below, NAMED_MAX)}.`
  return `${named} ${how}`
}

/** Customers anyone has a share of, ours ascending, those ours has none of last. */
function customersOf({ policies, ours }: Reading): string[] {
  const names = new Set(policies.flatMap(({ result }) => Object.keys(result.sla_by_customer)))
  const shareOf = (name: string): number => ours.result.sla_by_customer[name] ?? 2
  return [...names].sort((a, b) => shareOf(a) - shareOf(b))
}

function dots(reading: Reading, customers: readonly string[], width: number): Drawing {
  const { policies, ours, target } = reading
  const left = Math.min(width / 3, 20 + Math.max(...customers.map((name) => name.length)) * 9)
  const box = { left, right: width - 22, top: 26, bottom: 26 + customers.length * ROW }
  const at = linear([0, 1], [box.left, box.right])
  const drawn = [...policies.filter((policy) => policy !== ours), ours] // ours on top
  const rows = customers.map((customer, i) => {
    const y = box.top + (i + 0.5) * ROW
    const mine = ours.result.sla_by_customer[customer]
    const low = target !== null && mine !== undefined && mine < target
    const name = label(
      left - 12,
      y + 4,
      fitted(customer, left - 14, 15),
      'end',
      low ? 'low' : 'name',
    )
    const marks = drawn.map((policy) => dot(policy, policies, customer, at, y))
    return html`<line class="grid" x1="${left}" x2="${box.right}" y1="${y}" y2="${y}"/>${name}${marks}`
  })
  const axis = {
    at,
    ticks: width < 500 ? [0, 0.5, 1] : [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    shown: (share: number) => percent(share, 0),
    title: 'share of live leads called in time',
  }
  const goal = target === null ? null : targetLine(box, at(target), target)
  const head = label(0, 14, 'customer', 'start', 'axis')
  return { height: box.bottom + 42, body: html`${bottomAxis(box, axis)}${goal}${head}${rows}` }
}

/** Policies of one share would hide each other: each keeps a height of its own in the row. */
function dot(
  { look, result }: Policy,
  policies: readonly Policy[],
  customer: string,
  at: (share: number) => number,
  y: number,
): Markup | null {
  const share = result.sla_by_customer[customer]
  if (share === undefined) return null
  const order = policies.findIndex((policy) => policy.look === look) - (policies.length - 1) / 2
  const shift = policies.length > 1 ? (order / (policies.length - 1)) * 8 : 0
  return mark(look, at(share), y + shift, 4.5)
}
