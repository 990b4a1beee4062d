import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { EngineError } from '../../../actors/protocol/errors.ts'
import { countInFlight, createMetrics } from '../../../gateway/http/metrics.ts'
import { startHttp } from '../../../gateway/http/server.ts'
import { suite } from '../../support/suite.ts'
import { until } from '../../support/until.ts'
import { ask, errorOf, type Harness, startHarness } from './harness.ts'

const test = suite('http server')
let harness: Harness

test.before(async () => {
  harness = await startHarness()
})
test.after(() => harness.stop())

/** Sends `text` as it is on a connection of its own and returns all that comes back. */
async function raw(text: string, port = harness.port): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (bytes) => {
    answer += bytes.toString()
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

test('a taken port is an error that names its setting', async () => {
  const { port, parts } = harness
  await assert.rejects(startHttp({ ...parts, port, metrics: createMetrics() }), (error) => {
    assert.ok(error instanceof EngineError)
    assert.equal(error.code, 'PORT_TAKEN')
    assert.match(error.message, new RegExp(`^LEADBID_HTTP_PORT is ${port}: .*0 for any free one$`))
    return true
  })
})

test('livez and readyz say what they are asked for, and why not', async () => {
  assert.equal((await ask(harness, 'GET', '/livez')).status, 200)
  assert.deepEqual((await ask(harness, 'GET', '/readyz')).body, { ready: true, reasons: [] })
  Object.assign(harness.health, {
    ready: false,
    live: false,
    reasons: ['nats link is down', 'draining'],
  })
  const ready = await ask(harness, 'GET', '/readyz')
  assert.equal(ready.status, 503)
  assert.deepEqual(ready.body, {
    ready: false,
    reasons: ['nats link is down', 'draining'],
    error: { code: 'NOT_READY', message: 'nats link is down; draining' },
  })
  const live = await ask(harness, 'GET', '/livez')
  assert.equal(live.status, 503)
  assert.equal(errorOf(live).code, 'NOT_LIVE')
  Object.assign(harness.health, { ready: true, live: true, reasons: [] })
})

test('metrics are served in the text format, requests in flight among them', async () => {
  let answered: (() => void) | undefined
  const slow = countInFlight(async () => {
    await new Promise<void>((resolve) => {
      answered = resolve
    })
    return { type: 'skipped' }
  }, harness.metrics)
  const call = slow({ service: 'lead.skip', body: {}, budgetMs: 800, encoding: 'json' })
  const read = async () => await ask(harness, 'GET', '/metrics')
  const { headers, body } = await read()
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(String(body), /leadbid_requests_in_flight\{service="lead\.skip"\} 1/)
  for (const name of ['leadbid_process_cpu_seconds_total', 'leadbid_event_loop_lag_seconds']) {
    assert.ok(String(body).includes(name), name)
  }
  answered?.()
  await call
  assert.match(String((await read()).body), /leadbid_requests_in_flight\{service="lead\.skip"\} 0/)
  const names = [...String(body).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '')
  assert.ok(names.every((name) => /^leadbid_[a-z0-9_]+$/.test(name)))
})

test('H1: what is not HTTP, or has too much of a head, is answered in the error shape', async () => {
  const cases: [string, number, string][] = [
    ['nonsense\r\n\r\n', 400, 'MALFORMED'],
    [`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431, 'TOO_LARGE'],
    ['GET /readyz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n', 403, 'FORBIDDEN'],
  ]
  for (const [text, status, code] of cases) {
    const answer = await raw(text)
    assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer)
    assert.equal(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error.code, code)
  }
  for (const host of ['localhost:8080', '127.0.0.1', '[::1]:80']) {
    const answer = await raw(`GET /readyz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    assert.ok(answer.startsWith('HTTP/1.1 200 '), answer)
  }
})

test('a sender that breaks off in its body harms nobody', async () => {
  const socket = connect(harness.port, '127.0.0.1')
  socket.write('POST /api/next HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"camp')
  await once(socket, 'connect')
  await new Promise((resolve) => setTimeout(resolve, 50))
  socket.destroy()
  assert.equal((await ask(harness, 'GET', '/livez')).status, 200)
  assert.ok(!harness.logged.some((line) => line.includes('http handler failed')))
})

test('H3: stop answers what is in hand, refuses what is new, and waits for no idle connection', async () => {
  let answered: (() => void) | undefined
  const metrics = createMetrics()
  const http = await startHttp({
    ...harness.parts,
    metrics,
    answer: async () => {
      await new Promise<void>((resolve) => {
        answered = resolve
      })
      return { type: 'skipped' }
    },
  })
  const url = `http://127.0.0.1:${http.port}/api/skip`
  const silent = connect(http.port, '127.0.0.1')
  await once(silent, 'connect')
  const inHand = fetch(url, { method: 'POST', body: '{"award_id":"a1","reason":"x"}' })
  await until(() => answered, 'the request')
  const since = performance.now()
  const stopped = http.stop()
  assert.equal(http.stop(), stopped, 'stopping twice is stopping once')
  await assert.rejects(fetch(url))
  answered?.()
  const response = await inHand
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { type: 'skipped' })
  await stopped
  assert.ok(performance.now() - since < 2000, 'no waiting for the silent connection')
  silent.destroy()
})

test.run()
