// Snapshot reader: the state a snapshot's parts make. A part is read, hashed and loaded, then others
// run: a host that loads one shard serves its others meanwhile.

import { createHash } from 'node:crypto'
import { CampaignLoader, PLACED_ROWS } from '../campaign/image.ts'
import { unpack } from '../protocol/codec.ts'
import { assertNever, EngineError } from '../protocol/errors.ts'
import type { ShardId } from '../protocol/ids.ts'
import type { Slices } from '../runtime/time-slices.ts'
import { type HeaderBefore, readBefore } from './snapshot-before.ts'
import { nextPart, type Parts, sha256, torn } from './snapshot-frames.ts'
import { type Header, SNAPSHOT_VERSION, type Trailer } from './snapshot-writer.ts'
import { ShardState } from './state.ts'
import type { StatePart } from './state-cut.ts'

/** Throws when the parts are not a snapshot this build can read. */
export async function readState(shard: ShardId, parts: Parts, slices: Slices): Promise<ShardState> {
  const first = await nextPart(parts)
  const header = unpack<Header | HeaderBefore>(first)
  const state = new ShardState(shard)
  let loaders: CampaignLoader[]
  if (header.v === 1) loaders = await readBefore(state, header, first, parts)
  else if (header.v === 2 || header.v === SNAPSHOT_VERSION) {
    loaders = await readParts(state, first, parts, slices)
  } else {
    const v: unknown = header.v satisfies never // Whatever a later build wrote.
    throw new EngineError('FORMAT_VERSION', `snapshot version ${v} is not 1 to ${SNAPSHOT_VERSION}`)
  }
  const { seq, n, prev, epoch, host } = header
  Object.assign(state, { seq, n, prev: Uint8Array.from(prev), epoch, host })
  if (!(await parts.next()).done) throw torn('goes on behind its end')
  for (const loader of loaders) {
    const campaign = await slices.run(() => loader.finish())
    if (state.contacts.suppressions.size > 0) campaign.contacts.prepare()
    for (let done = false; !done; ) done = await slices.run(() => campaign.place(PLACED_ROWS))
  }
  return state
}

async function readParts(
  state: ShardState,
  header: Uint8Array,
  parts: Parts,
  slices: Slices,
): Promise<CampaignLoader[]> {
  const hash = createHash('sha256')
  const loaders: CampaignLoader[] = []
  for (;;) {
    const bytes = await nextPart(parts)
    const trailer = await slices.run(() => {
      const part = unpack<StatePart | Trailer>(bytes)
      if (part.type === 'end') return part
      hash.update(bytes)
      load(state, part, loaders)
      return null
    })
    if (trailer === null) continue
    if (trailer.header !== sha256(header) || trailer.hash !== hash.digest('hex')) {
      throw torn('does not hash to what it says')
    }
    return loaders
  }
}

function load(state: ShardState, part: StatePart, loaders: CampaignLoader[]): void {
  switch (part.type) {
    case 'campaign': {
      const loader = new CampaignLoader(part.image)
      loaders.push(loader)
      state.campaigns.set(loader.campaign.id, loader.campaign)
      break
    }
    case 'list':
    case 'rows':
    case 'allocated': {
      // The parts of a campaign follow its head.
      const loader = loaders.at(-1)
      if (loader === undefined) throw torn('begins in the middle of a campaign')
      loader.add(part)
      break
    }
    case 'contacts':
      state.contacts.load(part.contacts)
      break
    case 'office':
      state.office.load(part.office)
      break
    case 'requests':
      state.remember(part.requests)
      break
    default:
      assertNever(part)
  }
}
