// Snapshot of before 0.4: each campaign one part, however large. They are read still, in one go a
// campaign; the next snapshot of the shard is one of today's.

import { createHash } from 'node:crypto'
import type { ContactsImage } from '../campaign/contacts.ts'
import { type CampaignImage, CampaignLoader } from '../campaign/image.ts'
import type { OfficeImage } from '../collections/office.ts'
import { pack, unpack } from '../protocol/codec.ts'
import type { LeadAwarded } from '../protocol/events.ts'
import { nextPart, type Parts, sha256, torn } from './snapshot-frames.ts'
import type { ShardState } from './state.ts'
import type { Place } from './state-cut.ts'

export interface HeaderBefore extends Place {
  v: 1
  /** Parts that follow: one a campaign, then some of contacts; none in snapshots before 0.2. */
  campaigns: number
  contacts?: number
  /** One part more, in the shard where the office lives. */
  office?: true
}

interface Trailer {
  requests: LeadAwarded[]
  /** Hash of all parts and of the requests. */
  hash: string
  /** Hash of the header; absent before 0.3. */
  header?: string
}

export async function readBefore(
  state: ShardState,
  header: HeaderBefore,
  first: Uint8Array,
  parts: Parts,
): Promise<CampaignLoader[]> {
  const hash = createHash('sha256')
  const next = async <T>(): Promise<T> => {
    const bytes = await nextPart(parts)
    hash.update(bytes)
    return unpack<T>(bytes)
  }
  const loaders: CampaignLoader[] = []
  for (let i = 0; i < header.campaigns; i++) {
    const loader = new CampaignLoader(await next<CampaignImage>())
    loaders.push(loader)
    state.campaigns.set(loader.campaign.id, loader.campaign)
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let i = 0; i < (header.contacts ?? 0); i++) state.contacts.load(await next<ContactsImage>())
  if (header.office === true) state.office.load(await next<OfficeImage>())
  const trailer = unpack<Trailer>(await nextPart(parts))
  if (trailer.header !== undefined && trailer.header !== sha256(first)) {
    throw torn('is not of the record it says')
  }
  if (hash.update(pack(trailer.requests)).digest('hex') !== trailer.hash) {
    throw torn('does not hash to what it says')
  }
  state.remember(trailer.requests)
  return loaders
}
