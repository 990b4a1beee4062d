// Pauses: how long a thread is held by one step of what is done to a million leads beside calls: taking
// them in, copying them for a snapshot, loading them, other settings, a model, an index of contacts.
//
// In one process, and in its own time on the processor: how busy the machine is counts for its caches
// only. Of several rounds the shortest counts, each round's being the longest step in it.

import { sweep } from '../../actors/campaign/bars.ts'
import type { Campaign } from '../../actors/campaign/campaign.ts'
import { Suppressions } from '../../actors/campaign/suppressions.ts'
import { PRIOR_MODEL } from '../../actors/policy/prior-model.ts'
import type { ContactId } from '../../actors/protocol/contact.ts'
import type { CampaignId, ShardId } from '../../actors/protocol/ids.ts'
import { MILLION } from '../../actors/protocol/model.ts'
import { ALL_CUSTOMERS, type SuppressionEntry } from '../../actors/protocol/suppression.ts'
import type { Slices } from '../../actors/runtime/time-slices.ts'
import { readState } from '../../actors/shard/snapshot-reader.ts'
import { writeState } from '../../actors/shard/snapshot-writer.ts'
import { ShardState } from '../../actors/shard/state.ts'
import { type Figure, limitFigure } from './bench.ts'
import { acceptances, settingsOf } from './crowd.ts'

const SHARD = 0 as ShardId
const PAUSE_MAX_MS = 20
/** Rows a host puts in their places in one step (shard/placing.ts), and looks at after a claim. */
const PLACED_ROWS = 512
const SWEPT_ROWS = 2048

/** The longest of its steps and all of them, ms of the processor. */
interface Held {
  longest: number
  all: number
}

/** Takes the place of time slices: runs each step, and notes how long it took. */
class Watch implements Slices {
  readonly #held = new Map<string, Held>()
  #what = ''

  for(what: string): this {
    this.#what = what
    return this
  }

  step<T>(step: () => T): T {
    const before = process.cpuUsage()
    const began = performance.now()
    const result = step()
    const { user, system } = process.cpuUsage(before)
    // Whichever is less: others may have had the processor, or have helped (collecting garbage).
    const ms = Math.min((user + system) / 1000, performance.now() - began)
    const held = this.#held.get(this.#what) ?? { longest: 0, all: 0 }
    this.#held.set(this.#what, { longest: Math.max(held.longest, ms), all: held.all + ms })
    return result
  }

  async run<T>(step: () => T): Promise<T> {
    return this.step(step)
  }

  get held(): ReadonlyMap<string, Held> {
    return this.#held
  }
}

export async function benchPauses({ leads = 1_000_000, rounds = 3 } = {}): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const campaigns of [1, 64]) {
    const best = new Map<string, Held>()
    for (let round = 0; round < rounds; round++) {
      const watch = new Watch()
      await live(watch, campaigns, Math.ceil(leads / campaigns))
      for (const [what, held] of watch.held) {
        const longest = Math.min(held.longest, best.get(what)?.longest ?? held.longest)
        best.set(what, { longest, all: Math.min(held.all, best.get(what)?.all ?? held.all) })
      }
    }
    const where = `${leads.toLocaleString('en')} leads in ${campaigns}`
    for (const [what, { longest, all }] of best) {
      const name = `${where}: longest step of ${what} (${Math.round(all)} ms in all)`
      figures.push(limitFigure(name, longest, 'ms', PAUSE_MAX_MS))
    }
  }
  return figures
}

/** A shard's life from its first lead to the load of its snapshot, and what comes beside calls. */
async function live(watch: Watch, campaigns: number, each: number): Promise<void> {
  const now = Date.now()
  const state = new ShardState(SHARD)
  const ids = Array.from({ length: campaigns }, (_, i) => (i + 1) as CampaignId)
  for (const id of ids) {
    state.apply({ type: 'campaign.put', campaign_id: id, at: now, settings: settingsOf(id) })
    watch.for('taking a lead in')
    for (const event of acceptances(id, each, now)) watch.step(() => state.apply(event))
  }
  watch.for('a cut for a snapshot')
  const cut = watch.step(() => state.cut())
  watch.for('what changes a campaign first after a cut')
  for (const campaign of state.campaigns.values()) watch.step(() => cut.changing(campaign))
  const parts: Uint8Array[] = []
  for await (const part of writeState(cut, watch.for('writing a snapshot'))) {
    parts.push(Uint8Array.from(part))
  }
  cut.close()
  const loaded = await readState(SHARD, stream(parts), watch.for('loading it'))
  for (const campaign of loaded.campaigns.values()) beside(watch, loaded, campaign, now)
}

/** What comes while a campaign is served. */
function beside(watch: Watch, state: ShardState, campaign: Campaign, now: number): void {
  const { id: campaign_id, leads } = campaign
  const place = () => {
    for (let done = false; !done; ) done = watch.step(() => campaign.place(PLACED_ROWS))
  }
  const settings = settingsOf(campaign_id, { weights: { city: { Delhi: 2, Surat: -2 } } })
  watch.for('other settings')
  watch.step(() => state.apply({ type: 'campaign.put', campaign_id, at: now, settings }))
  place()
  const weights = { ...PRIOR_MODEL.weights, source: { Ads: [MILLION, 90] as const } }
  const model = { ...PRIOR_MODEL, version: 1, weights }
  watch.for('a model')
  watch.step(() => state.apply({ type: 'model.adopted', campaign_id, at: now, model }))
  place()
  watch.for('the first question for a contact')
  watch.step(() => campaign.contacts.rowsOf(7 as ContactId))
  watch.for('the index of contacts')
  place()
  const suppressions = new Suppressions(SHARD)
  suppressions.load([suppressionOf(campaign_id, now)])
  watch.for('the look after a claim')
  for (let from = 0; from < leads.size; from += SWEPT_ROWS) {
    watch.step(() => sweep(campaign, suppressions, now, { from, to: from + SWEPT_ROWS }))
  }
}

function suppressionOf(campaign: CampaignId, at: number): SuppressionEntry {
  const who = { contact: 7 as ContactId, customer: ALL_CUSTOMERS, campaign }
  const why = { at, by: 'the bench', reason: 'asked for' }
  return { op: 'add', kind: 'phone', from: SHARD, n: 1, ...who, ...why }
}

async function* stream(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}
