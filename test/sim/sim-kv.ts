// Simulated buckets: keys with revisions, compare-and-set, expiry and watches.

import type { KV } from '@nats-io/kv'
import { Feed } from './feed.ts'
import type { Proc } from './scheduler.ts'
import { apiError, WRONG_LAST_SEQUENCE } from './sim-log.ts'
import type { SimServer } from './sim-server.ts'

interface Stored {
  key: string
  value: Uint8Array
  revision: number
  at: number
  operation: 'PUT' | 'DEL'
}

export class SimBucket {
  readonly name: string
  readonly #ttlMs: number
  readonly #now: () => number
  readonly keys = new Map<string, Stored>()
  /** Every write since the beginning, in order; only what a key holds is told to a new watch. */
  revision = 0
  readonly listeners = new Set<(stored: Stored) => void>()

  constructor(name: string, ttlMs: number, now: () => number) {
    this.name = name
    this.#ttlMs = ttlMs
    this.#now = now
  }

  get(key: string): Stored | null {
    const stored = this.keys.get(key)
    return stored === undefined || this.#now() - stored.at > this.#ttlMs ? null : stored
  }

  write(
    key: string,
    value: Uint8Array,
    operation: Stored['operation'],
    expected: number | undefined,
  ): number {
    const last = this.get(key)
    const current = last?.revision ?? 0
    const free = expected === 0 && last?.operation === 'DEL'
    if (expected !== undefined && expected !== current && !free) {
      throw apiError(WRONG_LAST_SEQUENCE, `wrong last sequence: ${current}`)
    }
    const revision = ++this.revision
    const stored = { key, value: Uint8Array.from(value), revision, at: this.#now(), operation }
    this.keys.set(key, stored)
    for (const listener of [...this.listeners]) listener(stored)
    return revision
  }
}

type Value = string | Uint8Array

/** The parts of a bucket that the engine uses. */
export function kvOf(server: SimServer, bucket: SimBucket, proc: Proc): KV {
  const entry = (stored: Stored, isUpdate = false) => ({
    ...stored,
    bucket: bucket.name,
    isUpdate,
    created: new Date(stored.at),
    length: stored.value.length,
    json: () => JSON.parse(Buffer.from(stored.value).toString()),
    string: () => Buffer.from(stored.value).toString(),
  })
  const write = (key: string, value: Value, operation: Stored['operation'], expected?: number) => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : Uint8Array.from(value)
    return server.call(proc, () => bucket.write(key, bytes, operation, expected))
  }
  const kv = {
    get: (key: string) =>
      server.call(proc, () => {
        const stored = bucket.get(key)
        return stored === null ? null : entry(stored)
      }),
    put: (key: string, value: Value, { previousSeq }: { previousSeq?: number } = {}) =>
      write(key, value, 'PUT', previousSeq),
    create: (key: string, value: Value) => write(key, value, 'PUT', 0),
    update: (key: string, value: Value, revision: number) => write(key, value, 'PUT', revision),
    delete: (key: string, { previousSeq }: { previousSeq?: number } = {}) =>
      write(key, '', 'DEL', previousSeq),
    keys: async () => {
      const names = await server.call(proc, () =>
        [...bucket.keys.keys()].filter((key) => bucket.get(key)?.operation === 'PUT'),
      )
      const feed = new Feed<string>()
      for (const name of names) feed.push(name)
      feed.stop()
      return feed
    },
    watch: async (options: WatchOptions = {}) => watch(server, bucket, proc, options, entry),
  }
  // Only what is used above is there; anything else would be called and fail at once.
  return kv as unknown as KV
}

interface WatchOptions {
  key?: string
  include?: string
  resumeFromRevision?: number
}

/** Tells what is there, then what changes; what was missed while out of reach comes afterwards. */
async function watch<T>(
  server: SimServer,
  bucket: SimBucket,
  proc: Proc,
  { key = '>', include, resumeFromRevision = 0 }: WatchOptions,
  entry: (stored: Stored, isUpdate: boolean) => T,
) {
  await server.call(proc, () => undefined)
  const feed = new Feed<T>()
  const waiting: [Stored, boolean][] = []
  const matches = (name: string) =>
    key === '>' || (key === '*' ? !name.includes('.') : name.startsWith(key.replace('*', '')))
  const flush = () => {
    if (feed.ended || waiting.length === 0 || !server.reaches(proc)) return
    const batch = waiting.splice(0)
    server.toProc(proc, () => {
      for (const [stored, isUpdate] of batch) feed.push(entry(stored, isUpdate))
    })
  }
  const hear = (stored: Stored) => {
    if (!matches(stored.key)) return
    waiting.push([stored, true])
    flush()
  }
  if (include !== 'updates') {
    for (const stored of [...bucket.keys.values()].sort((a, b) => a.revision - b.revision)) {
      const expired = bucket.get(stored.key) === null
      if (matches(stored.key) && !expired && stored.revision >= resumeFromRevision) {
        waiting.push([stored, false])
      }
    }
  }
  bucket.listeners.add(hear)
  const unheal = server.onHealed(flush)
  feed.onStop = () => {
    bucket.listeners.delete(hear)
    unheal()
  }
  server.opened(proc, () => feed.drop())
  flush()
  return feed
}
