// Fault table: what runs under faults came to, for people.

import type { Outcome } from './stage.ts'

export interface Row {
  name: string
  seed: number
  verdict: string
  /** None where nothing was tried. */
  figures: Figures | null
}

interface Figures {
  faults: number
  calls: number
  leads: number
  awards: number
  refused: number
  silenceMs: number
  stalledMs: number
  servedMs: number
  expected: number
  kinds: string[]
}

export function rowOf(name: string, seed: number, outcome: Outcome): Row {
  const { history, seen, audit, breaches, expected } = outcome
  const last = Math.max(...history.faults.map(({ healed }) => healed))
  const served = [...history.served.values()].map((at) => Math.round(at - last))
  const refusals = ['unavailable', 'overloaded']
  const refused = history.calls.filter((call) =>
    call.answers.some(({ reply }) => refusals.includes(reply.type)),
  )
  const sound = breaches.length === 0 && audit.ok
  const verdict = sound ? 'holds' : `${breaches.length} breaches, ${audit.violations.length} audit`
  const figures = {
    faults: history.faults.length,
    calls: history.calls.length,
    leads: seen.leads,
    awards: seen.awards,
    refused: refused.length,
    silenceMs: Math.round(seen.silenceMs),
    stalledMs: Math.round(seen.stalledMs),
    servedMs: Math.max(...served),
    expected,
    kinds: [...new Set(history.faults.map(({ kind }) => kind))],
  }
  return { name, seed, verdict, figures }
}

/** One line a run; below it, what was broken. */
export function table(rows: readonly Row[]): string {
  const head = [
    'trial',
    'seed',
    'faults',
    'calls',
    'leads',
    'awards',
    'refused',
    'silence ms',
    'stalled ms',
    'served ms',
    'expected',
    'verdict',
  ]
  const lines = rows.map(({ name, seed, verdict, figures: f }) =>
    f === null
      ? [name, seed, '-', '-', '-', '-', '-', '-', '-', '-', '-', verdict]
      : [
          name,
          seed,
          f.faults,
          f.calls,
          f.leads,
          f.awards,
          f.refused,
          f.silenceMs,
          f.stalledMs,
          f.servedMs,
          f.expected,
          verdict,
        ],
  )
  const texts = [head, ...lines].map((line) => line.map(String))
  const widths = head.map((_, i) => Math.max(...texts.map((line) => line[i]?.length ?? 0)))
  const drawn = texts.map((line) =>
    line.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))),
  )
  const kinds = new Map(rows.map(({ name, figures }) => [name, figures?.kinds ?? []]))
  const broken = [...kinds].map(([name, of]) => `  ${name}: ${of.join('; ') || 'nothing'}`)
  return [...drawn.map((line) => line.join('  ')), ...broken].join('\n')
}
