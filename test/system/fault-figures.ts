// Fault figures: what a run under faults was about, for people.

import type { Outcome } from './three.ts'

export function figures(seed: number, { history, seen, audit }: Outcome): string {
  const kinds = new Map<string, number>()
  for (const { kind } of history.faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const last = Math.max(...history.faults.map(({ healed }) => healed))
  const served = [...history.served].map(([name, at]) => `${name} ${Math.round(at - last)}`)
  return [
    `seed ${seed}: ${history.faults.length} faults`,
    ...[...kinds].map(([kind, count]) => `  ${String(count).padStart(6)}  ${kind}`),
    `${history.calls.length} calls, ${seen.strict} of them held to their budget`,
    ...Object.entries(seen).map(
      ([name, count]) => `  ${String(Math.round(count)).padStart(6)}  ${name}`,
    ),
    `served again after the last heal, ms: ${served.join(', ')}`,
    `audit: ${audit.ok ? 'the log holds' : `${audit.violations.length} violations`}`,
  ].join('\n')
}
