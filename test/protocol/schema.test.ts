import assert from 'node:assert/strict'
import { z } from 'zod'
import { InputError } from '../../actors/protocol/errors.ts'
import { byName, check, id, parse, pointer, text, zone } from '../../actors/protocol/schema.ts'
import { fc } from '../support/properties.ts'
import { suite } from '../support/suite.ts'
import { withProto } from './faults.ts'

const test = suite('schema')

/** RFC 6901 the other way round. */
const stepsOf = (path: string) =>
  path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

test('a JSON Pointer of any steps can be taken apart into them', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (steps) => {
      assert.deepEqual(stepsOf(pointer(steps)), steps)
    }),
  )
  assert.equal(pointer([]), '')
  assert.equal(pointer(['a/b', '~', '']), '/a~1b/~0/')
})

test('a prefix says where the value stood in a larger one', () => {
  const schema = z.strictObject({ id })
  assert.deepEqual(check(schema, { id: 0 }, '/leads/3'), {
    ok: false,
    fault: { path: '/leads/3/id', reason: 'must be 1 or more' },
  })
  assert.throws(
    () => parse(schema, 5),
    (error) =>
      error instanceof InputError &&
      error.path === '' &&
      error.message === 'body: must be an object',
  )
})

test('of several faults the first is told, and a misspelt field by its name', () => {
  const schema = z.strictObject({ id, name: text(5) })
  const { fault } = check(schema, { id: 'x', name: '', nam: 1 }) as { fault: object }
  assert.deepEqual(fault, { path: '/id', reason: 'must be an integer' })
  const misspelt = check(schema, { id: 1, name: 'a', nam: 1 }) as { fault: object }
  const reason = 'unknown field: remove it or check its spelling'
  assert.deepEqual(misspelt.fault, { path: '/nam', reason })
})

test('a field that is not there is told from one that is wrong', () => {
  const schema = z.strictObject({
    id,
    name: text(5),
    kind: z.enum(['a', 'b']),
    more: z.strictObject({ on: z.boolean() }).optional(),
  })
  const reasonOf = (input: unknown) => {
    const result = check(schema, input)
    return result.ok ? null : [result.fault.path, result.fault.reason]
  }
  assert.deepEqual(reasonOf({}), ['/id', 'required: must be an integer'])
  assert.deepEqual(reasonOf({ id: 1 }), ['/name', 'required: must be a text'])
  assert.deepEqual(reasonOf({ id: 1, name: null }), ['/name', 'must be a text'])
  assert.deepEqual(reasonOf({ id: 1, name: 'x' }), ['/kind', 'required: must be one of a, b'])
  assert.deepEqual(reasonOf({ id: 1, name: 'x', kind: 'c' }), ['/kind', 'must be one of a, b'])
  const whole = { id: 1, name: 'x', kind: 'a' }
  assert.deepEqual(reasonOf({ ...whole, more: {} }), ['/more/on', 'required: must be a boolean'])
  assert.deepEqual(reasonOf(undefined), ['', 'must be an object'])
  assert.equal(reasonOf(whole), null)
})

test('a map keeps any name but __proto__, which is refused and not left out', () => {
  const map = byName(20, z.unknown())
  const name = fc.string({ minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.dictionary(name, fc.integer(), { noNullPrototype: true }), (input) => {
      const result = check(map, input)
      if (Object.hasOwn(input, '__proto__')) assert.ok(!result.ok)
      else assert.deepEqual(result, { ok: true, value: input })
    }),
  )
  assert.equal(check(map, withProto({ a: 1 })).ok, false)
})

test('a zone is one that the zone data knows, whatever else it looks like', () => {
  for (const known of ['UTC', 'Asia/Kolkata', 'America/New_York', 'Australia/Lord_Howe']) {
    assert.ok(check(zone, known).ok, known)
  }
  for (const unknown of ['', 'local', 'system', 'Asia/Atlantis', '../etc/passwd', 'UTC+25', null]) {
    assert.ok(!check(zone, unknown).ok, String(unknown))
  }
})

test.run()
