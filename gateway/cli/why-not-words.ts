// Why not, in words: what keeps a lead from being called now, or where in its campaign's order it
// stands.

import type { LeadShown, Waiting } from '../../actors/protocol/replies.ts'
import { score, table, when } from './words.ts'

export function whyNotInWords({ not_called = [], waiting }: LeadShown, now: number): string[] {
  const rows = not_called.map(({ reason, detail, until }) => {
    if (until === undefined) return [reason, detail]
    const told = detail.includes(until)
    return [
      reason,
      told ? detail.replace(until, when(until, now)) : `${detail}; until ${when(until, now)}`,
    ]
  })
  return [
    ...(rows.length === 0 ? [] : ['why it is not called:', ...table(rows)]),
    ...(waiting === undefined ? [] : placeInWords(waiting)),
  ]
}

function placeInWords({ place, class: rank, score: own, terms, best }: Waiting): string[] {
  const scored = `class ${rank}, score ${score(own)}`
  const heading =
    place === 1
      ? `it is the next of its campaign (${scored}):`
      : place === undefined
        ? `it could be called, but more than 1,000 leads of its campaign go before it (${scored}):`
        : `it could be called, but ${leadsGo(place - 1)} before it (${scored}):`
  const ahead = `first goes lead ${best.lead_id}: class ${best.class}, score ${score(best.score)}`
  return [
    heading,
    ...table(terms.map(({ name, value, detail = '' }) => [name, score(value), detail])),
    ...(place === 1 ? [] : [`  ${ahead}`]),
  ]
}

function leadsGo(count: number): string {
  return count === 1 ? 'one lead of its campaign goes' : `${count} leads of its campaign go`
}
