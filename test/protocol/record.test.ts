import assert from 'node:assert/strict'
import { unpack } from '../../actors/protocol/codec.ts'
import { EngineError } from '../../actors/protocol/errors.ts'
import type { AwardId, CampaignId, HostId, LeadId, ShardId } from '../../actors/protocol/ids.ts'
import {
  decodeRecord,
  encodeRecord,
  RECORD_VERSION,
  type Record,
} from '../../actors/protocol/record.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('record')

const record: Record = {
  v: RECORD_VERSION,
  shard: 3 as ShardId,
  epoch: 7,
  host: 'host-a' as HostId,
  n: 41,
  prev: Uint8Array.from({ length: 16 }, (_, i) => i * 16),
  at: 1_767_592_800_123,
  events: [
    {
      type: 'lead.extended',
      campaign_id: 4 as CampaignId,
      lead_id: 1 as LeadId,
      award_id: 'a4-1-1-0' as AwardId,
      at: 1_767_592_800_000,
      lease_until: 1_767_592_890_000,
      prev: 12,
    },
  ],
}

const plain = (from: Record) => ({ ...from, prev: Buffer.from(from.prev).toString('hex') })

test('a record comes back as it was written, first byte its version', () => {
  const claim = fc.option(fc.string(), { nil: undefined })
  const numbers = fc.record({ epoch: fc.nat(), n: fc.maxSafeNat(), at: fc.maxSafeNat() })
  const prev = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(numbers, prev, claim, (fields, hash, made) => {
      const written: Record = { ...record, ...fields, prev: hash }
      if (made !== undefined) written.claim = { boot: made }
      const bytes = encodeRecord(written)
      assert.equal(bytes[0], 1)
      assert.deepEqual(plain(decodeRecord(bytes)), plain(written))
      // Behind the version it is plain MessagePack: whoever can read that can read our log.
      assert.deepEqual(plain(unpack<Record>(bytes.subarray(1))), plain(written))
    }),
  )
})

test('the same record gives the same bytes, or the chain of hashes would not hold', () => {
  assert.deepEqual(encodeRecord(record), encodeRecord(structuredClone(record)))
})

test('a record of a newer build is refused, and a torn one is not read as a shorter one', () => {
  const bytes = encodeRecord(record)
  const newer = Uint8Array.from(bytes)
  newer[0] = RECORD_VERSION + 1
  assert.throws(
    () => decodeRecord(newer),
    (error) => error instanceof EngineError && /run a newer build/.test(error.message),
  )
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeRecord(bytes.subarray(0, length)), `cut to ${length} bytes`)
  }
})

test.run()
