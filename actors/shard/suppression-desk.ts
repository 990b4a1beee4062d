// Suppression desk: a shard's part in suppressions. It decides for the contacts that live here, folds
// what other shards decided for theirs, and says when that is done.
//
//   SD1. An answer leaves after the append (I6). From the append of `suppression.added` on the
//        contact's actor refuses every attempt, so no confirm that is asked for after the answer
//        succeeds (I4).
//   SD2. Another shard's decisions are folded strictly by their numbers. What is not the next one is
//        left, and the board fetches what is missing.
//   SD3. While an outcome that suppresses somebody is under way, nothing is folded, for HOLD_MS at
//        most: its own suppression would come back and end the lease before the outcome is in.
//   SD4. Who waits for a fold is answered once it is durable, or `busy` at a deadline. At most
//        WAITERS_MAX wait.

import { bar, barOf } from '../campaign/bars.ts'
import type { Campaign } from '../campaign/campaign.ts'
import { isTerminal, stateOf } from '../campaign/lead-table.ts'
import type { Decision } from '../campaign/lease.ts'
import type { Suppression } from '../campaign/suppressions.ts'
import type { Command, CommandReply } from '../protocol/commands.ts'
import type { ContactId } from '../protocol/contact.ts'
import type { LeadEvent } from '../protocol/events.ts'
import type { CampaignId, CustomerId, LeadId, ShardId } from '../protocol/ids.ts'
import { errorReply, type Reply } from '../protocol/replies.ts'
import {
  ALL_CUSTOMERS,
  type SuppressAsked,
  type SuppressionEntry,
} from '../protocol/suppression.ts'
import { formatTime } from '../protocol/time.ts'
import type { Link } from '../runtime/nats.ts'
import type { Shard } from './shard.ts'
import { walk } from './timeline.ts'

/** Longer than a gateway waits before it acknowledges without this shard. */
const HEARD_MS = 500
const WAITERS_MAX = 1000
/** An outcome waits for its contact's word no longer. */
const HOLD_MS = 300
/** Entries one answer carries at most, half a kilobyte each. */
const ENTRIES_MAX = 500

export type SuppressLead = Extract<Command, { type: 'suppress.lead' }>

/** What a desk tells its host. */
export interface SuppressionListener {
  /** Something was decided here; it may not be durable yet. */
  decided(): void
  /** `from` has decided up to `n`, which is not folded here. */
  missing(from: ShardId, n: number): void
  /** What could not be folded for a while can be folded now. */
  released(): void
}

interface Waiter {
  from: ShardId
  n: number
  done: (folded: boolean) => void
}

export class SuppressionDesk {
  readonly #shard: Shard
  readonly #link: Link
  readonly #waiters = new Set<Waiter>()
  #listener: SuppressionListener | null = null
  #holds = 0
  #heldAt = 0

  constructor(shard: Shard, link: Link) {
    this.#shard = shard
    this.#link = link
  }

  listen(listener: SuppressionListener): void {
    this.#listener = listener
  }

