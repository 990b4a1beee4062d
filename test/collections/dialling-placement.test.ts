// On whose floor each agent stands: on one, where there are leads, and for as long as it is theirs.

import assert from 'node:assert/strict'
import { type Placeable, placeAgents } from '../../actors/collections/floor-placement.ts'
import type { CampaignId, ContractorId } from '../../actors/protocol/ids.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('floor placement')

// Ids as they would come from a checked request.
const of = (id: number, ...campaigns: number[]): Placeable => ({
  id: id as ContractorId,
  campaigns: campaigns as CampaignId[],
})
const placesOf = (entries: [number, number][]) => new Map(entries as [ContractorId, CampaignId][])
const never = () => false

test('agents of two campaigns are shared out between them', () => {
  const agents = Array.from({ length: 10 }, (_, i) => of(i + 1, 7, 8))
  const placed = [...placeAgents(agents, new Map(), never).values()]
  assert.equal(placed.filter((campaign) => Number(campaign) === 7).length, 5)
  assert.equal(placed.length, 10)
})

test('who has a place keeps it, and loses it with the tag', () => {
  const places = placesOf([
    [1, 8],
    [2, 8],
  ])
  const placed = placeAgents([of(1, 7, 8), of(2, 7)], places, never)
  assert.deepEqual(
    [...placed],
    [
      ...placesOf([
        [1, 8],
        [2, 7],
      ]),
    ],
  )
})

test('agents leave a campaign without leads for one that has some, and stay when none has', () => {
  const places = placesOf([[1, 7]])
  const dry = (campaign: CampaignId) => Number(campaign) === 7
  assert.deepEqual([...placeAgents([of(1, 7, 8)], places, dry)], [...placesOf([[1, 8]])])
  assert.deepEqual([...placeAgents([of(1, 7, 8)], places, () => true)], [...places])
})

test('everybody with a campaign stands on one floor, and it is one of theirs', () => {
  const agents = fc.uniqueArray(
    fc.record({ id: fc.integer({ min: 1, max: 50 }), campaigns: fc.subarray([1, 2, 3, 4, 5]) }),
    { selector: ({ id }) => id },
  )
  const places = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5 })))
  fc.assert(
    fc.property(agents, places, fc.subarray([1, 2, 3, 4, 5]), (listed, before, dry) => {
      const given = listed.map(({ id, campaigns }) => of(id, ...campaigns))
      const placed = placeAgents(given, placesOf(before), (campaign) => dry.includes(campaign))
      for (const { id, campaigns } of given) {
        const place = placed.get(id)
        if (campaigns.length === 0) assert.equal(place, undefined)
        else assert.ok(place !== undefined && campaigns.includes(place))
      }
      assert.equal(placed.size, given.filter(({ campaigns }) => campaigns.length > 0).length)
    }),
  )
})

test.run()
