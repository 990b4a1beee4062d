// Figures: what runs of many seeds add up to.

import type { Violation } from './known.ts'
import type { Result } from './simulate.ts'

const SUMS = ['events', 'messages', 'ops', 'records', 'virtualMs', 'realMs'] as const

export class Figures {
  seeds = 0
  readonly sums = { events: 0, messages: 0, ops: 0, records: 0, virtualMs: 0, realMs: 0 }
  readonly counts: { [name: string]: number } = {}
  readonly failed: { seed: number; violations: Violation[] }[] = []

  add(result: Result): void {
    this.seeds++
    for (const name of SUMS) this.sums[name] += result[name]
    for (const [name, count] of result.counts) this.#count(name, count)
    const { seed, violations } = result
    if (violations.length > 0) this.failed.push({ seed, violations })
  }

  /** Adds what another process ran. */
  join({ seeds, sums, counts, failed }: Pick<Figures, 'seeds' | 'sums' | 'counts' | 'failed'>) {
    this.seeds += seeds
    for (const name of SUMS) this.sums[name] += sums[name]
    for (const [name, count] of Object.entries(counts)) this.#count(name, count)
    this.failed.push(...failed)
  }

  #count(name: string, by: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + by
  }

  /** How often anything whose name begins so happened. */
  of(prefix: string): number {
    return Object.entries(this.counts)
      .filter(([name]) => name.startsWith(prefix))
      .reduce((sum, [, count]) => sum + count, 0)
  }

  toString(): string {
    const { events, messages, ops, records, virtualMs, realMs } = this.sums
    const rate = Math.round((events / realMs) * 1000)
    return [
      `${this.seeds} seeds, ${this.failed.length} failed`,
      `${(virtualMs / 3_600_000).toFixed(2)} virtual hours`,
      `${events} events (${rate}/s and process), ${messages} messages`,
      `${ops} client operations, ${records} records`,
      `${this.of('fault: ')} process faults`,
      `${MESSAGE_FAULTS.reduce((sum, name) => sum + (this.counts[name] ?? 0), 0)} message faults`,
    ].join('; ')
  }
}

const MESSAGE_FAULTS = [
  'lost message',
  'slow message',
  'lost call',
  'lost ack',
  'lost ack of append',
  'late append',
  '10164',
  'message cut off',
  'message stored twice',
  'message handed out twice',
  'lost ack of a message',
]
