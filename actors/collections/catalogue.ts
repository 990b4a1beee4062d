// Catalogue book: all versions of the standard dispositions. A part of the office: it decides
// requests, and its state is what its events say.
//
//   CB1. Versions are counted from 1, which is built in, without a gap; none is changed or dropped.
//   CB2. A change is of the newest version or refused; the same change again changes nothing.
//   CB3. State changes only in `apply`; equal logs give equal images.
//   CB4. It is bounded: so many versions, each of so many bytes. Of an older one only the entries
//        that were new in it are kept.

import {
  CATALOGUE_KEY,
  type CatalogueChange,
  type CatalogueEvent,
  type CatalogueReply,
  type CatalogueRequest,
  catalogueShown,
  resolved,
  VERSIONS_MAX,
} from '../protocol/catalogue.ts'
import {
  CATALOGUE_1,
  type Catalogue,
  Dictionary,
  type Disposition,
} from '../protocol/dispositions.ts'
import type { CampaignId } from '../protocol/ids.ts'
import { type ErrorReply, errorReply } from '../protocol/replies.ts'
import { nextCatalogue } from './catalogue-change.ts'

export interface CatalogueDecision {
  events: CatalogueEvent[]
  reply: CatalogueReply | ErrorReply
}

/** Of version 2 and each after it: the entries that were new or other than in the one before. */
export interface CatalogueImage {
  changes: Disposition[][]
}

export class CatalogueBook {
  #newest: Catalogue = CATALOGUE_1
  readonly #changes: Disposition[][] = []

  get newest(): Catalogue {
    return this.#newest
  }

  /** A version as it was put; undefined where there is none. */
  version(version: number): Catalogue | undefined {
    if (version === this.#newest.version) return this.#newest
    if (version < 1 || version > this.#newest.version) return undefined
    return this.#changes.slice(0, version - 1).reduce(withChanges, CATALOGUE_1)
  }

  decide(request: CatalogueRequest, now: number): CatalogueDecision {
    switch (request.type) {
      case 'disposition.put':
        return this.#put(request.change, now)
      case 'disposition.catalogue':
        return this.#of(request.version ?? this.#newest.version, (catalogue) =>
          catalogueShown(catalogue, this.#newest.version),
        )
      case 'disposition.resolve':
        return this.#of(request.version, (catalogue) =>
          resolved(new Dictionary(catalogue), request.channel, request.code),
        )
    }
  }

  #put(change: CatalogueChange, at: number): CatalogueDecision {
    const { version } = this.#newest
    const base = this.version(change.version)
    const next = base === undefined ? undefined : nextCatalogue(base, change)
    const done = isCatalogue(next) && same(next.entries, this.#newest.entries)
    // An answer that was lost is asked for again: the change is then the newest version (CB2).
    if (done && change.version >= version - 1) {
      return { events: [], reply: catalogueShown(this.#newest, version) }
    }
    if (next === undefined || change.version !== version) {
      return { events: [], reply: conflict(version) }
    }
    if (!isCatalogue(next)) return { events: [], reply: next }
    if (next.version > VERSIONS_MAX) {
      const message = `the catalogue has ${VERSIONS_MAX} versions, and takes no more`
      return { events: [], reply: errorReply('CATALOGUE_FULL', message) }
    }
    return {
      events: [{ type: 'catalogue.put', ...OFFICE, at, by: change.by, catalogue: next }],
      reply: catalogueShown(next, next.version),
    }
  }

  #of(version: number, reply: (catalogue: Catalogue) => CatalogueReply): CatalogueDecision {
    const catalogue = this.version(version)
    if (catalogue !== undefined) return { events: [], reply: reply(catalogue) }
    const message = `/version: there are versions 1 to ${this.#newest.version}`
    return { events: [], reply: errorReply('NOT_FOUND', message, '/version') }
  }

  apply({ catalogue }: CatalogueEvent): void {
    const known = new Map(this.#newest.entries.map((entry) => [entry.code, entry]))
    const isNew = (entry: Disposition) => !same(entry, known.get(entry.code))
    this.#change(catalogue.entries.filter(isNew))
  }

  #change(entries: Disposition[]): void {
    this.#changes.push(entries)
    this.#newest = withChanges(this.#newest, entries)
  }

  image(): CatalogueImage {
    return { changes: this.#changes.map((entries) => [...entries]) }
  }

  load({ changes }: CatalogueImage): void {
    for (const entries of changes) this.#change(entries)
  }

  /** What gateways and hosts follow: the newest version, whole. */
  published(): [string, Catalogue][] {
    return [[CATALOGUE_KEY, this.#newest]]
  }

  publishedAt(key: string): Catalogue | undefined {
    return key === CATALOGUE_KEY ? this.#newest : undefined
  }

  changed(_event: CatalogueEvent): string[] {
    return [CATALOGUE_KEY]
  }
}

// The office is no campaign: its events lie in a shard's log among those of campaigns.
const OFFICE = { campaign_id: 0 as CampaignId }

function conflict(version: number): ErrorReply {
  const message = `/version: the newest is ${version}: read it, and make the change to that one`
  return errorReply('VERSION_CONFLICT', message, '/version')
}

function withChanges({ version, entries }: Catalogue, changes: readonly Disposition[]): Catalogue {
  const all = new Map(entries.map((entry) => [entry.code, entry]))
  for (const entry of changes) all.set(entry.code, entry)
  return { version: version + 1, entries: [...all.values()] }
}

function isCatalogue(next: Catalogue | ErrorReply | undefined): next is Catalogue {
  return next !== undefined && !('type' in next)
}

/** In this order, whatever order they came in. */
const FIELDS = [
  'code',
  'label',
  'group',
  'rank',
  'human',
  'rpc',
  'effect',
  'after_h',
  'suppresses',
  'hold_after',
  'aliases',
  'channel',
]

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, FIELDS) === JSON.stringify(b, FIELDS)
}
