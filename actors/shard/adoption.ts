// Adoption: what was learnt of a customer becomes what its campaigns here score with, by an event
// in the journal of each (design: what spans shards is read only through a shard's own log).
//
//   AD1. A campaign adopts only a higher version than it has, so whatever publishes models, in
//        whatever order they arrive, its log never goes back.
//   AD2. Awards do not wait for it: a record takes SLICE_BYTES of models beside them, and the next
//        slice waits until that record is durable. A shard that is draining, busy or about to be
//        copied is left alone and looked at again.
//   AD3. What is late costs nothing but a little of the score: a campaign that never adopts goes
//        on with what it has.

import { setImmediate as turn } from 'node:timers/promises'
import type { Campaign } from '../campaign/campaign.ts'
import { pack } from '../protocol/codec.ts'
import type { CustomerId } from '../protocol/ids.ts'
import type { Model } from '../protocol/model.ts'
import type { Log } from '../runtime/log.ts'
import type { PublishedModel } from '../runtime/model-store.ts'
import type { Shard } from './shard.ts'

/** Models one record takes beside what else is in it; one that is larger goes alone. */
const SLICE_BYTES = 64 * 1024
/** Campaigns are also put, requeued and given another policy: seen at the next look. */
const LOOK_MS = 250

export interface Models {
  get(customer: CustomerId): PublishedModel | undefined
  onChange(listener: () => void): void
}

/** Keeps the campaigns of a host's shards at the newest models. */
export class Adoption {
  readonly #models: Models
  readonly #owned: () => readonly Shard[]
  readonly #log: Log
  /** Shards that are just adopting; one walk through a shard's campaigns at a time. */
  readonly #walking = new Set<Shard>()
  #timer: NodeJS.Timeout | null = null

  constructor(models: Models, owned: () => readonly Shard[], log: Log) {
    this.#models = models
    this.#owned = owned
    this.#log = log
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS)
    this.#models.onChange(() => this.look())
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  /** Sees to every shard that is owned here and not seen to already. */
  look(): void {
    if (this.#timer === null) return
    for (const shard of this.#owned()) {
      if (this.#walking.has(shard)) continue
      this.#walking.add(shard)
      adoptModels(shard, this.#models)
        .then((adopted) => {
          if (adopted === 0) return
          this.#log.info({ shard: shard.state.shard, campaigns: adopted }, 'models adopted')
        })
        .catch((error: unknown) => {
          // Lost meanwhile, as a rule: its next owner adopts what this one did not.
          if (shard.lost) return
          this.#log.warn({ shard: shard.state.shard, error: String(error) }, 'models not adopted')
        })
        .finally(() => this.#walking.delete(shard))
    }
  }
}

/** Lets the shard's campaigns adopt what is newer than what they have; how many did. */
export async function adoptModels(shard: Shard, models: Pick<Models, 'get'>): Promise<number> {
  let adopted = 0
  let bytes = 0
  for (const { campaign, model } of due(shard, models)) {
    const size = sizeOf(model)
    if (bytes > 0 && bytes + size > SLICE_BYTES) {
      await shard.durable()
      await turn() // What came in meanwhile goes first.
      bytes = 0
    }
    if (!shard.idle) break
    if (!adopt(shard, campaign, model)) continue
    bytes += size
    adopted++
  }
  await shard.durable()
  return adopted
}

interface Due {
  campaign: Campaign
  model: Model
}

function* due(shard: Shard, models: Pick<Models, 'get'>): Generator<Due> {
  // A copy of the keys: campaigns are put while this walk waits.
  for (const id of [...shard.state.campaigns.keys()]) {
    const campaign = shard.state.campaigns.get(id)
    if (campaign === undefined) continue
    const { customer_id, policy } = campaign.settings
    // By waiting time nothing is scored, so nothing learnt would count.
    if (policy === 'fifo' || campaign.quarantined !== null || shard.state.poisoned.has(id)) continue
    const model = models.get(customer_id)?.model
    if (model !== undefined && model.version > campaign.learnt.model.version) {
      yield { campaign, model }
    }
  }
}

/** Emits one adoption, decided and applied in this very turn (SH1); false where it faulted. */
function adopt(shard: Shard, campaign: Campaign, model: Model): boolean {
  try {
    const at = campaign.clock(shard.now())
    shard.emit({ type: 'model.adopted', campaign_id: campaign.id, at, model })
    return true
  } catch (error) {
    shard.fault(campaign, error)
    return false
  }
}

/** By model, for many campaigns adopt the same. */
const sizes = new WeakMap<Model, number>()

function sizeOf(model: Model): number {
  let size = sizes.get(model)
  if (size === undefined) {
    size = pack(model).length
    sizes.set(model, size)
  }
  return size
}
