// Bad HTTP: the same over HTTP, whose connection goes on.

import assert from 'node:assert/strict'
import { Agent, request as httpRequest } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { suite } from '../support/suite.ts'
import { assertClear, campaigns, hours, nested, Target } from './bad-target.ts'

const test = suite('bad http', { deadlineMs: 20_000 })
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
let target: Target

test.before(async () => {
  target = await Target.start()
})
test.after(async () => {
  agent.destroy()
  await target[Symbol.asyncDispose]()
})

interface Heard {
  status: number
  /** As a caller outside has it, parsed and not yet believed. */
  body: ReturnType<JSON['parse']>
  /** Whether the connection was one used before. */
  reused: boolean
}

async function http(
  method: string,
  path: string,
  body: string | Uint8Array = '',
  headers: { [name: string]: string } = {},
): Promise<Heard> {
  const url = new URL(target.engine.url)
  return await new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    const options = { agent, method, port: url.port, host: url.hostname, path }
    const request = httpRequest({ ...options, headers: { ...length, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => {
        const { statusCode: status = 0 } = response
        resolve({ status, body: parsed(text), reused: request.reusedSocket })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // Not every path answers JSON; the bad ones must.
  }
}

const JSON_NEXT = (body: unknown): [string, string, string] => [
  'POST',
  '/api/next',
  JSON.stringify(body),
]
const mapping = (value: unknown): string =>
  `/api/imports?mapping=${encodeURIComponent(JSON.stringify(value))}`
const CSV = { 'content-type': 'text/csv' }
const XLSX = { 'content-type': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' }

const BAD_HTTP: [
  what: string,
  status: number,
  path: string | undefined,
  request: [
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers?: { [name: string]: string },
  ],
][] = [
  ['broken JSON', 400, undefined, ['POST', '/api/next', '{"campaign_ids":[4']],
  ['no body', 400, undefined, ['POST', '/api/next']],
  ['a text', 400, undefined, ['POST', '/api/next', 'four']],
  ['a body that is a number', 400, '', ['POST', '/api/next', '4']],
  ['65 campaigns', 400, '', JSON_NEXT(campaigns(65))],
  ['a campaign twice', 400, '/campaign_ids/1', JSON_NEXT({ campaign_ids: [4, 4] })],
  ['a field more', 400, '/lead_id', JSON_NEXT({ campaign_ids: [4], lead_id: 1 })],
  ['a prototype', 400, '/__proto__', ['POST', '/api/next', '{"campaign_ids":[4],"__proto__":{}}']],
  ['a bad budget', 400, undefined, ['POST', '/api/next', '[4]', { 'x-budget-ms': 'soon' }]],
  ['50,000 lists in each other', 400, '/0', ['POST', '/api/next', nested(50_000)]],
  ['a packed body', 415, undefined, ['POST', '/api/next', '[4]', { 'content-encoding': 'gzip' }]],
  ['an award id of a number', 400, '/award_id', ['POST', '/api/confirm', '{"award_id":1}']],
  ['no reason', 400, '/reason', ['POST', '/api/skip', '{"award_id":"a4-1-1-0"}']],
  [
    'an unknown code',
    400,
    '/code',
    ['POST', '/api/dispositions', '{"award_id":"a4-1-1-0","code":"won"}'],
  ],
  ['leads that are a text', 400, '/leads', ['POST', '/api/leads', '{"leads":"all"}']],
  ['1,001 leads', 400, '/leads', ['POST', '/api/leads', JSON.stringify(campaigns(1001))]],
  ['settings that are a list', 400, '', ['PUT', '/api/campaigns/4', '[]']],
  [
    'settings of another campaign',
    400,
    '/campaign_id',
    ['PUT', '/api/campaigns/4', '{"campaign_id":5,"customer_id":55}'],
  ],
  [
    'weights that are a text',
    400,
    '/weights',
    ['PUT', '/api/campaigns/4', '{"customer_id":55,"weights":"even"}'],
  ],
  [
    'hours the wrong way round',
    400,
    '/hours/0/to',
    ['PUT', '/api/campaigns/4', JSON.stringify(hours('18:00', '08:00'))],
  ],
  ['a campaign that is no number', 400, '/campaign_id', ['GET', '/api/campaigns/four']],
  ['campaign zero', 400, '/campaign_id', ['GET', '/api/campaigns/0']],
  [
    'a campaign beyond exact integers',
    400,
    '/campaign_id',
    ['GET', '/api/campaigns/9007199254740993'],
  ],
  ['a lead that is no number', 400, '/lead_id', ['GET', '/api/leads/4/1.0']],
  ['a lead that never was', 404, '/lead_id', ['GET', '/api/leads/4/77']],
  ['a path that is none', 404, undefined, ['GET', '/api/lead']],
  ['a method that is none', 405, undefined, ['PATCH', '/api/campaigns/4', '{}']],
  [
    'an import with a parameter more',
    400,
    '/dry_run',
    ['POST', '/api/imports?dry_run=1', 'id\n1\n', CSV],
  ],
  [
    'an import for customer x',
    400,
    '/customer_id',
    ['POST', '/api/imports?customer_id=x', 'id\n1\n', CSV],
  ],
  [
    'a mapping that is no JSON',
    400,
    '/mapping',
    ['POST', '/api/imports?mapping=%7B', 'id\n1\n', CSV],
  ],
  [
    'a mapping of an unknown field',
    400,
    '/mapping/colour',
    ['POST', mapping({ colour: { column: 'C' } }), 'C\n1\n', CSV],
  ],
  [
    'a mapping from two sources',
    400,
    '/mapping/city',
    ['POST', mapping({ city: { column: 'C', const: 'D' } }), 'C\n1\n', CSV],
  ],
  ['an empty file', 400, '', ['POST', '/api/imports', '', CSV]],
  [
    'a form in place of a file',
    415,
    undefined,
    ['POST', '/api/imports', 'x', { 'content-type': 'multipart/form-data; boundary=x' }],
  ],
  ['a workbook that is none', 400, '', ['POST', '/api/imports', 'id\n1\n', XLSX]],
]

for (const [what, status, path, request] of BAD_HTTP) {
  test(`${request[0]} ${request[1].split('?')[0]} refuses ${what}`, async () => {
    const answer = await target.unharmed(() => http(...request))
    assert.equal(answer.status, status, JSON.stringify(answer.body))
    const { error } = answer.body
    assert.match(error.code, /^[A-Z_]+$/)
    assertClear(error, path)
    const next = await http('GET', '/livez')
    assert.deepEqual([next.status, next.reused], [200, true], 'the same connection goes on')
  })
}

test('a body of a megabyte is refused over HTTP, and the next request is served', async () => {
  const body = `{"leads":["${'x'.repeat(1_000_000)}"]}`
  const answer = await target.unharmed(() => http('POST', '/api/leads', body))
  assert.deepEqual([answer.status, answer.body.error.code], [413, 'TOO_LARGE'])
  assert.equal((await http('GET', '/livez')).status, 200)
})

test('what is not HTTP is answered in the error shape, and the next connection is served', async () => {
  const heard = await target.unharmed(
    () =>
      new Promise<string>((resolve, reject) => {
        let text = ''
        const socket = connectSocket(Number(new URL(target.engine.url).port), '127.0.0.1')
        socket.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        socket.on('close', () => resolve(text)).on('error', reject)
        socket.write('SELECT * FROM leads;\r\n\r\n')
      }),
  )
  assert.match(heard, /^HTTP\/1\.1 400 [\s\S]*"code":"MALFORMED"/)
  assert.equal((await http('GET', '/livez')).status, 200)
})

test.run()
