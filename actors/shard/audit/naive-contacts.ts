// Naive contacts: every attempt in the whole log against the rules in force, contact by contact
// (I14), of an award that is there (I6), for its campaign's customer (I12). Contacts and campaigns live
// in different shards, so no shard alone can tell.

import type { ContactAttempted, ContactEvent, Event } from '../../protocol/events.ts'
import { isContactEvent } from '../../protocol/events.ts'
import { parseAwardId, shardOf } from '../../protocol/ids.ts'
import type { Record } from '../../protocol/record.ts'
import type { Findings } from './findings.ts'
import { breachOf, type Calls, LOOKED_BACK_MS, limitsOf, sameLimits } from './naive-caps.ts'

interface Contact {
  /** By customer, for account numbers are each customer's own; '' for those that are everybody's. */
  calls: Map<string, Calls>
  /** Rules each attempt was judged by; null where it was told afterwards. */
  judged: Map<string, ContactAttempted['rules'] | null>
  touched: number
}

export class NaiveContacts {
  readonly #findings: Findings
  readonly #contacts = new Map<number, Contact>()
  /** Each campaign's rules, oldest first, and how many there were when an open award was made. */
  readonly #limits = new Map<number, ReturnType<typeof limitsOf>[]>()
  readonly #awarded = new Map<string, number>()
  /** Each shard's contacts' latest instant. */
  readonly #at = new Map<number, number>()
  /** Whose each campaign is, and the number of each shard's last record. */
  readonly #customers = new Map<number, number>()
  readonly #n = new Map<number, number>()
  readonly #shards: number

  constructor(shards: number, findings: Findings) {
    this.#shards = shards
    this.#findings = findings
  }

  /** Takes the next record of the whole stream, in the order of its sequence. */
  follow(record: Record, seq: number): void {
    this.#findings.at(record.shard, seq)
    this.#n.set(record.shard, record.n)
    for (const event of record.events) {
      this.#findings.on(event)
      if (isContactEvent(event)) this.#contact(event, record.shard)
      else this.#campaign(event)
    }
    for (const [contact, { touched }] of this.#contacts) {
      if (touched > record.at - LOOKED_BACK_MS) break
      this.#contacts.delete(contact)
    }
  }

  #contact(event: ContactEvent, shard: number): void {
    const { at, attempt_id } = event
    const last = this.#at.get(shard) ?? 0
    const about = `${event.type} of ${attempt_id}`
    this.#findings.check('I8', at >= last, () => `${about} at ${at} follows ${last}`)
    this.#at.set(shard, Math.max(at, last))
    this.#belongs(event)
    const contact = this.#touch(event)
    const calls = callsOf(contact, event)
    if (event.type === 'contact.conversed') {
      calls.talkedAt = Math.max(event.attempted_at, calls.talkedAt ?? 0)
      return
    }
    const again = contact.judged.has(attempt_id)
    this.#findings.check('I14', !again, () => `${about} is counted for the second time`)
    this.#judge(calls, event)
    contact.judged.set(attempt_id, event.rules ?? null)
    calls.made.push({ at: event.attempted_at, id: attempt_id })
  }

  /** It is of an award that is in the log already, and is counted for that campaign's customer. */
  #belongs({ attempt_id, campaign_id, customer_id }: ContactEvent): void {
    const parts = parseAwardId(attempt_id)
    if (parts !== null) {
      const written = this.#n.get(shardOf(parts.campaign, this.#shards)) ?? 0
      const there = parts.n <= written
      this.#findings.check('I6', there, () => `${attempt_id} is called, and not awarded yet`)
    }
    const owner = this.#customers.get(campaign_id) ?? customer_id
    this.#findings.check(
      'I12',
      customer_id === owner,
      () =>
        `${attempt_id} counts for customer ${customer_id}, campaign ${campaign_id} is ${owner}'s`,
    )
  }

  #judge(calls: Calls, { attempt_id, attempted_at, rules, zone }: ContactAttempted): void {
    if (rules === undefined) return
    const breach = breachOf(calls, rules, attempted_at, zone ?? 'UTC')
    this.#findings.check('I14', breach === null, () => `${attempt_id}: ${breach}`)
  }

  #campaign(event: Exclude<Event, ContactEvent>): void {
    const { campaign_id } = event
    if (event.type === 'campaign.put') {
      this.#customers.set(campaign_id, event.settings.customer_id)
      const known = this.#limits.get(campaign_id) ?? []
      this.#limits.set(campaign_id, [...known, limitsOf(event.settings)])
      return
    }
    if (!('award_id' in event) || event.award_id === null) return
    if (event.type === 'lead.awarded') {
      this.#awarded.set(event.award_id, this.#limits.get(campaign_id)?.length ?? 0)
      return
    }
    if (event.type === 'lead.extended') return
    if (event.type === 'lead.confirmed' && event.contact) {
      this.#confirm(event.award_id, event.contact, campaign_id)
    }
    this.#awarded.delete(event.award_id)
  }

  /** A confirmed call was counted at its contact before, by rules its campaign had meanwhile. */
  #confirm(award: string, contact: number, campaign: number): void {
    const rules = this.#contacts.get(contact)?.judged.get(award)
    const heard = rules !== undefined && rules !== null
    this.#findings.check('I14', heard, () => `${award} is confirmed, and no contact allowed it`)
    const since = this.#awarded.get(award)
    if (!heard || since === undefined) return
    const inForce = this.#limits.get(campaign)?.slice(Math.max(0, since - 1)) ?? []
    const fair = inForce.some((limits) => sameLimits(limits, rules))
    this.#findings.check('I14', fair, () => `${award} was judged by rules its campaign never had`)
  }

  #touch(event: ContactEvent): Contact {
    const known = this.#contacts.get(event.contact)
    const contact: Contact = known ?? { calls: new Map(), judged: new Map(), touched: 0 }
    contact.touched = event.at
    this.#contacts.delete(event.contact)
    this.#contacts.set(event.contact, contact)
    for (const calls of contact.calls.values()) {
      const old = calls.made.filter((call) => call.at <= event.at - LOOKED_BACK_MS)
      if (old.length === 0) continue
      for (const { id } of old) contact.judged.delete(id)
      calls.made = calls.made.filter((call) => !old.includes(call))
    }
    return contact
  }
}

function callsOf(contact: Contact, { contact: id, customer_id }: ContactEvent): Calls {
  const key = id > 0 ? '' : String(customer_id)
  const calls = contact.calls.get(key) ?? { made: [], talkedAt: null }
  contact.calls.set(key, calls)
  return calls
}
