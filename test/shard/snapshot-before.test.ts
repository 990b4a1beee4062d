// Snapshots of builds before: they are read as they always were, or not at all. Of version 1, before
// 0.4, each campaign is one part.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { pack } from '../../actors/protocol/codec.ts'
import type { RequestId } from '../../actors/protocol/ids.ts'
import { TimeSlices } from '../../actors/runtime/time-slices.ts'
import type { HeaderBefore } from '../../actors/shard/snapshot-before.ts'
import { sha256 } from '../../actors/shard/snapshot-frames.ts'
import { readState } from '../../actors/shard/snapshot-reader.ts'
import type { Header, Trailer } from '../../actors/shard/snapshot-writer.ts'
import type { ShardState } from '../../actors/shard/state.ts'
import { imageOf } from '../campaign/images.ts'
import { suite } from '../support/suite.ts'
import { ask, ingest, leads, order, takeAwards } from './asked.ts'
import { settingsOf } from './planted-log.ts'
import { Rig } from './rig.ts'

const test = suite('snapshot before')
let rig: Rig

test.before(async () => {
  rig = await Rig.start()
})
test.after(async () => {
  await rig[Symbol.asyncDispose]()
})

/** A shard's state with leads, some of them awarded, and where it stands. */
async function lived(): Promise<ShardState> {
  const { id, campaign } = rig.next()
  const { shard } = await rig.own(id)
  await ask(shard, { type: 'campaign.put', settings: settingsOf({ campaign_id: campaign }) })
  await ingest(shard, leads(campaign, 1900))
  await ingest(shard, leads(campaign, 20, { from: 4000, phone: '+915550001234' }))
  await takeAwards(
    shard,
    [1, 2, 3].map((i) => order(campaign, { request: `r${i}` as RequestId })),
  )
  return await rig.replay(id)
}

/** Its parts as builds before 0.4 wrote them. */
function partsOf(state: ShardState): Uint8Array[] {
  const { shard, seq, n, prev, epoch, host } = state
  const campaigns = [...state.campaigns.values()].map(imageOf)
  const contacts = [...state.contacts.parts()]
  const place = { shard, seq, n, prev, epoch, host }
  const counts = { campaigns: campaigns.length, contacts: contacts.length }
  const header: HeaderBefore = { v: 1, ...place, ...counts }
  const first = Uint8Array.from(pack(header))
  const images = [...campaigns, ...contacts].map((image) => Uint8Array.from(pack(image)))
  const requests = [...state.requests.values()].map(({ prev: _, ...award }) => award)
  const hash = createHash('sha256')
  for (const image of images) hash.update(image)
  hash.update(pack(requests))
  const trailer = { requests, hash: hash.digest('hex'), header: sha256(first) }
  return [first, ...images, Uint8Array.from(pack(trailer))]
}

function read(state: ShardState, parts: readonly Uint8Array[]): Promise<ShardState> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* parts
  }
  return readState(state.shard, stream(), new TimeSlices())
}

/** Its parts as builds wrote them that had leases in the heads of campaigns. */
function partsOf2(state: ShardState): Uint8Array[] {
  const { shard, seq, n, prev, epoch, host } = state
  const header: Header = { v: 2, shard, seq, n, prev, epoch, host }
  const first = Uint8Array.from(pack(header))
  const parts: Uint8Array[] = []
  for (const part of state.cut().parts()) {
    if (part.type === 'list' && part.list === 'leases') continue
    if (part.type === 'campaign') {
      const leases = state.campaigns.get(part.image.settings.campaign_id)?.leases ?? []
      parts.push(Uint8Array.from(pack({ ...part, image: { ...part.image, leases: [...leases] } })))
    } else parts.push(Uint8Array.from(pack(part)))
  }
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  const trailer: Trailer = { type: 'end', hash: hash.digest('hex'), header: sha256(first) }
  return [first, ...parts, Uint8Array.from(pack(trailer))]
}

test('one of version 2 gives the state the log gives, its leases too', async () => {
  const state = await lived()
  const loaded = await read(state, partsOf2(state))
  assert.equal(loaded.hash(), state.hash())
  const leases = ({ campaigns }: ShardState) => [...campaigns.values()].map((it) => [...it.leases])
  assert.equal(leases(loaded).flat().length, 3)
  assert.deepEqual(leases(loaded), leases(state))
})

test('SN1: it gives the state the log gives, placed and ready', async () => {
  const state = await lived()
  const loaded = await read(state, partsOf(state))
  assert.equal(loaded.hash(), state.hash())
  assert.deepEqual([loaded.n, loaded.seq, loaded.epoch], [state.n, state.seq, state.epoch])
  const awake = ({ campaigns }: ShardState) => [...campaigns.values()].map((it) => it.queue.awake)
  assert.deepEqual(awake(loaded), awake(state))
  assert.ok([...loaded.campaigns.values()].every(({ placing }) => !placing))
})

test('SN3: one that is torn, or of another record, is no state', async () => {
  const state = await lived()
  const parts = partsOf(state)
  const last = parts.length - 1
  await assert.rejects(read(state, parts.slice(0, last)), /ends early/)
  await assert.rejects(read(state, [...parts, new Uint8Array(1)]), /goes on behind its end/)
  const other = await lived()
  const [elsewhere = new Uint8Array()] = partsOf(other)
  await assert.rejects(read(state, [elsewhere, ...parts.slice(1)]), /not of the record it says/)
  const [, theirs = new Uint8Array()] = partsOf(other)
  const mixed = parts.map((part, i) => (i === 1 ? theirs : part))
  await assert.rejects(read(state, mixed), /does not hash to what it says/)
})

test.run()
