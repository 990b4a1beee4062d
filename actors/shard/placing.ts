// Placing: rows of owned campaigns that new settings, a model or advice put elsewhere, some at a time
// beside what the host serves. A campaign offers every lead meanwhile, the others where they were (Q4).

import type { Campaign } from '../campaign/campaign.ts'
import { TimeSlices } from '../runtime/time-slices.ts'
import type { Shard } from './shard.ts'

/** Rows in a step: half a millisecond or so. */
const ROWS = 512
/** Of the host's time. */
const SHARE = 0.25

export class Placing {
  readonly #owned: () => readonly Shard[]
  #running = false

  constructor(owned: () => readonly Shard[]) {
    this.#owned = owned
  }

  /** Sees to what there is to do, unless that is under way. */
  tick(): void {
    if (this.#running) return
    this.#running = true
    void this.#run().finally(() => {
      this.#running = false
    })
  }

  async #run(): Promise<void> {
    const slices = new TimeSlices(SHARE)
    for (const shard of this.#owned()) {
      for (const campaign of shard.state.campaigns.values()) {
        while (isToBePlaced(shard, campaign)) await slices.run(() => place(shard, campaign))
      }
    }
  }
}

function isToBePlaced(shard: Shard, campaign: Campaign): boolean {
  return campaign.placing && !shard.lost && !shard.state.poisoned.has(campaign.id)
}

function place(shard: Shard, campaign: Campaign): void {
  try {
    campaign.place(ROWS)
  } catch (error) {
    shard.fault(campaign, error)
  }
}
