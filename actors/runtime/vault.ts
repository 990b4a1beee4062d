// Vault: the keys that seal what identifies a person, and the sealing.
//
// A lead's phone number, account number and notes are encrypted under a key of its own before they
// become part of an event. The keys live in the bucket `keys`, outside the log and its archives:
// erasing a person is overwriting one key, and the log stays as it is.
//
//   V1. A key is durable before anything is sealed under it. Keys are therefore made ahead, in
//       blocks of 1,024 to one synced write, and only keys of stored blocks are handed out.
//   V2. Nothing here is logged, and no error carries what was sealed.
//   V3. What is gone stays gone: an erased key is all zeros, and zeros never seal or open.
//   V4. A key is one lead's, or erasing one person erases another. One that sealed a lead which its owner
//       turned out to know is for the next: nothing under it was kept. That is certain where the owner
//       was asked once; where its answer is lost, or it turned the lead away, the key is nobody's.

import { createCipheriv, createDecipheriv, randomBytes, randomInt } from 'node:crypto'
import type { KV } from '@nats-io/kv'
import { EngineError } from '../protocol/errors.ts'
import { KEY_REF_BYTES, keyRefOf, type Sealer } from '../protocol/seal.ts'
import { KEYS_BUCKET } from '../protocol/subjects.ts'
import { Mac } from './mac.ts'
import type { Link } from './nats.ts'

const KEY_BYTES = 32
const BLOCK_KEYS = 1024
const IV_BYTES = 12
const NONCES = 256
const TAG_BYTES = 16
/** Blocks kept in memory, 32 kB each. */
const CACHE_BLOCKS = 2048
/** Made ahead: two blocks seal the leads of a second's fastest import. */
const AHEAD_KEYS = 2 * BLOCK_KEYS
/** A lead's texts lie under two keys at most; others may take what was just fetched. */
const TRIES_MAX = 5
const INSTALL_KEY = 'install'

/** A key that must be fetched first; who sees this fetches it and tries again (`withKeys`). */
export class KeyNotCachedError extends EngineError {
  readonly ref: number
  constructor(ref: number) {
    super('KEY_NOT_CACHED', 'a sealing key is not in memory: prepare it first')
    this.ref = ref
  }
}

export class Vault implements Sealer {
  readonly #kv: KV
  /** Two secrets of the installation: for hashes, and for what waits in the inbox. */
  readonly #mac: Mac
  readonly #transport: Buffer
  readonly #blocks = new Map<number, Uint8Array>()
  /** Blocks just being fetched: what the watch tells of them meanwhile is newer. */
  readonly #loading = new Set<number>()
  readonly #ahead: number[] = []
  #refill: Promise<void> | null = null
  #watched: { stop(): void } | null = null
  /** Settles once changes are watched; what is loaded before that could miss one. */
  #watching: Promise<unknown> | null = null
  #closed = false
  /** Nonces drawn together: one by one, drawing them costs as much as encrypting a phone number. */
  #nonces = Buffer.alloc(0)
  #noncesUsed = 0

  private constructor(kv: KV, secrets: Uint8Array) {
    this.#kv = kv
    this.#mac = new Mac(secrets.subarray(0, KEY_BYTES))
    this.#transport = Buffer.from(secrets.subarray(KEY_BYTES, 2 * KEY_BYTES))
  }

