// Census: how many of a campaign's leads are in each state, kept event by event, and held against the
// engine's own count after each record (I2: nothing appears, and nothing is gone, at any point).

import type { Campaign } from '../../campaign/campaign.ts'
import type { LeadState } from '../../protocol/events.ts'
import type { Findings } from './findings.ts'
import { campaignKey } from './related.ts'

export class Census {
  readonly #counts = new Map<LeadState, number>()
  /** Leads accepted so far. */
  accepted = 0

  /** A lead that was in one state is in another now; null: it was not there. */
  moved(before: LeadState | null, after: LeadState): void {
    if (before === null) this.accepted++
    else this.#add(before, -1)
    this.#add(after, 1)
  }

  #add(state: LeadState, by: number): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + by)
  }

  /** Every state has as many on both sides, and all together are those that were accepted. */
  compare({ id, depth, leads }: Campaign, findings: Findings): void {
    const is: string[] = []
    let all = 0
    // The engine's counts are by state, though their type says any name.
    const states = new Set([...this.#counts.keys(), ...(depth.keys() as Iterable<LeadState>)])
    for (const state of states) {
      const [own = 0, engine = 0] = [this.#counts.get(state), depth.get(state)]
      all += engine
      if (own !== engine) is.push(`${state}: ${engine}, not ${own}`)
    }
    const about = () => [campaignKey(id)]
    findings.check(
      'I2',
      leads.size === this.accepted && all === this.accepted,
      () =>
        `campaign ${id}: ${this.accepted} leads accepted so far, the engine holds ${leads.size}, ${all} in a state`,
      about,
    )
    findings.check('I2', is.length === 0, () => `campaign ${id}: ${is.join('; ')}`, about)
  }
}
