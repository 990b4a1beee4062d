// Offer batches: offers that come into force together. They are staged in parts, seen by nobody, and
// leave here whole: into the shelf, or away.
//
//   OB1. The same part again is known by its place and digest: an answer may have been lost.

import type { Offer, OfferState } from '../protocol/offer.ts'
import { OfferShelf } from './offer-shelf.ts'

/** Activated batches that are remembered, the newest. */
const ACTIVATED_KEPT = 200
/** A batch that nobody went on with for so long is dropped. */
export const STAGED_KEPT_MS = 3_600_000

export type Part = [from: number, digest: number]

export interface StagedImage {
  batch_id: string
  at: number
  parts: Part[]
  offers: Offer[]
}

export interface BatchesImage {
  staged: StagedImage[]
  activated: [batch_id: string, offers: number, parts: Part[]][]
}

/** A batch on its way. */
export interface Staged {
  /** When its last part came. */
  at: number
  parts: Part[]
  offers: OfferShelf
}

export class OfferBatches {
  readonly #staged = new Map<string, Staged>()
  readonly #activated = new Map<string, { offers: number; parts: Part[] }>()

  get size(): number {
    return this.#staged.size
  }

  /** Offers staged, of all batches. */
  get offers(): number {
    let count = 0
    for (const { offers } of this.#staged.values()) count += offers.size
    return count
  }

  /** A batch on its way, unless it was abandoned by `now`. */
  staged(batch: string, now: number): Staged | undefined {
    const staged = this.#staged.get(batch)
    return staged === undefined || isAbandoned(staged, now) ? undefined : staged
  }

  abandoned(now: number): string[] {
    return [...this.#staged].filter(([, staged]) => isAbandoned(staged, now)).map(([id]) => id)
  }

  activated(batch: string): { offers: number; parts: Part[] } | undefined {
    return this.#activated.get(batch)
  }

  /** Whether an offer of that id is staged in some batch. */
  knows(offer: string): boolean {
    for (const { offers } of this.#staged.values()) if (offers.get(offer) !== undefined) return true
    return false
  }

  stage(batch: string, part: Part, offers: readonly Offer[], at: number): void {
    const known = this.#staged.get(batch)
    const staged = known ?? { at, parts: [], offers: new OfferShelf() }
    staged.at = at
    staged.parts.push(part)
    for (const offer of offers) staged.offers.put(unsold(offer))
    this.#staged.set(batch, staged)
  }

  /** Takes a batch out, to be put into force. */
  activate(batch: string): Iterable<OfferState> {
    const staged = this.#staged.get(batch)
    if (staged === undefined) return []
    this.#staged.delete(batch)
    this.#activated.set(batch, { offers: staged.offers.size, parts: staged.parts })
    if (this.#activated.size > ACTIVATED_KEPT) {
      const [oldest = ''] = this.#activated.keys()
      this.#activated.delete(oldest)
    }
    return staged.offers.values()
  }

  drop(batch: string): void {
    this.#staged.delete(batch)
  }

  image(): BatchesImage {
    return {
      staged: [...this.#staged].map(([batch_id, { at, parts, offers }]) => ({
        batch_id,
        at,
        parts: parts.map(([from, digest]): Part => [from, digest]),
        offers: Array.from(offers.values(), ({ offer }) => offer),
      })),
      activated: [...this.#activated].map(([batch, { offers, parts }]) => [batch, offers, parts]),
    }
  }

  load({ staged, activated }: BatchesImage): void {
    for (const { batch_id, at, parts, offers } of staged) {
      const shelf = new OfferShelf()
      for (const offer of offers) shelf.put(unsold(offer))
      this.#staged.set(batch_id, { at, parts: [...parts], offers: shelf })
    }
    for (const [batch, offers, parts] of activated) this.#activated.set(batch, { offers, parts })
  }
}

/** Whether a part came already. */
export function hasPart(parts: readonly Part[], from: number | null, digest: number): boolean {
  return parts.some(([at, known]) => (from === null || at === from) && known === digest)
}

export function unsold(offer: Offer): OfferState {
  return { offer, ended_at: null, sold: 0, held: 0 }
}

function isAbandoned({ at }: Staged, now: number): boolean {
  return now - at >= STAGED_KEPT_MS
}