  static async open(link: Link): Promise<Vault> {
    const kv = await link.kv(KEYS_BUCKET)
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      await kv.create(INSTALL_KEY, randomBytes(2 * KEY_BYTES)).catch(() => {}) // Or it is there.
      const entry = await kv.get(INSTALL_KEY)
      if (entry !== null) return new Vault(kv, entry.value)
    }
    throw new EngineError('NO_KEYS', `bucket ${KEYS_BUCKET} holds no secrets`)
  }

  close(): void {
    this.#closed = true
    this.#watched?.stop()
  }

  /** Whether `count` new keys are at hand. */
  canSeal(count: number): boolean {
    if (this.#ahead.length < AHEAD_KEYS / 2 + count) void this.#fill(0).catch(() => {})
    return this.#ahead.length >= count
  }

  /** Resolves when `count` new keys and all keys of `refs` are in memory. */
  async prepare(count: number, refs: readonly number[] = []): Promise<void> {
    if (this.#ahead.length < count) await this.#fill(count)
    for (const block of new Set(refs.map(blockOf))) {
      if (!this.#blocks.has(block)) await this.#load(block)
    }
  }

  /**
   * Runs what may need keys that are not in memory, fetches them, and runs it again. It must change
   * nothing before it has its keys.
   */
  async withKeys<T>(use: () => T | Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await use()
      } catch (error) {
        if (!(error instanceof KeyNotCachedError) || tries === TRIES_MAX) throw error
        await this.prepare(1, error.ref === 0 ? [] : [error.ref])
      }
    }
  }

  hasKey(ref: number): boolean {
    return this.#blocks.has(blockOf(ref))
  }

  /** Fetches a key in the background, where it is neither in memory nor on its way. */
  want(ref: number): void {
    const block = blockOf(ref)
    if (this.#blocks.has(block) || this.#loading.has(block)) return
    // Who needs it fetches it again, and is told what is wrong.
    void this.#load(block).catch(() => {})
  }

  /** Takes a new key back that nothing was kept under, for another lead (V4). */
  giveBack(ref: number): void {
    this.#ahead.push(ref)
  }

  seal(keyRef: number, text: string): Uint8Array {
    const known = keyRef === 0 ? null : this.#keyOf(keyRef)
    const ref = known === null ? this.#take() : keyRef
    const key = known ?? this.#keyOf(ref)
    if (key === null) throw new KeyNotCachedError(ref)
    const blob = encrypt(key, Buffer.from(text), this.#nonce(), KEY_REF_BYTES)
    blob.writeDoubleBE(ref, 0)
    return blob
  }

  hash(text: string): number {
    const digest = this.#mac.digest(text)
    // 52 bits keep it an exact integer; 0 stands for "none" and is given to nobody.
    return digest.readUIntBE(0, 6) * 16 + ((digest[6] ?? 0) & 15) || 1
  }

  /** What a blob holds; null when its key was erased. Throws KeyNotCachedError. */
  openCached(blob: Uint8Array): string | null {
    const key = this.#keyOf(keyRefOf(blob))
    return key === null ? null : decrypt(key, blob.subarray(KEY_REF_BYTES)).toString()
  }

  /** What a blob holds; null when its key was erased. */
  async open(blob: Uint8Array): Promise<string | null> {
    await this.prepare(0, [keyRefOf(blob)])
    return this.openCached(blob)
  }

  /** Erases a key for good: nothing sealed under it can be read again, anywhere. */
  async erase(ref: number): Promise<void> {
    const block = blockOf(ref)
    const name = blockName(block)
    for (let attempt = 0; attempt < 10; attempt++) {
      const entry = await this.#kv.get(name)
      if (entry === null) return
      const keys = Uint8Array.from(entry.value)
      keys.fill(0, offsetOf(ref), offsetOf(ref) + KEY_BYTES)
      try {
        await this.#kv.update(name, keys, entry.revision)
        this.#blocks.set(block, keys)
        return
      } catch {
        // Another key of the block was erased between our two calls: read it again.
      }
    }
    throw new EngineError('ERASE_CONFLICT', 'the key block keeps changing: try again')
  }

  /** Seals what waits in the inbox under the installation's own key. */
  sealTransport(bytes: Uint8Array): Uint8Array {
    return encrypt(this.#transport, bytes, this.#nonce())
  }

  openTransport(bytes: Uint8Array): Uint8Array {
    return decrypt(this.#transport, bytes)
  }

  /** Forgets blocks another process changed, so that an erased key is erased here too. */
  async watch(): Promise<void> {
    const watching = this.#kv.watch({ key: 'b.*', include: 'updates' })
    this.#watching = watching.catch(() => undefined) // Who watches is told; who loads goes on.
    const updates = await watching
    this.#watched = updates
    if (this.#closed) updates.stop()
    for await (const update of updates) {
      const block = Number.parseInt(update.key.slice(2), 36)
      const known = this.#blocks.has(block) || this.#loading.has(block)
      if (known && update.value.length > 0) this.#keep(block, Uint8Array.from(update.value))
    }
  }

  /** A random nonce, given out once. */
  #nonce(): Uint8Array {
    if (this.#noncesUsed === this.#nonces.length) {
      this.#nonces = randomBytes(NONCES * IV_BYTES)
      this.#noncesUsed = 0
    }
    const from = this.#noncesUsed
    this.#noncesUsed += IV_BYTES
    return this.#nonces.subarray(from, this.#noncesUsed)
  }

  #take(): number {
    const ref = this.#ahead.pop()
    if (ref === undefined) throw new KeyNotCachedError(0)
    return ref
  }

  /** The key, or null when it was erased. Throws KeyNotCachedError. */
  #keyOf(ref: number): Uint8Array | null {
    const keys = this.#blocks.get(blockOf(ref))
    if (keys === undefined) throw new KeyNotCachedError(ref)
    const key = keys.subarray(offsetOf(ref), offsetOf(ref) + KEY_BYTES)
    return key.length === KEY_BYTES && !isZero(key) ? key : null
  }

  async #fill(count: number): Promise<void> {
    while (this.#ahead.length < Math.max(count, AHEAD_KEYS)) {
      this.#refill ??= this.#makeBlock().finally(() => {
        this.#refill = null
      })
      await this.#refill
      if (this.#ahead.length >= count && count > 0) return
    }
  }

  async #makeBlock(): Promise<void> {
    // 40 random bits: hosts make blocks without asking each other, `create` catches the collision.
    const block = randomInt(1, 2 ** 40)
    const keys = randomBytes(BLOCK_KEYS * KEY_BYTES)
    await this.#kv.create(blockName(block), keys)
    this.#keep(block, keys)
    for (let i = BLOCK_KEYS - 1; i >= 0; i--) this.#ahead.push(block * BLOCK_KEYS + i)
  }

  async #load(block: number): Promise<void> {
    this.#loading.add(block)
    try {
      await this.#watching
      const entry = await this.#kv.get(blockName(block))
      if (this.#blocks.has(block)) return
      // A block that is gone altogether reads as erased, not as an error: so may an old backup.
      this.#keep(block, entry === null ? new Uint8Array(0) : Uint8Array.from(entry.value))
    } finally {
      this.#loading.delete(block)
    }
  }

  #keep(block: number, keys: Uint8Array): void {
    this.#blocks.set(block, keys)
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= CACHE_BLOCKS) break
      this.#blocks.delete(oldest)
    }
  }
}

function blockOf(ref: number): number {
  return Math.floor(ref / BLOCK_KEYS)
}

function offsetOf(ref: number): number {
  return (ref % BLOCK_KEYS) * KEY_BYTES
}

function blockName(block: number): string {
  return `b.${block.toString(36)}`
}

/** Not `every`: a closure a key is more than the rest of it, for who seals thousands a second. */
function isZero(key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (key[i] !== 0) return false
  return true
}

/** Nonce, tag and what was sealed, behind so many bytes for the caller to fill. */
function encrypt(key: Uint8Array, bytes: Uint8Array, iv: Uint8Array, before = 0): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const sealed = Buffer.alloc(before + IV_BYTES + TAG_BYTES + bytes.length)
  // A mode of streams: all there is comes with `update`.
  sealed.set(cipher.update(bytes), before + IV_BYTES + TAG_BYTES)
  cipher.final()
  sealed.set(iv, before)
  sealed.set(cipher.getAuthTag(), before + IV_BYTES)
  return sealed
}

function decrypt(key: Uint8Array, bytes: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
}
