// Table: figures in rows and columns. Each stands in a `<data>` element with the exact value beside
// the shown one, so that a figure copied by a program is the report's.

import assert from 'node:assert/strict'
import { PLANS, type Plan } from '../../protocol/settings.ts'
import { mark } from './look.ts'
import { html, type Markup, type Part } from './markup.ts'
import { type Policy, type Reading, ratioToFifo, worstOf } from './reading.ts'
import { count, duration, percent, times } from './words.ts'

/** Plans as pictures and tables order them. */
export const PLANS_DOWN: readonly Plan[] = PLANS.toReversed()

/** A column of figures about a `Row`; null is a dash, `note` stands small behind the figure. */
export interface Column<Row> {
  readonly head: string
  readonly value: (row: Row) => number | null
  readonly shown: (value: number) => string
  readonly note?: (row: Row) => Part
}

/** A table in a box that scrolls by itself, by keyboard as well; on a phone each row is a card. */
export function table<Row>(
  name: string,
  rows: readonly Row[],
  { head, columns }: { head: (row: Row) => Part; columns: readonly Column<Row>[] },
): Markup {
  const heads = [name, ...columns.map((column) => column.head)]
  const body = rows.map(
    (row) =>
      html`<tr><th scope="row">${head(row)}</th>${columns.map((column) => cell(row, column))}</tr>
`,
  )
  return html`<div class="scrolled" role="region" aria-label="Figures by ${name.toLowerCase()}" tabindex="0"><table>
<thead><tr>${heads.map((each) => html`<th scope="col">${each}</th>`)}</tr></thead>
<tbody>
${body}</tbody>
</table></div>
`
}

function cell<Row>(row: Row, { head, value, shown, note }: Column<Row>): Markup {
  const figure = value(row)
  if (figure === null) return html`<td data-head="${head}">–</td>`
  assert(Number.isFinite(figure), `${head}: ${figure} is no figure`)
  const behind = note ? html` <small>${note(row)}</small>` : null
  return html`<td data-head="${head}"><data value="${String(figure)}">${shown(figure)}</data>${behind}</td>`
}

/** One row a policy. */
export function policyTable(reading: Reading): Markup {
  const columns: Column<Policy>[] = [
    { head: 'Conversions', value: ({ result }) => result.conversions, shown: count },
    { head: '× fifo', value: (policy) => ratioToFifo(reading, policy), shown: times },
    { head: 'SLA', value: ({ result }) => result.sla_overall, shown: tenths },
    {
      head: 'Worst customer',
      value: (policy) => worstOf(policy)?.share ?? null,
      shown: tenths,
      note: (policy) => html`<bdi>${worstOf(policy)?.customer ?? ''}</bdi>`,
    },
    { head: 'Median turn-around', value: ({ result }) => result.tat_p50_s, shown: duration },
    { head: '9 in 10 within', value: ({ result }) => result.tat_p90_s, shown: duration },
    { head: 'Calls', value: ({ result }) => result.calls, shown: count },
    { head: 'of them stale', value: ({ result }) => result.stale_calls, shown: count },
    { head: 'Idle', value: ({ result }) => result.idle_share, shown: tenths },
    ...PLANS_DOWN.map((plan) => ({
      head: plan,
      value: ({ result }: Policy) => result.conversions_by_plan[plan],
      shown: count,
    })),
  ]
  return table('Policy', reading.policies, { head: policyHead, columns })
}

function policyHead({ name, gloss, look }: Policy): Markup {
  const swatch = html`<svg aria-hidden="true" viewBox="0 0 14 14" width="14" height="14">${mark(look, 7, 7, 5)}</svg>`
  return html`${swatch} <bdi>${name}</bdi>${gloss === name ? null : html`<small>${gloss}</small>`}`
}

/** A share to a tenth of a per cent. */
export function tenths(share: number): string {
  return percent(share)
}
