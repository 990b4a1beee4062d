// Office desk: the office's commands, in the shard it lives in, and what it publishes.
//
//   OD1. An answer leaves once what it tells is durable. What is published is durable too, and a
//        moment late; a bucket that was away is brought in line by the next change or owner.
//   OD2. One writer at a time: values go out in order of their changes, each key's last one last.

import type { KV } from '@nats-io/kv'
import { packStored } from '../protocol/codec.ts'
import type { CommandReply, OfficeRequest } from '../protocol/commands.ts'
import { fnv1a, type ShardId } from '../protocol/ids.ts'
import { OFFICE, OFFICE_BUCKET } from '../protocol/subjects.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { OFFICE_VERSION, readOffice } from '../runtime/office-book.ts'
import type { Shard } from './shard.ts'

/** Values on their way at once. */
const PARALLEL = 64
const RETRY_MS = 1000

/** The shard the office lives in. */
export function officeShard(shards: number): ShardId {
  return (fnv1a(OFFICE) % shards) as ShardId
}

export class OfficeDesk {
  readonly #shard: Shard
  readonly #link: Link
  readonly #log: Log
  readonly #due = new Set<string>()
  #publishing: Promise<void> | null = null

  constructor(shard: Shard, { link, log }: { link: Link; log: Log }) {
    this.#shard = shard
    this.#link = link
    this.#log = log
  }

  async execute(request: OfficeRequest): Promise<CommandReply> {
    const { office } = this.#shard.state
    const { events, reply } = office.decide(request, this.#shard.now())
    for (const event of events) {
      this.#shard.emit(event)
      for (const key of office.changed(event)) this.#due.add(key)
    }
    await this.#shard.durable()
    if (this.#due.size > 0) await this.#publish()
    return { type: 'reply', reply }
  }

  /** The shard was taken over: what is published becomes what its state says. */
  async claimed(): Promise<void> {
    const { office } = this.#shard.state
    const kv = await this.#bucket()
    const held = await readOffice(kv)
    const wanted = office.published()
    for (const key of held.keys()) if (!wanted.has(key)) this.#due.add(key)
    for (const [key, value] of wanted) {
      if (JSON.stringify(held.get(key)) !== JSON.stringify(value)) this.#due.add(key)
    }
    await this.#publish()
  }

  /** Resolves when everything that was due is out, or could not be put out. */
  #publish(): Promise<void> {
    this.#publishing ??= this.#putAll().finally(() => {
      this.#publishing = null
      if (this.#due.size > 0 && !this.#shard.lost) {
        setTimeout(() => void this.#publish(), RETRY_MS).unref()
      }
    })
    return this.#publishing
  }

  async #putAll(): Promise<void> {
    try {
      const kv = await this.#bucket()
      while (this.#due.size > 0 && !this.#shard.lost) {
        await this.#shard.durable()
        const { office } = this.#shard.state
        const keys = [...this.#due].slice(0, PARALLEL)
        await Promise.all(keys.map((key) => this.#put(kv, key, office.publishedAt(key))))
        for (const key of keys) this.#due.delete(key)
      }
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'office not published')
    }
  }

  async #put(kv: KV, key: string, value: unknown): Promise<void> {
    if (value === undefined) await kv.delete(key)
    else await kv.put(key, packStored(OFFICE_VERSION, value))
  }

  async #bucket(): Promise<KV> {
    return await this.#link.kv(OFFICE_BUCKET)
  }
}
