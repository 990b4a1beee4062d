// Naive promise: first calls of live leads, each counted once, for the day of its campaign it was made
// on (I8). In the end the engine's figures must be what they add up to.

import type { SlaDay } from '../../campaign/sla-ledger.ts'
import type { Settings } from '../../protocol/settings.ts'
import type { Findings } from './findings.ts'
import { dateOf } from './naive-caps.ts'
import type { NaiveLead } from './naive-lead.ts'

const DAY_MS = 86_400_000

/** A call as its event tells it; `sla_day` where it counts as a first one. */
interface Call {
  named: string
  at: number
  sla_day?: number
}

export class NaivePromise {
  /** By day, on time and late. */
  readonly #days = new Map<number, { onTime: number; late: number }>()

  /** Takes note of a call on a lead as it was before it. */
  called(
    lead: NaiveLead,
    { named, at, sla_day }: Call,
    settings: Settings,
    findings: Findings,
  ): void {
    const first =
      !lead.called && lead.attempts === 0 && lead.type === 'Live' && lead.reschedules === 0
    if (sla_day !== undefined) {
      findings.check('I8', first, () => `${named} counts as a first call, and is none`)
      const day = Date.parse(dateOf(settings.timezone, at)) / DAY_MS
      findings.check('I8', sla_day === day, () => `${named} counts for day ${sla_day}, not ${day}`)
    }
    if (!first) return
    lead.called = true
    const day = sla_day ?? Math.floor(at / DAY_MS)
    const counted = this.#days.get(day) ?? { onTime: 0, late: 0 }
    this.#days.set(day, counted)
    if (at - lead.createdAt <= settings.sla.minutes * 60_000) counted.onTime++
    else counted.late++
  }

  /** The engine keeps its last days: each must be what was counted here. */
  compare(days: readonly SlaDay[], campaign: number, findings: Findings): void {
    for (const { day, onTime, late } of days) {
      const { onTime: should = 0, late: lates = 0 } = this.#days.get(day) ?? {}
      findings.check(
        'I8',
        onTime === should && late === lates,
        () =>
          `campaign ${campaign}, day ${day}: the engine counts ${onTime} first calls on time and ${late} late, the log ${should} and ${lates}`,
      )
    }
    const since = Math.min(...days.map(({ day }) => day))
    const missing = [...this.#days.keys()].filter(
      (day) => (days.length === 0 || day > since) && !days.some((known) => known.day === day),
    )
    findings.check(
      'I8',
      missing.length === 0,
      () => `campaign ${campaign}: the engine counts no first calls on days ${missing.join(', ')}`,
    )
  }
}
