// Contacts: the actor that judges attempts on contacts, for a part of them. It is its shard's second
// kind of actor beside campaigns, in the same journal: what it counted is durable before a campaign
// confirms a call. Suppressions belong here too: there is one judge of a contact.
//
//   CO1. An attempt that was judged is counted in the same step, so no two can be let through on
//        one history, whatever campaigns, hosts or shards they come from (I14).
//   CO2. The same attempt asked for again is allowed and changes nothing: an answer may be lost.
//   CO3. Who is suppressed is refused whatever was counted before: an attempt that was allowed and not
//        begun is asked for again in vain (I4).
//   CO4. State changes only in `apply`; `decide` reads. The actor's time never runs back (I8).

import { Calendar } from '../policy/calendar.ts'
import { ATTEMPT_KEPT_MS, judge, LAST_KEPT_MS } from '../policy/caps.ts'
import {
  type AttemptAsked,
  type ContactDigest,
  type ContactId,
  isShared,
  type Verdict,
} from '../protocol/contact.ts'
import { type ContactAttempted, type ContactEvent, isSuppressionEvent } from '../protocol/events.ts'
import type { CustomerId, ShardId } from '../protocol/ids.ts'
import type { SuppressionEntry, SuppressionEvent } from '../protocol/suppression.ts'
import { ContactHistories, type HistoryImage } from './contact-history.ts'
import type { ListCut } from './list-cut.ts'
import { Suppressions } from './suppressions.ts'

const ALLOWED: Verdict = { type: 'allowed' }
/** Contacts, or suppressions, in one part of a snapshot: some 80 kB. */
const IMAGE_CONTACTS = 1024
const ZONES_KEPT = 500

export interface ContactsImage {
  at: number
  contacts: HistoryImage[]
  /** Absent before 0.3. */
  suppressions?: SuppressionEntry[]
}

/** What a contact's actor decided: what to journal, and its word. */
export interface Heard {
  events: (ContactEvent | SuppressionEvent)[]
  verdict: Verdict
}

export class Contacts {
  readonly #histories = new ContactHistories<ContactId>()
  readonly #days = new Map<string, Calendar>()
  /** Who must not be contacted, here and as the other shards decided. */
  readonly suppressions: Suppressions
  /** The actor's latest instant. */
  at = 0

  /** `shard`: the one it lives in. */
  constructor(shard = 0 as ShardId) {
    this.suppressions = new Suppressions(shard)
  }

  get size(): number {
    return this.#histories.size
  }

  /** `now`, unless the actor has already seen later. */
  clock(now: number): number {
    return Math.max(now, this.at)
  }

  /** Judges an attempt that is to be made, or takes note of one that was. */
  decide(asked: AttemptAsked, clock: number): Heard {
    const now = this.clock(clock)
    if (asked.attemptedAt !== null) return this.#hear(asked, asked.attemptedAt, now)
    const standing = this.suppressions.standing(asked.contact, asked.customer)
    if (standing !== null) {
      const { at: since, reason } = standing
      return { events: [], verdict: { type: 'suppressed', since, reason } }
    }
    if (this.#histories.knows(asked.contact, asked.attempt)) {
      return { events: [], verdict: ALLOWED }
    }
    const verdict = this.#judge(asked, now)
    const events = verdict.type === 'allowed' ? [attempted(asked, now, now)] : []
    return { events, verdict }
  }

  #hear(asked: AttemptAsked, attemptedAt: number, now: number): Heard {
    const { contact, customer, campaign, attempt: id, conversed, suppress } = asked
    const events: Heard['events'] = []
    // A caller's clock may be a little ahead; a call of long ago is asked for by no rule any more.
    const at = Math.min(attemptedAt, now)
    const known = this.#histories.knows(contact, id)
    if (!known && at > now - LAST_KEPT_MS) events.push(attempted(asked, now, at))
    const spoken = this.#histories.spoke(contact, { at, customer })
    if (conversed && !spoken && at > now - ATTEMPT_KEPT_MS) {
      events.push({ type: 'contact.conversed', ...about(asked, now), attempted_at: at })
    }
    if (suppress !== undefined) {
      const added = this.suppressions.decide(
        { op: 'add', contact, customer, campaign, ...suppress },
        now,
      )
      if (added !== null) events.push(added)
    }
    return { events, verdict: ALLOWED }
  }

  apply(event: ContactEvent | SuppressionEvent): void {
    this.at = Math.max(this.at, event.at)
    if (isSuppressionEvent(event)) {
      this.suppressions.apply(event)
      return
    }
    const { contact, customer_id: customer, attempted_at: at, attempt_id: id } = event
    if (event.type === 'contact.attempted') {
      this.#histories.attempted(contact, { at, customer, id }, event.at)
    } else this.#histories.conversed(contact, { at, customer }, event.at)
  }

  /** What other hosts need of a contact to leave its leads asleep, at most `most` attempts. */
  digest(contact: ContactId, most: number): ContactDigest {
    const { attempts, conversations } = this.#histories.entries(contact)
    return {
      contact,
      attempts: attempts.slice(-most).map(({ at, customer }) => [at, customer]),
      conversations: conversations.map(({ at, customer }) => [at, customer]),
    }
  }

  has(contact: ContactId): boolean {
    return this.#histories.has(contact)
  }

  contacts(): ContactId[] {
    return [...this.#histories.keys()]
  }

  /** The state as it is at this call, in parts that are made when they are read. */
  parts(): Iterable<ContactsImage> {
    return partsOf(this.at, this.#histories.cut(), this.suppressions.cut())
  }

  load({ at, contacts, suppressions = [] }: ContactsImage): void {
    this.at = at
    for (const history of contacts) this.#histories.load(history)
    this.suppressions.load(suppressions)
  }

  #judge({ contact, customer, rules, zone }: AttemptAsked, now: number): Verdict {
    const history = this.#histories.of(contact, isShared(contact) ? null : customer)
    return judge(history, rules, now, this.#daysOf(zone))
  }

  #daysOf(zone: string): Calendar {
    let days = this.#days.get(zone)
    if (days === undefined) {
      if (this.#days.size >= ZONES_KEPT) this.#days.clear()
      days = new Calendar([], zone)
      this.#days.set(zone, days)
    }
    return days
  }
}

function* partsOf(
  at: number,
  histories: ListCut<HistoryImage>,
  suppressions: ListCut<SuppressionEntry>,
): Generator<ContactsImage> {
  for (let from = 0; from < histories.length; from += IMAGE_CONTACTS) {
    yield { at, contacts: histories.items(from, from + IMAGE_CONTACTS) }
  }
  for (let from = 0; from < suppressions.length; from += IMAGE_CONTACTS) {
    const some = suppressions.items(from, from + IMAGE_CONTACTS)
    yield { at, contacts: [], suppressions: some }
  }
}

function attempted(asked: AttemptAsked, now: number, at: number): ContactAttempted {
  const event: ContactAttempted = {
    type: 'contact.attempted',
    ...about(asked, now),
    attempted_at: at,
  }
  if (asked.attemptedAt === null) Object.assign(event, { rules: asked.rules, zone: asked.zone })
  return event
}

function about({ contact, campaign, customer, lead, attempt }: AttemptAsked, at: number) {
  return {
    contact,
    campaign_id: campaign,
    customer_id: customer satisfies CustomerId,
    lead_id: lead,
    attempt_id: attempt,
    at,
  }
}
