// Words: numbers, spans and small tables as people read them.

import { inWords as span } from '../../actors/policy/policy.ts'
import { parseTime } from '../../actors/protocol/time.ts'

/** Columns side by side, each as wide as its widest cell; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

/** A score in four digits: they run from millionths (index) to thousands (seconds waited). */
export function score(value: number): string {
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(3) : value.toPrecision(4)
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Money of the minor unit, in the major one. */
export function money(minor: number): string {
  return (minor / 100).toFixed(2)
}

/** A time as it was sent, and how far off that is: "2026-01-05T06:00:00.000Z (in 22.0 h)". */
export function when(time: string, now: number): string {
  const ms = parseTime(time)
  if (ms === null) return time
  return ms >= now ? `${time} (in ${span(ms - now)})` : `${time} (${span(now - ms)} ago)`
}
