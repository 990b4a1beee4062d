// Tell: an award to its caller, or back to the gateway where that cannot be.

import assert from 'node:assert/strict'
import type { Link } from '../../actors/runtime/nats.ts'
import { tellUntil, toldTo } from '../../actors/shard/tell.ts'
import { suite } from '../support/suite.ts'

const test = suite('tell')
const AWARD = { type: 'award', body: Uint8Array.of(1, 2, 3) } as const
const DEADLINE = 1000

test('I13: told until the deadline; later, and where nobody says where, it is the gateway that answers', () => {
  const published: string[] = []
  const nc = { publish: (to: string) => void published.push(to) } as unknown as Link['nc'] // All it uses.
  let now = DEADLINE
  const tell = tellUntil(DEADLINE, { nc }, () => now)
  assert.deepEqual(toldTo('_INBOX.1', AWARD, tell), { type: 'told' })
  assert.equal(toldTo(undefined, AWARD, tell), AWARD)
  const refused = { type: 'refused' } as const
  assert.equal(toldTo('_INBOX.2', refused, tell), refused)
  now++
  assert.equal(toldTo('_INBOX.3', AWARD, tell), AWARD)
  assert.deepEqual(published, ['_INBOX.1'])
})

test.run()
