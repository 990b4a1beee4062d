// Contact board: how the shards of a host reach contacts, wherever those live, and what hosts tell
// each other of them.
//
//   CB1. A verdict is the owner's, and durable. What is told (digests) is advice for bids: late,
//        lost or wrong it costs a refused confirm, or a lead a while of rest, never a breach.
//   CB2. Told once a tick, in parts. Who has just taken campaigns over asks to be told everything;
//        who has got new leads asks for their contacts.

import { setTimeout as sleep } from 'node:timers/promises'
import { pack, unpack } from '../protocol/codec.ts'
import type { Command, CommandReply } from '../protocol/commands.ts'
import {
  type AttemptAsked,
  type ContactDigest,
  type ContactId,
  shardOfContact,
  type Verdict,
} from '../protocol/contact.ts'
import type { HostId, ShardId } from '../protocol/ids.ts'
import { CONTACTS, CONTACTS_WANTED, commandSubject } from '../protocol/subjects.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { isNoResponders, type Link, type Msg } from '../runtime/nats.ts'
import type { Shard } from './shard.ts'

/** How long an owner is asked: less than one try of a gateway, which then asks the campaign again. */
const PATIENCE_MS = 300
const PAUSE_MS = 15
/** What an asker's budget leaves for the campaign's own append. */
const APPEND_MS = 100
/** Contacts in one message, and attempts told of each: no rule of a usual campaign wants more. */
const DIGESTS = 256
const ATTEMPTS_TOLD = 100
/** Contacts one question names: nine bytes each. */
const ASKED = 10_000
/** So often at most is everything asked for. */
const WANTED_EVERY_MS = 500

/** Nobody answered in time; the attempt may have been counted all the same. */
export type Unanswered = { type: 'unanswered'; maybeDone: boolean }

/** What a shard needs of the contacts' owners. */
export interface ContactPort {
  shardOf(contact: ContactId): ShardId
  /** The owner's word once it is durable, asked for as long as a caller's budget allows. Never rejects. */
  ask(asked: AttemptAsked, budgetMs?: number): Promise<Verdict | Unanswered>
  /** Something durable is new about a contact that lives here. */
  told(contact: ContactId): void
  /** A campaign here limits attempts and knows of none. */
  wanted(): void
}

/** What hosts tell each other of contacts. */
export interface Told {
  from: HostId
  digests: ContactDigest[]
}

export interface ContactBoardOptions {
  id: HostId
  link: Link
  log: Log
  clock: Clock
  shards: number
  ownerOf: (shard: ShardId) => Shard | undefined
  owned: () => Shard[]
}

export class ContactBoard implements ContactPort {
  readonly #options: ContactBoardOptions
  readonly #news = new Set<ContactId>()
  #wants: NodeJS.Timeout | null = null
  #telling: Promise<void> | null = null
  #tellAgain = false
  #stopped = false

