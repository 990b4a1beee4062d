// Attempts: those without an award, and what each was disposed as, so that it has one outcome and the
// same answer for it. The oldest are forgotten beyond a bound: their outcomes are then reported by
// campaign and lead.

import type { LeadDisposed } from '../protocol/events.ts'
import { cutOfMap, type ListCut } from './list-cut.ts'

const KEPT_MAX = 100_000

/** What an answer to the same outcome again is made of. */
export type Outcome = Pick<LeadDisposed, 'lead_id' | 'code' | 'as' | 'channel' | 'result' | 'late'>

export type AttemptsImage = [attempt: string, outcome: Outcome | null][]

export class Attempts {
  readonly #outcomes = new Map<string, Outcome | null>()

  get size(): number {
    return this.#outcomes.size
  }

  /** null while an attempt has no outcome, undefined where it is not known. */
  outcome(attempt: string): Outcome | null | undefined {
    return this.#outcomes.get(attempt)
  }

  begun(attempt: string): void {
    this.#keep(attempt, null)
  }

  disposed(attempt: string, event: LeadDisposed): void {
    const { lead_id, code, as, channel, result, late } = event
    const outcome: Outcome = { lead_id, code, channel, result: { ...result }, late }
    if (as !== undefined) outcome.as = { ...as }
    this.#keep(attempt, outcome)
  }

  cut(): ListCut<AttemptsImage[number]> {
    return cutOfMap(this.#outcomes, (attempt, outcome) => [attempt, outcome])
  }

  load(image: readonly AttemptsImage[number][]): void {
    for (const [attempt, outcome] of image) this.#outcomes.set(attempt, outcome)
  }

  #keep(attempt: string, outcome: Outcome | null): void {
    this.#outcomes.set(attempt, outcome)
    for (const oldest of this.#outcomes.keys()) {
      if (this.#outcomes.size <= KEPT_MAX) break
      this.#outcomes.delete(oldest)
    }
  }
}
