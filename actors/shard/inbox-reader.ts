// Inbox reader: takes in the leads that were sent while nobody owned the shard, or its owner was
// too slow, in the order they came.
//
//   IN1. A message is acknowledged after its leads are durable. One delivered twice is harmless:
//        a lead is known by its key for ever (I3).

import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { unpack } from '../protocol/codec.ts'
import type { LeadInput } from '../protocol/lead.ts'
import { INBOX, inboxSubject } from '../protocol/subjects.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import type { Vault } from '../runtime/vault.ts'
import type { Shard } from './shard.ts'

const BATCH = 16
/** How long the gateway's next leads may go behind ones it does not know were taken in. */
const EXPIRES_MS = 1000
const ACK_WAIT_MS = 30_000
const PAUSE_MS = 500

export class InboxReader {
  readonly #link: Link
  readonly #shard: Shard
  readonly #vault: Vault
  readonly #log: Log
  #stopped = false

  constructor(options: { link: Link; shard: Shard; vault: Vault; log: Log }) {
    this.#link = options.link
    this.#shard = options.shard
    this.#vault = options.vault
    this.#log = options.log
  }

  start(): void {
    void this.#run()
  }

  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    while (!this.#stopped && !this.#shard.lost) {
      try {
        await this.#read()
      } catch (error) {
        if (this.#stopped || this.#shard.lost) return
        this.#log.debug({ error: String(error) }, 'inbox not readable')
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
    }
  }

  async #read(): Promise<void> {
    const shard = this.#shard.state.shard
    const durable_name = `shard-${shard}`
    // What an owner before us fetched and never acknowledged would come back only after its wait;
    // with a new consumer it comes at once, and in order.
    await this.#link.jsm.consumers.delete(INBOX, durable_name).catch(() => {}) // Or there was none.
    await this.#link.jsm.consumers.add(INBOX, {
      durable_name,
      filter_subject: inboxSubject(shard),
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ACK_WAIT_MS * 1_000_000,
      // One at a time: a later message must not be taken in before an earlier one.
      max_ack_pending: BATCH,
    })
    const consumer = await this.#link.js.consumers.get(INBOX, durable_name)
    while (!this.#stopped && !this.#shard.lost) {
      const { num_pending, num_ack_pending } = await consumer.info()
      this.#shard.behind = num_pending + num_ack_pending > 0
      const messages = await consumer.fetch({ max_messages: BATCH, expires: EXPIRES_MS })
      for await (const message of messages) {
        if (this.#stopped || this.#shard.lost) return
        const leads = unpack<LeadInput[]>(this.#vault.openTransport(message.data))
        const answer = await this.#shard.execute({ type: 'ingest', leads, fromInbox: true })
        if (answer.type !== 'outcomes') {
          message.nak(PAUSE_MS)
          return
        }
        message.ack()
      }
    }
  }
}