  constructor(options: ContactBoardOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stopped = true
    if (this.#wants !== null) clearTimeout(this.#wants)
  }

  shardOf(contact: ContactId): ShardId {
    return shardOfContact(contact, this.#options.shards)
  }

  async ask(asked: AttemptAsked, budgetMs?: number): Promise<Verdict | Unanswered> {
    const shard = this.shardOf(asked.contact)
    const patienceMs =
      budgetMs === undefined ? PATIENCE_MS : Math.max(budgetMs / 2, budgetMs - APPEND_MS)
    const deadline = performance.now() + patienceMs
    let maybeDone = false
    for (;;) {
      const left = deadline - performance.now()
      if (left <= 0) return { type: 'unanswered', maybeDone }
      const tryMs = Math.min(left, PATIENCE_MS)
      const reply = await this.#try(shard, { type: 'attempt', asked }, tryMs)
      if (reply.type === 'verdict') return reply.verdict
      maybeDone ||= reply.type === 'lost'
      await sleep(PAUSE_MS)
    }
  }

  told(contact: ContactId): void {
    // Here at once, so that who is answered next finds it; elsewhere in a moment.
    this.#advise(this.#digests([contact]))
    if (this.#news.size === 0) setImmediate(() => this.#tellNews())
    this.#news.add(contact)
  }

  wanted(): void {
    if (this.#wants !== null || this.#stopped) return
    this.#wants = setTimeout(() => {
      this.#wants = null
      this.#publish(CONTACTS_WANTED, new Uint8Array())
    }, WANTED_EVERY_MS)
  }

  /** A shard was taken over: others learn of its contacts, and it of theirs. */
  claimed({ state }: Shard): void {
    if (state.contacts.size > 0) this.#tellAll()
    if ([...state.campaigns.values()].some(({ contacts }) => contacts.rules !== null)) this.wanted()
  }

  /** Asks for the contacts of leads that came since the last time. */
  tick(): void {
    const met = this.#options
      .owned()
      .flatMap(({ state }) =>
        [...state.campaigns.values()].flatMap(({ contacts }) => contacts.takeNew()),
      )
    for (let from = 0; from < met.length; from += ASKED) {
      this.#publish(CONTACTS_WANTED, pack(met.slice(from, from + ASKED)))
    }
  }

  /** Somebody asked what is known here: of the contacts named, or of all where none is. */
  heed(msg: Msg): void {
    if (msg.data.length === 0) this.#tellAll()
    else
      for (const contact of unpack<ContactId[]>(msg.data))
        if (this.#knows(contact)) this.told(contact)
  }

  /** What owners tell: leads of these contacts sleep until they may be called. */
  hear(msg: Msg): void {
    const { from, digests } = unpack<Told>(msg.data)
    if (from !== this.#options.id) this.#advise(digests)
  }

  #advise(digests: readonly ContactDigest[]): void {
    const now = this.#options.clock.now()
    for (const shard of this.#options.owned()) {
      for (const campaign of shard.state.campaigns.values()) {
        if (campaign.contacts.rules === null || shard.state.poisoned.has(campaign.id)) continue
        try {
          for (const digest of digests) campaign.contacts.advise(digest, now)
        } catch (error) {
          shard.fault(campaign, error)
        }
      }
    }
  }

  async #try(shard: ShardId, command: Command, leftMs: number): Promise<CommandReply> {
    const owner = this.#options.ownerOf(shard)
    try {
      if (owner !== undefined) {
        const late = sleep(leftMs, { type: 'lost' } as const, { ref: false })
        return await Promise.race([owner.execute(command), late])
      }
      const options = { timeout: Math.max(1, leftMs) }
      const { nc } = this.#options.link
      const message = await nc.request(commandSubject(shard), pack(command), options)
      return unpack<CommandReply>(message.data)
    } catch (error) {
      return { type: isNoResponders(error) ? 'moved' : 'lost' }
    }
  }

  #knows(contact: ContactId): boolean {
    const owner = this.#options.ownerOf(this.shardOf(contact))
    return owner?.state.contacts.has(contact) === true
  }

  #tellAll(): void {
    this.#tellAgain = true
    this.#telling ??= this.#tellEverything().finally(() => {
      this.#telling = null
    })
  }

  #tellNews(): void {
    const contacts = [...this.#news]
    this.#news.clear()
    for (let from = 0; from < contacts.length; from += DIGESTS) {
      this.#publishDigests(this.#digests(contacts.slice(from, from + DIGESTS)))
    }
  }

  async #tellEverything(): Promise<void> {
    while (this.#tellAgain && !this.#stopped) {
      this.#tellAgain = false
      for (const { state } of this.#options.owned()) {
        const contacts = state.contacts.contacts()
        for (let from = 0; from < contacts.length; from += DIGESTS) {
          const digests = this.#digests(contacts.slice(from, from + DIGESTS))
          this.#advise(digests)
          this.#publishDigests(digests)
          // Digests are cheap, but not a hundred thousand of them between two bids.
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
    }
  }

  #digests(contacts: readonly ContactId[]): ContactDigest[] {
    return contacts.flatMap((contact) => {
      const owner = this.#options.ownerOf(this.shardOf(contact))
      return owner === undefined ? [] : [owner.state.contacts.digest(contact, ATTEMPTS_TOLD)]
    })
  }

  #publishDigests(digests: ContactDigest[]): void {
    const told: Told = { from: this.#options.id, digests }
    if (digests.length > 0) this.#publish(CONTACTS, pack(told))
  }

  #publish(subject: string, bytes: Uint8Array): void {
    if (this.#stopped) return
    try {
      this.#options.link.nc.publish(subject, bytes)
    } catch (error) {
      this.#options.log.debug({ subject, error: String(error) }, 'contacts not told')
    }
  }
}
