// Faults: how the tests of the contract's schemas judge what a wrong input is told.

import assert from 'node:assert/strict'
import { InputError } from '../../actors/protocol/errors.ts'
import type { Fault } from '../../actors/protocol/schema.ts'

/** What is wrong, where it must be found, and words the reason must have. */
export type WrongInput = [wrong: unknown, path: string, said: RegExp]

/** A reason in the library's own words names types, not cures. */
const LIBRARY_WORDS = /invalid (input|option|key|element|string)|too (big|small)|expected|received/i

export function assertFault(fault: Fault, [wrong, path, said]: WrongInput): void {
  const shown = `${JSON.stringify(wrong)?.slice(0, 200)} gave ${JSON.stringify(fault)}`
  assert.equal(fault.path, path, shown)
  assert.match(fault.reason, said, shown)
  assert.doesNotMatch(fault.reason, LIBRARY_WORDS, shown)
}

/** Runs `parse`, which must throw an InputError with the path and the reason. */
export function assertRefused(parse: (body: unknown) => unknown, expected: WrongInput): void {
  try {
    parse(expected[0])
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    assert.equal(error.code, 'INVALID')
    assertFault({ path: error.path ?? 'none', reason: error.message }, expected)
    return
  }
  assert.fail(`${JSON.stringify(expected[0])} was taken`)
}

/** An object with a field of its own named `__proto__`, as only a parser makes it. */
export function withProto(fields: object): unknown {
  return JSON.parse(JSON.stringify(fields).replace(/}$/, ',"__proto__":{"polluted":1}}'))
}
