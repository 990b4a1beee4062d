import assert from 'node:assert/strict'
import { CATALOGUE, dispositionOf } from '../../actors/protocol/dispositions.ts'
import { suite } from '../support/suite.ts'

const test = suite('dispositions')

test('the first catalogue is the contract’s, in the order it was published', () => {
  const effects = CATALOGUE.map(({ code, effect }) => `${code}: ${effect}`)
  assert.deepEqual(effects, [
    'no_answer: miss',
    'busy: busy',
    'callback: callback',
    'converted: converted',
    'not_interested: lost',
    'wrong_number: invalid',
    'do_not_contact: suppressed',
  ])
})

test('a code finds its entry, and nothing else does', () => {
  for (const entry of CATALOGUE) assert.equal(dispositionOf(entry.code), entry)
  for (const other of ['', 'NO_ANSWER', 'constructor'])
    assert.equal(dispositionOf(other), undefined)
})

test.run()
