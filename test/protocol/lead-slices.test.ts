import * as assert from 'uvu/assert'
import type { CampaignId } from '../../actors/protocol/ids.ts'
import { SlicedLeads, sliced } from '../../actors/protocol/lead-slices.ts'
import { leads } from '../shard/asked.ts'
import { suite } from '../support/suite.ts'

const test = suite('lead slices')

test('leads are read as they were packed, in whatever order they are asked for', () => {
  for (const count of [0, 1, 15, 16, 17, 100]) {
    const sent = leads(7 as CampaignId, count)
    const read = new SlicedLeads(sliced(sent))
    assert.is(read.length, count)
    for (let i = 0; i < count; i++) assert.equal(read.at(i), sent[i])
    for (let i = count - 1; i >= 0; i -= 5) assert.equal(read.at(i), sent[i])
    assert.is(read.at(count), undefined)
  }
})

test.run()
