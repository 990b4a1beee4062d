// Quarantine: what was set aside, and that nothing else was (I16). The engine's fold sets a campaign
// aside whose event it cannot apply; that must be an event the naive fold finds fault with. And who is
// set aside takes nothing but new settings until somebody requeues it.

import type { Event } from '../../protocol/events.ts'
import { isContactEvent, isOfficeEvent, isSuppressionEvent } from '../../protocol/events.ts'
import type { Record } from '../../protocol/record.ts'
import type { ShardState } from '../state.ts'
import type { Findings } from './findings.ts'
import { campaignKey } from './related.ts'

/** What may happen to a campaign that is set aside. */
const MAY = new Set(['campaign.put', 'campaign.requeued'])

export class Quarantine {
  readonly #findings: Findings
  readonly #engine: ShardState
  /** Campaigns set aside by an event, and those the engine's fold set aside. */
  readonly #aside = new Set<number>()
  readonly #poisoned = new Set<number>()

  constructor(engine: ShardState, findings: Findings) {
    this.#engine = engine
    this.#findings = findings
  }

  /** Looks at a record before it is folded by the engine. */
  before({ events }: Record): void {
    for (const event of events) {
      if (isContactEvent(event) || isOfficeEvent(event) || isSuppressionEvent(event)) continue
      this.#findings.on(event)
      this.#event(event)
    }
  }

  #event(event: Event): void {
    const { type, campaign_id: id } = event
    const aside = this.#aside.has(id)
    if (type === 'campaign.quarantined') this.#aside.add(id)
    if (type === 'campaign.requeued') {
      const was = aside || this.#poisoned.has(id)
      this.#findings.check('I16', was, () => `campaign ${id} is requeued, and was not set aside`)
      this.#aside.delete(id)
      return
    }
    this.#findings.check(
      'I16',
      !aside || MAY.has(type),
      () => `${type} of campaign ${id}, which is set aside`,
    )
  }

  /** Looks at what became of a record in the engine's fold. */
  after({ events }: Record): void {
    const { blamed, accounted } = this.#findings
    const { poisoned, campaigns } = this.#engine
    for (const id of poisoned) {
      if (this.#poisoned.has(id)) continue
      this.#poisoned.add(id)
      this.#findings.check(
        'I16',
        blamed.has(id),
        () =>
          `campaign ${id} is set aside, and its event is sound: ${campaigns.get(id)?.quarantined}`,
        () => [campaignKey(id)],
      )
    }
    const aside = events.filter((event) => this.#isSetAside(event)).length
    accounted.records++
    accounted.events += events.length
    accounted.set_aside += aside
    accounted.applied += events.length - aside
  }

  #isSetAside(event: Event): boolean {
    const own = isContactEvent(event) || isOfficeEvent(event) || isSuppressionEvent(event)
    return !own && this.#poisoned.has(event.campaign_id)
  }
}
