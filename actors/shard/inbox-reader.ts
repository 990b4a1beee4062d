// Inbox reader: takes in the leads that were sent while nobody owned the shard, or its owner was
// too slow, in the order they came.
//
//   IN1. A message is acknowledged after its leads are durable. One delivered twice is harmless:
//        a lead is known by its key for ever (I3). What is turned away by now is recorded in the log
//        (`intake.rejected`), for its sender was told that it is kept.
//   IN2. A message that cannot be read or belongs to another shard, whose campaign is quarantined, or that failed so many times,
//        is set aside in the same stream for an operator, with the reason: it was acknowledged to its
//        sender, and the others must go on.

import { setTimeout as sleep } from 'node:timers/promises'
import { AckPolicy, DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { headers } from 'nats'
import { pack, unpack } from '../protocol/codec.ts'
import type { CommandReply } from '../protocol/commands.ts'
import { shardOf } from '../protocol/ids.ts'
import { isLeadInput, LEAD_BYTES_MAX, type LeadInput } from '../protocol/lead.ts'
import { ASIDE, ASIDE_HEADERS, INBOX, inboxSubject } from '../protocol/subjects.ts'
import type { Log } from '../runtime/log.ts'
import { isNoResponders, isTimeout, type Link } from '../runtime/nats.ts'
import type { Vault } from '../runtime/vault.ts'
import type { Shard } from './shard.ts'

const BATCH = 16
/** How long the gateway's next leads may go behind ones it does not know were taken in. */
const EXPIRES_MS = 1000
const ACK_WAIT_MS = 30_000
const PAUSE_MS = 500
/** Looks, a second apart, at which nothing came while something was said to be with us. */
const IDLE_MAX = 2
/** A lead as it is packed here is seldom larger than as it was sent, and never twice as large, bytes. */
const LEAD_PACKED_MAX = 2 * LEAD_BYTES_MAX
/** A message that fails so often for no reason of its shard's is not tried again. */
const FAILURES_MAX = 3

export class InboxReader {
  readonly #link: Link
  readonly #shard: Shard
  readonly #vault: Vault
  readonly #log: Log
  readonly #shards: number
  #stopped = false
  /** Failures of the message that is tried again and again, by its sequence. */
  #failing = { seq: 0, times: 0 }
  /** Leads of the last message: those that wait are taken for as large. */
  #leads = 0

  constructor(options: { link: Link; shard: Shard; vault: Vault; log: Log; shards: number }) {
    this.#shards = options.shards
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
    this.#shard.lane.queued = 0
  }

  async #run(): Promise<void> {
    while (!this.#stopped && !this.#shard.lost) {
      try {
        await this.#read()
      } catch (error) {
        if (this.#stopped || this.#shard.lost) return
        this.#log.debug({ error: String(error) }, 'inbox not readable')
        await sleep(PAUSE_MS)
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
    for (let idle = 0; !this.#stopped && !this.#shard.lost; ) {
      const { num_pending, num_ack_pending } = await consumer.info()
      if (this.#stopped || this.#shard.lost) return
      this.#shard.behind = num_pending + num_ack_pending > 0
      this.#shard.lane.queued = num_pending * this.#leads
      // All that came was acknowledged: what still waits was lost on its way here. A new consumer
      // gets it now, not after its wait.
      idle = num_pending === 0 && num_ack_pending > 0 ? idle + 1 : 0
      if (idle > IDLE_MAX) return
      const messages = await consumer.fetch({ max_messages: BATCH, expires: EXPIRES_MS })
      for await (const message of messages) {
        if (this.#stopped || this.#shard.lost) return
        if (await this.#take(message)) {
          this.#shard.taken = message.seq
          continue
        }
        // What was fetched comes again, in order, to the next consumer.
        await sleep(PAUSE_MS)
        return
      }
    }
  }

  /** Takes one message's leads in; false when the owner cannot now. */
  async #take(message: JsMsg): Promise<boolean> {
    const { shard } = this.#shard.state
    const leads = leadsIn(message.data, this.#vault)
    if (leads === null) {
      await this.#setAside(message, 'unreadable')
      return true
    }
    this.#leads = leads.length
    // Taken in here its campaign would be made a second time, in a log that is not its own.
    if (leads.some(({ campaign_id }) => shardOf(campaign_id, this.#shards) !== shard)) {
      await this.#setAside(message, 'misplaced')
      return true
    }
    const answer = await this.#ingest(message, leads)
    if (answer === null) return true
    if (answer.type !== 'outcomes') return false
    const rejected = answer.outcomes.filter((outcome) => typeof outcome === 'object').length
    if (rejected > 0) this.#log.warn({ shard, leads: rejected }, 'queued leads rejected')
    const { campaigns } = this.#shard.state
    if (leads.some(({ campaign_id }) => campaigns.get(campaign_id)?.quarantined != null)) {
      await this.#setAside(message, 'quarantined')
    } else message.ack()
    return true
  }

  /** The owner's answer; null when the message failed for the last time, and was set aside. */
  async #ingest(message: JsMsg, leads: LeadInput[]): Promise<CommandReply | null> {
    try {
      const queued = message.seq
      return await this.#shard.execute({ type: 'ingest', leads, fromInbox: true, queued })
    } catch (error) {
      // A server that is away says nothing of the message.
      const away = isTimeout(error) || isNoResponders(error) || !this.#link.connected()
      if (this.#stopped || this.#shard.lost || away) throw error
      const { seq, times } = this.#failing
      this.#failing = { seq: message.seq, times: seq === message.seq ? times + 1 : 1 }
      if (this.#failing.times < FAILURES_MAX) throw error
      await this.#setAside(message, 'failing')
      return null
    }
  }

  async #setAside(message: JsMsg, reason: string): Promise<void> {
    const { shard } = this.#shard.state
    const why = headers()
    why.set(ASIDE_HEADERS.reason, reason)
    why.set(ASIDE_HEADERS.shard, String(shard))
    why.set(ASIDE_HEADERS.seq, String(message.seq))
    await this.#link.js.publish(ASIDE, message.data, { headers: why })
    message.ack()
    this.#log.error({ shard, sequence: message.seq, reason }, 'queued leads set aside')
  }
}

/** The leads a message of the inbox carries, null where it is not one that can be taken in. */
export function leadsIn(data: Uint8Array, vault: Vault): LeadInput[] | null {
  try {
    const leads = unpack<LeadInput[]>(vault.openTransport(data))
    return Array.isArray(leads) && leads.every(isLead) ? leads : null
  } catch {
    return null // Not sealed by this installation, or damaged: it says so where it is set aside.
  }
}

/**
 * Whether it is a lead as gateways put it here, and no larger than they let in, which no answer about it
 * could hold. What its fields say is its campaign's to judge.
 */
function isLead(lead: unknown): boolean {
  return isLeadInput(lead) && pack(lead).length <= LEAD_PACKED_MAX
}
