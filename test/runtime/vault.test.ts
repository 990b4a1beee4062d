// Vault on a real server, with a second process's view of it beside the first.

import assert from 'node:assert/strict'
import { Kvm } from '@nats-io/kv'
import { keyRefOf } from '../../actors/protocol/seal.ts'
import { KEYS_BUCKET } from '../../actors/protocol/subjects.ts'
import { readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'
import { provision } from '../../actors/runtime/streams.ts'
import { KeyNotCachedError, Vault } from '../../actors/runtime/vault.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { suite } from '../support/suite.ts'
import { until } from '../support/until.ts'

const test = suite('vault')
const log = createLog({ role: 'test' }, 'silent')
const PHONE = '+15550001234'
let server: TestServer
let link: Link
let vault: Vault
let other: Vault

test.before(async () => {
  server = await startServer()
  const { config } = readConfig(['--nats-url', server.url], {})
  link = await connectNats(config, 'one', log)
  await provision(link, config)
  ;[vault, other] = await Promise.all([Vault.open(link), Vault.open(link)])
  void other.watch()
  await Promise.all([vault.prepare(1), other.prepare(1)])
})
test.after(async () => {
  vault.close()
  other.close()
  await link.nc.close()
  await server.stop()
})

/** A vault that has nothing in memory, as after a restart. */
function cold(): Promise<Vault> {
  return Vault.open(link)
}

test('what is sealed comes back, and no two seals look alike', async () => {
  const [one, two] = [vault.seal(0, PHONE), vault.seal(0, PHONE)]
  assert.equal(await vault.open(one), PHONE)
  assert.equal(await other.open(two), PHONE)
  assert.notDeepEqual(one, two)
  assert.ok(!Buffer.from(one).includes(PHONE))
  assert.notEqual(keyRefOf(one), keyRefOf(two), 'each lead gets a key of its own')
})

test('no nonce is used twice, however many were drawn together', () => {
  const sealed = Array.from({ length: 1000 }, () => vault.sealTransport(Buffer.from(PHONE)))
  const nonces = new Set(sealed.map((bytes) => Buffer.from(bytes).toString('hex', 0, 12)))
  assert.equal(nonces.size, 1000)
})

test('a lead’s texts share its key', () => {
  const phone = vault.seal(0, PHONE)
  const note = vault.seal(keyRefOf(phone), 'wants a call after six')
  assert.equal(keyRefOf(note), keyRefOf(phone))
  assert.equal(vault.openCached(note), 'wants a call after six')
})

test('hashes are integers of 52 bits, the same in every process, and never 0', () => {
  const seen = new Set<number>()
  for (let i = 0; i < 20_000; i++) {
    const hash = vault.hash(`+1555${String(i).padStart(7, '0')}`)
    assert.ok(Number.isSafeInteger(hash) && hash > 0 && hash < 2 ** 52)
    seen.add(hash)
  }
  assert.equal(seen.size, 20_000)
  assert.ok(Math.max(...seen) > 2 ** 51, 'all 52 bits are used')
  assert.equal(other.hash(PHONE), vault.hash(PHONE))
})

test('V1: a key is stored before anything is sealed under it', async () => {
  const blob = vault.seal(0, PHONE)
  const kv = await new Kvm(link.js).open(KEYS_BUCKET)
  const block = Math.floor(keyRefOf(blob) / 1024)
  assert.ok((await kv.get(`b.${block.toString(36)}`)) !== null)
})

test('keys not in memory: sealing and opening say so, and `prepare` cures it', async () => {
  const blob = vault.seal(0, PHONE)
  const ref = keyRefOf(blob)
  const fresh = await cold()
  const notCached = (error: unknown) => error instanceof KeyNotCachedError && error.ref === ref
  assert.throws(() => fresh.openCached(blob), notCached)
  assert.throws(() => fresh.seal(ref, 'more'), notCached)
  assert.throws(() => fresh.seal(0, 'new'), KeyNotCachedError)
  assert.equal(fresh.canSeal(1), false)
  await fresh.prepare(1, [ref])
  assert.equal(fresh.hasKey(ref), true)
  assert.equal(fresh.openCached(blob), PHONE)
  assert.equal(keyRefOf(fresh.seal(ref, 'more')), ref)
  assert.ok(fresh.seal(0, 'new').length > 0)
})

test('keys made elsewhere are fetched unasked once they are wanted', async () => {
  const fresh = await cold()
  const blob = vault.seal(0, PHONE)
  for (let i = 0; i < 3; i++) fresh.want(keyRefOf(blob))
  await until(() => fresh.hasKey(keyRefOf(blob)), 'the key to be fetched')
  assert.equal(fresh.openCached(blob), PHONE)
})

test('V4: a key that is given back seals another lead', async () => {
  const fresh = await cold()
  await fresh.prepare(1)
  const ref = keyRefOf(fresh.seal(0, PHONE))
  fresh.giveBack(ref)
  const next = fresh.seal(0, '+15550009999')
  assert.equal(keyRefOf(next), ref)
  assert.equal(fresh.openCached(next), '+15550009999')
})

test('keys for many leads are made ahead', async () => {
  const fresh = await cold()
  await fresh.prepare(3000)
  const refs = new Set(Array.from({ length: 3000 }, () => keyRefOf(fresh.seal(0, 'x'))))
  assert.equal(refs.size, 3000)
  await until(() => fresh.canSeal(1000), 'more to be made unasked')
})

test('V3: an erased key opens nothing and seals nothing, here and after a restart', async () => {
  const [erased, kept] = [vault.seal(0, PHONE), vault.seal(0, '+15550009999')]
  const ref = keyRefOf(erased)
  await vault.erase(ref)
  assert.equal(vault.openCached(erased), null)
  assert.equal(vault.openCached(kept), '+15550009999')
  const again = vault.seal(ref, PHONE)
  assert.notEqual(keyRefOf(again), ref, 'what is told anew gets a new key')
  const fresh = await cold()
  assert.equal(await fresh.open(erased), null)
  assert.equal(await fresh.open(kept), '+15550009999')
})

test('V3: another process forgets an erased key by the watch', async () => {
  const [erased, kept] = [vault.seal(0, PHONE), vault.seal(0, '+15550009999')]
  assert.equal(await other.open(erased), PHONE)
  await vault.erase(keyRefOf(erased))
  await until(() => other.openCached(erased) === null, 'the other process to forget')
  assert.equal(other.openCached(kept), '+15550009999')
})

test('V3: keys of one block that are erased at once are all gone', async () => {
  const blobs = Array.from({ length: 8 }, (_, i) => vault.seal(0, `person ${i}`))
  const twin = await cold()
  await Promise.all(blobs.map((blob, i) => (i % 2 ? vault : twin).erase(keyRefOf(blob))))
  const fresh = await cold()
  for (const blob of blobs) assert.equal(await fresh.open(blob), null)
})

test('V3: a key erased while its block is being loaded is not kept', async () => {
  for (let round = 0; round < 20; round++) {
    const watching = await cold()
    const ended = watching.watch()
    const blob = vault.seal(0, PHONE)
    const [opened] = await Promise.all([watching.open(blob), vault.erase(keyRefOf(blob))])
    assert.ok(opened === PHONE || opened === null)
    await until(() => watching.openCached(blob) === null, 'the erased key to be forgotten')
    watching.close()
    await ended
  }
})

test('a block that is gone altogether reads as erased', async () => {
  const blob = vault.seal(0, PHONE)
  const kv = await new Kvm(link.js).open(KEYS_BUCKET)
  await kv.purge(`b.${Math.floor(keyRefOf(blob) / 1024).toString(36)}`)
  const fresh = await cold()
  assert.equal(await fresh.open(blob), null)
})

test('what waits in the inbox is sealed for every process of the installation', () => {
  const bytes = Buffer.from(`[{"phone":"${PHONE}"}]`)
  const sealed = vault.sealTransport(bytes)
  assert.ok(!Buffer.from(sealed).includes(PHONE))
  assert.deepEqual(Buffer.from(other.openTransport(sealed)), bytes)
  const changed = Uint8Array.from(sealed)
  changed[changed.length - 1]! ^= 1
  assert.throws(() => other.openTransport(changed))
})

test('V2: no error of the vault carries what was sealed', async () => {
  const fresh = await cold()
  try {
    fresh.seal(0, PHONE)
    assert.fail('there was no key')
  } catch (error) {
    assert.ok(!JSON.stringify([String(error), error]).includes('5550001234'))
  }
})

test.run()
