import assert from 'node:assert/strict'
import { createLog } from '../../actors/runtime/log.ts'
import { suite } from '../support/suite.ts'

const test = suite('log')
const PHONE = '+15550001234'
const LEAD = { id: 7, phone: PHONE, account_no: 'ACC-1', note: 'call after six', city: 'Delhi' }

function linesOf(write: (log: ReturnType<typeof createLog>) => void, level = 'info'): string[] {
  const lines: string[] = []
  write(createLog({ role: 'actors', host: 'h1' }, level, { write: (line) => lines.push(line) }))
  return lines
}

test('a line is JSON: level by name, time in UTC, the fields of the process, the message', () => {
  const [line = ''] = linesOf((log) => log.info({ shard: 3 }, 'shard claimed'))
  const { time, ...rest } = JSON.parse(line)
  assert.deepEqual(rest, {
    level: 'info',
    role: 'actors',
    host: 'h1',
    shard: 3,
    msg: 'shard claimed',
  })
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('what is below the level is not written', () => {
  const lines = linesOf((log) => {
    log.debug('no')
    log.warn('yes')
  }, 'warn')
  assert.equal(lines.length, 1)
})

const SHAPES: [string, object][] = [
  ['a lead’s own fields', LEAD],
  ['a lead', { lead: LEAD }],
  ['a lead inside a request', { request: { lead: LEAD } }],
  ['a list of leads', { leads: [LEAD, LEAD] }],
  ['a request with a list of leads', { request: { leads: [LEAD] } }],
  ['a bare disposition', { request: LEAD }],
]

for (const [name, fields] of SHAPES) {
  test(`nothing personal is written of ${name}, the rest is`, () => {
    const text = linesOf((log) => log.child({ campaign: 4 }).info(fields, 'lead seen')).join()
    for (const secret of [PHONE, 'ACC-1', 'after six']) assert.ok(!text.includes(secret), text)
    assert.ok(text.includes('Delhi'))
  })
}

test.run()
