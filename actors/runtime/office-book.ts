// Office book: what the office publishes, as gateways and hosts follow it: the catalogue, agents and
// their targets, settlement offers. At times a moment late; who must be exact asks the office.

import type { KV } from '@nats-io/kv'
import { CATALOGUE_KEY } from '../protocol/catalogue.ts'
import { unpackStored } from '../protocol/codec.ts'
import { type Catalogue, DICTIONARY_1, Dictionary } from '../protocol/dispositions.ts'
import { OFFICE_BUCKET } from '../protocol/subjects.ts'
import { sleep } from './clock.ts'
import type { Log } from './log.ts'
import type { Link } from './nats.ts'

/** The form of a published value. */
export const OFFICE_VERSION = 1
const RETRY_MS = 500
/** A watch that lost its server is begun anew at least this often. */
const RENEW_MS = 60_000

export class OfficeBook {
  readonly #link: Link
  readonly #log: Log
  readonly #values = new Map<string, unknown>()
  /** Of each key the revision it was last told with: a renewed watch tells everything again. */
  readonly #revisions = new Map<string, number>()
  readonly #listeners: (() => void)[] = []
  readonly #stopping = new AbortController()
  #dictionary: Dictionary = DICTIONARY_1
  readonly #followed: Promise<void>

  private constructor(link: Link, log: Log) {
    this.#link = link
    this.#log = log
    this.#followed = this.#follow()
  }

  /** Begins to read what is there; it fills as the values come. */
  static follow(link: Link, log: Log): OfficeBook {
    return new OfficeBook(link, log)
  }

  /** The newest catalogue's look-up. */
  get dictionary(): Dictionary {
    return this.#dictionary
  }

  /** A published value; whoever asks knows its part's form. */
  get(key: string): unknown {
    return this.#values.get(key)
  }

  /** The values whose keys begin with `prefix`, by key. */
  *under(prefix: string): Generator<[key: string, value: unknown]> {
    for (const entry of this.#values) if (entry[0].startsWith(prefix)) yield entry
  }

  /** Called after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#followed
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#watch(signal)
      } catch (error) {
        this.#log.warn({ error: String(error) }, 'office watch ended')
        await sleep(RETRY_MS, signal).catch(() => undefined) // aborted: the loop sees it
      }
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const kv = await this.#link.kv(OFFICE_BUCKET)
    const changes = await kv.watch()
    const end = () => changes.stop()
    const renew = setTimeout(end, RENEW_MS)
    signal.addEventListener('abort', end)
    try {
      if (signal.aborted) end()
      for await (const { key, value, operation, revision } of changes) {
        if (this.#revisions.get(key) === revision) continue
        this.#revisions.set(key, revision)
        this.#note(key, operation === 'PUT' ? value : null)
      }
    } finally {
      clearTimeout(renew)
      signal.removeEventListener('abort', end)
    }
  }

  #note(key: string, bytes: Uint8Array | null): void {
    const value = bytes === null ? undefined : published(key, bytes, this.#log)
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
    if (key === CATALOGUE_KEY) this.#readCatalogue(value)
    for (const listener of this.#listeners) listener()
  }

  #readCatalogue(value: unknown): void {
    // The office alone writes it, in this form; a bucket without one has the catalogue built in.
    const catalogue = value as Catalogue | undefined
    if (catalogue?.version === this.#dictionary.catalogue.version) return
    this.#dictionary = catalogue === undefined ? DICTIONARY_1 : new Dictionary(catalogue)
  }
}

/** Everything published, by key. */
export async function readOffice(kv: KV): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>()
  for await (const key of await kv.keys()) {
    const entry = await kv.get(key)
    if (entry?.operation !== 'PUT') continue
    values.set(key, unpackStored<unknown>(entry.value, OFFICE_VERSION).value)
  }
  return values
}

function published(key: string, bytes: Uint8Array, log: Log): unknown {
  try {
    return unpackStored<unknown>(bytes, OFFICE_VERSION).value
  } catch (error) {
    log.warn({ key, error: String(error) }, 'published value unreadable')
    return undefined
  }
}