  /** Decides for a contact that lives here; decided already, it says so under its shard's head. */
  async suppress(asked: SuppressAsked): Promise<CommandReply> {
    const { contacts } = this.#shard.state
    const event = contacts.suppressions.decide(asked, contacts.clock(this.#shard.now()))
    if (event !== null) this.#shard.emit(event)
    const n = event?.entry.n ?? contacts.suppressions.own
    // What needs no append has no fence: an owner that was replaced may not know what was lifted.
    if (event === null) await this.#shard.verify()
    await this.#shard.durable()
    return { type: 'suppressed', n, changed: event !== null }
  }

  /** Something was decided for a contact that lives here, by whatever command; not durable yet. */
  decided(): void {
    this.#listener?.decided()
  }

  async suppressLead(command: SuppressLead): Promise<CommandReply> {
    const campaign = this.#shard.state.campaigns.get(command.campaign)
    if (campaign === undefined) return answer(notFound('campaign'))
    const appended = { any: false }
    const reply = await this.#shard.commit(campaign, () => {
      const decision = decideLead(campaign, command, this.#shard.now())
      appended.any = decision.events.length > 0
      return decision
    })
    if (!appended.any) {
      await this.#shard.verify()
      await this.#shard.durable()
    }
    return answer(reply)
  }

  async check(contact: ContactId, customer: CustomerId | null): Promise<CommandReply> {
    await this.#shard.durable()
    const scopes = this.#shard.state.contacts.suppressions.scopes(contact)
    const whole =
      scopes.get(ALL_CUSTOMERS) ?? (customer === null ? undefined : scopes.get(customer))
    if (whole !== undefined) return answer(suppressedSince(whole))
    if (customer !== null || scopes.size === 0) return answer({ type: 'check', suppressed: false })
    const [first] = [...scopes.values()].sort((a, b) => a.at - b.at) as [Suppression] // size > 0
    return answer({ ...suppressedSince(first), customer_ids: [...scopes.keys()] })
  }

  async checkLead(campaignId: CampaignId, lead: LeadId): Promise<CommandReply> {
    await this.#shard.durable()
    const campaign = this.#shard.state.campaigns.get(campaignId)
    if (campaign === undefined) return answer(notFound('campaign'))
    const row = campaign.leads.row(lead)
    if (row === undefined) return answer(notFound('lead'))
    if (!isSuppressed(campaign, row)) return answer({ type: 'check', suppressed: false })
    const lastSeq = campaign.leads.columns.lastSeq[row] as number // The row exists, so it has one.
    for await (const { event } of walk(this.#link, { campaign: campaignId, lead, lastSeq })) {
      const reason = whySuppressed(event)
      if (reason !== null) return answer(suppressedSince({ at: event.at, reason }))
    }
    return answer({ type: 'check', suppressed: true })
  }

  /** What was decided here after number `after`, as far as it is durable. */
  async entries(after: number, limit: number): Promise<CommandReply> {
    const { suppressions } = this.#shard.state.contacts
    const head = suppressions.own
    const entries = suppressions.entriesAfter(after, Math.min(limit, ENTRIES_MAX))
    await this.#shard.durable()
    return { type: 'suppressions', entries, head }
  }

  /** Answers once `from`'s decisions up to `n` are folded here, durably. */
  async heard(from: ShardId, n: number): Promise<CommandReply> {
    if (this.#head(from) < n && !(await this.#folded(from, n))) return { type: 'busy' }
    await this.#shard.durable()
    return { type: 'heard' }
  }

  /** Puts folding off until the function it returns is called. */
  hold(): () => void {
    if (this.#holds++ === 0) this.#heldAt = performance.now()
    return () => {
      if (--this.#holds === 0) this.#listener?.released()
    }
  }

  /**
   * Folds of another shard's decisions those that are next, and lets this shard's leads follow.
   * Whether all of them are folded now; the shard must be idle.
   */
  hear(entries: readonly SuppressionEntry[]): boolean {
    if (this.#holds > 0 && performance.now() - this.#heldAt < HOLD_MS) return false
    for (const entry of entries) {
      const head = this.#head(entry.from)
      if (entry.n <= head) continue
      if (entry.n > head + 1) return false
      const at = this.#shard.state.contacts.clock(this.#shard.now())
      this.#shard.emit({ type: 'suppression.heard', campaign_id: entry.campaign, at, entry })
    }
    for (const waiter of this.#waiters) {
      if (this.#head(waiter.from) >= waiter.n) waiter.done(true)
    }
    return true
  }

  #head(from: ShardId): number {
    return this.#shard.state.contacts.suppressions.head(from)
  }

  async #folded(from: ShardId, n: number): Promise<boolean> {
    if (this.#waiters.size >= WAITERS_MAX) return false
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => waiter.done(false), HEARD_MS)
      const waiter: Waiter = {
        from,
        n,
        done: (folded) => {
          clearTimeout(timer)
          this.#waiters.delete(waiter)
          resolve(folded)
        },
      }
      this.#waiters.add(waiter)
      this.#listener?.missing(from, n)
    })
  }
}

/** Bars one lead, whatever reaches it, or lifts that again. What is so already is no event. */
export function decideLead(
  campaign: Campaign,
  { op, lead, by, reason }: SuppressLead,
  clock: number,
): Decision {
  const row = campaign.leads.row(lead)
  if (row === undefined) return { events: [], reply: notFound('lead') }
  const { barred, config } = campaign.leads.columns
  const stands = ((barred[row] as number) & barOf('lead')) !== 0
  const at = campaign.clock(clock)
  if (op === 'remove') {
    const about = { campaign_id: campaign.id, lead_id: lead, at, kind: 'lead', by, reason } as const
    return {
      events: stands ? [{ type: 'lead.restored', ...about }] : [],
      reply: { type: 'removed', ...(stands ? {} : { already: true }), ...stillBy(campaign, row) },
    }
  }
  // A lead at its end is in no queue, and nothing brings it back.
  if (stands || isTerminal(config[row] as number)) {
    return { events: [], reply: { type: 'suppressed', already: true } }
  }
  const events = bar(campaign, row, { kind: 'lead', by, reason }, at)
  return { events, reply: { type: 'suppressed' } }
}

/** The suppressions of others than the lead itself that bar it. */
function stillBy({ leads }: Campaign, row: number) {
  const bars = leads.columns.barred[row] as number // The row exists, so it has one.
  const still_by = (['phone', 'account'] as const).filter((kind) => (bars & barOf(kind)) !== 0)
  return still_by.length === 0 ? {} : { still_by }
}

function isSuppressed({ leads }: Campaign, row: number): boolean {
  return leads.isBarred(row) || stateOf(leads.columns.config[row] as number) === 'suppressed'
}

/** Why an event took its lead out of every queue; null where it did not. */
function whySuppressed(event: LeadEvent): string | null {
  if (event.type === 'lead.suppressed') return event.reason
  return event.type === 'lead.disposed' && event.result.state === 'suppressed' ? event.code : null
}

function suppressedSince({ at, reason }: Pick<Suppression, 'at' | 'reason'>) {
  return { type: 'check', suppressed: true, since: formatTime(at), reason } as const
}

function notFound(what: 'campaign' | 'lead'): Reply {
  const path = `/${what}_id`
  return errorReply('NOT_FOUND', `${path}: no such ${what}`, path)
}

function answer(reply: Reply): CommandReply {
  return { type: 'reply', reply }
}
