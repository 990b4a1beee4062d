import assert from 'node:assert/strict'
import { suite } from '../../support/suite.ts'
import { type Harness, startHarness } from './harness.ts'

const test = suite('http status page')
let harness: Harness

test.before(async () => {
  harness = await startHarness()
})
test.after(() => harness.stop())

async function page(path: string): Promise<{ headers: Headers; text: string }> {
  const response = await fetch(harness.url + path)
  assert.equal(response.status, 200)
  return { headers: response.headers, text: await response.text() }
}

test('the page and its files are served under a policy that lets nothing else in', async () => {
  for (const [path, type] of [
    ['/', 'text/html'],
    ['/status.js', 'text/javascript'],
    ['/status.css', 'text/css'],
  ] as const) {
    const { headers } = await page(path)
    assert.equal(headers.get('content-type'), `${type}; charset=utf-8`)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /script-src 'self'(;|$)/)
    assert.ok(!policy.includes('unsafe'))
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
  }
})

test('the page has no script of its own inside it, and nothing from elsewhere', async () => {
  const { text } = await page('/')
  assert.ok(!/<script(?![^>]*\bsrc=)/.test(text), 'no inline script')
  assert.ok(!/\son\w+=|\sstyle=|<style/.test(text), 'no inline handlers or styles')
  for (const path of ['/', '/status.js', '/status.css']) {
    assert.ok(!/https?:\/\/|@import|url\(/.test((await page(path)).text), path)
  }
})

test('what comes from outside is only ever set as text', async () => {
  const { text } = await page('/status.js')
  assert.ok(!/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function/.test(text))
})

test.run()
