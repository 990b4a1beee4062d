// The contact index against a map of sets.

import assert from 'node:assert/strict'
import { ContactIndex } from '../../actors/campaign/contact-index.ts'
import type { ContactId } from '../../actors/protocol/contact.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'

const test = suite('contact-index')
const ALL = Number.POSITIVE_INFINITY

test('property: knows the rows of every contact, whatever moves between them', () => {
  const moves = fc.array(fc.record({ row: fc.nat(120), to: fc.integer({ min: -40, max: 40 }) }), {
    maxLength: 400,
  })
  fc.assert(
    fc.property(moves, fc.constantFrom(1, 2 ** 40 + 1), (plan, stride) => {
      const index = new ContactIndex()
      const contacts = new Map<number, number>()
      for (const { row, to } of plan) {
        const before = contacts.get(row) ?? 0
        const after = to * stride
        if (before !== 0) index.remove(before as ContactId, row)
        if (after !== 0) index.add(after as ContactId, row)
        contacts.set(row, after)
      }
      for (let to = -40; to <= 40; to++) {
        if (to === 0) continue
        const rows = [...contacts].filter(([, contact]) => contact === to * stride)
        const found = index.rows((to * stride) as ContactId, ALL)
        assert.deepEqual(
          found.sort((a, b) => a - b),
          rows.map(([row]) => row).sort((a, b) => a - b),
        )
      }
    }),
  )
})

test('a contact of a hundred thousand leads costs no more a lead, and is answered in part', () => {
  const index = new ContactIndex()
  for (let row = 0; row < 100_000; row++) index.add(7 as ContactId, row)
  assert.equal(index.rows(7 as ContactId, ALL).length, 100_000)
  assert.deepEqual(index.rows(7 as ContactId, 3), [99_999, 99_998, 99_997])
})

test.run()
