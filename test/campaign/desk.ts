// Desk: one campaign driven the way its shard drives it, with a clock that is moved by hand, keys
// that are no secret, and every event kept for a replay.

import assert from 'node:assert/strict'
import { decideMissed } from '../../actors/campaign/allocations.ts'
import { align, barEvents } from '../../actors/campaign/bars.ts'
import { answerCall } from '../../actors/campaign/bid.ts'
import { Campaign } from '../../actors/campaign/campaign.ts'
import { type Asking, confirmHere, decideHere } from '../../actors/campaign/contact-here.ts'
import { notesFor } from '../../actors/campaign/contact-note.ts'
import { Contacts } from '../../actors/campaign/contacts.ts'
import { decideIntake } from '../../actors/campaign/intake.ts'
import {
  type Decision,
  decideAward,
  decideExtend,
  decideLapses,
  decideSkip,
} from '../../actors/campaign/lease.ts'
import { type AwardHistory, decideDisposition } from '../../actors/campaign/outcome.ts'
import { type Booked, closes, decideBroken, decidePayment } from '../../actors/campaign/payment.ts'
import { decideReach, decideRelease } from '../../actors/campaign/reach.ts'
import type { CampaignAnswer, IngestOutcome, Order } from '../../actors/protocol/commands.ts'
import { type AttemptAsked, contactOf } from '../../actors/protocol/contact.ts'
import type { Channel } from '../../actors/protocol/dispositions.ts'
import {
  type Event,
  isContactEvent,
  isSuppressionEvent,
  type LeadAwarded,
} from '../../actors/protocol/events.ts'
import {
  attemptId,
  awardId,
  type ContractorId,
  fnv1a,
  type LeadId,
  type RequestId,
} from '../../actors/protocol/ids.ts'
import { parseLead } from '../../actors/protocol/lead.ts'
import type { Model } from '../../actors/protocol/model.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import { parseDisposition } from '../../actors/protocol/requests.ts'
import { parse } from '../../actors/protocol/schema.ts'
import {
  KEY_REF_BYTES,
  keyRefOf,
  type SealedTexts,
  type Sealer,
} from '../../actors/protocol/seal.ts'
import { type Settings, settingsSchema, withZone } from '../../actors/protocol/settings.ts'

export const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
/** Monday, 11:30 in India. */
export const T0 = Date.parse('2026-01-05T06:00:00Z')
export const AROUND_THE_CLOCK = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }]

/** Seals by writing the text behind its key's number. */
export class FakeSealer implements Sealer {
  #keys = 0

  seal(keyRef: number, text: string): Uint8Array {
    const blob = new Uint8Array(KEY_REF_BYTES + Buffer.byteLength(text))
    new DataView(blob.buffer).setFloat64(0, keyRef === 0 ? ++this.#keys : keyRef)
    blob.set(Buffer.from(text), KEY_REF_BYTES)
    return blob
  }

  hash(text: string): number {
    return fnv1a(text) + 1
  }
}

/** What a FakeSealer sealed, and under which key. */
export function opened(blob: Uint8Array | null): { key: number; text: string } | null {
  if (blob === null) return null
  return { key: keyRefOf(blob), text: Buffer.from(blob.subarray(KEY_REF_BYTES)).toString() }
}

export const iso = (ms: number) => new Date(ms).toISOString()

/** Settings of campaign 4, customer 55, in India, but for the changes. */
export function settingsOf(changes: object = {}): Settings {
  const fields = { campaign_id: 4, customer_id: 55, timezone: 'Asia/Kolkata', ...changes }
  return withZone(parse(settingsSchema, fields), 'UTC')
}

export class Desk {
  now = T0
  readonly campaign: Campaign
  /** The campaign's events; its contacts' are the contacts' own. */
  readonly events: Event[] = []
  readonly contacts = new Contacts()
  readonly sealer = new FakeSealer()

  constructor(changes: object = {}) {
    this.campaign = new Campaign(settingsOf(changes))
    this.put(changes)
  }

  put(changes: object): void {
    const settings = settingsOf(changes)
    this.emit({ type: 'campaign.put', campaign_id: settings.campaign_id, at: this.now, settings })
  }

  /** From now on the campaign scores with this, as the version after the one it has. */
  adopt(model: Model): void {
    const { id, learnt } = this.campaign
    const version = learnt.model.version + 1
    this.emit({
      type: 'model.adopted',
      campaign_id: id,
      at: this.campaign.clock(this.now),
      model: { ...model, version },
    })
  }

  emit(event: Event): void {
    if (isContactEvent(event) || isSuppressionEvent(event)) {
      this.contacts.apply(event)
      return
    }
    this.campaign.apply(event)
    this.events.push(event)
  }

  /** A decision's events, and what suppressions among them do to the leads, as a shard has them. */
  emitAll(events: readonly Event[]): void {
    for (const event of events) this.emit(event)
    for (const event of events) {
      if (!isSuppressionEvent(event)) continue
      const { suppressions } = this.contacts
      const barred = barEvents(this.campaign, event.entry, suppressions, this.now)
      for (const bar of barred) this.emit(bar)
    }
  }

  /** Sends a lead as a customer would; the fields of a new live one unless told otherwise. */
  send(id: number, changes: object = {}, sealed?: SealedTexts): IngestOutcome {
    const lead = { customer_id: 55, lead_type: 'Live', created_at: iso(this.now), ...changes }
    return this.sendAgain(id, lead, sealed)
  }

  /** Sends just these fields of a lead, sealed by its sender or not. */
  sendAgain(id: number, fields: object, sealed?: SealedTexts): IngestOutcome {
    const lead = parseLead({ id, campaign_id: 4, ...fields })
    assert.ok(lead.ok, JSON.stringify(lead))
    const sent = sealed === undefined ? lead.value : { ...lead.value, sealed }
    const { suppressions } = this.contacts
    const decided = decideIntake(this.campaign, sent, this.now, this.sealer, suppressions)
    const { outcome, event, allocated } = decided
    if (event !== undefined) this.emit(event)
    if (allocated !== undefined) this.emit(allocated)
    if (event?.type !== 'lead.updated') return outcome
    const row = this.campaign.leads.row(event.lead_id) as number // It was just updated.
    const bars = align(this.campaign, row, suppressions, this.now, ['phone', 'account'])
    for (const bar of bars) this.emit(bar)
    return outcome
  }

  /** Asks for an attempt without an award. */
  reach(lead: number, channel: Channel = 'sms', contractor?: number): Reply {
    const who = contractor === undefined ? {} : { contractor_id: contractor }
    const request = { campaign_id: this.campaign.id, lead_id: lead, channel, ...who }
    const attempt = attemptId(channel, this.campaign.id, lead as LeadId, 1, this.events.length)
    const hear = (asked: AttemptAsked) => this.contacts.decide(asked, this.now)
    return this.#commit(() => {
      const decide: Asking = (words) =>
        decideReach(this.campaign, request, this.now, attempt, words)
      const decision = decideHere(this.campaign, decide, hear)
      assert.ok(!('ask' in decision))
      return decision
    })
  }

  /** Books a payment on a lead; what closes its account suppresses it first. */
  pay(lead: number, amount: number, payment_id = `p${this.events.length}`): Booked {
    const row = this.campaign.leads.row(lead as LeadId)
    assert.ok(row !== undefined, `no lead ${lead}`)
    const of = { campaign: this.campaign.id, lead: lead as LeadId }
    const payment = { payment_id, of, amount, paid_at: null, closes: null }
    const { account_no } = this.fields(lead)
    if (closes(this.campaign, row, payment) && account_no !== null) {
      this.suppress('account', opened(account_no)?.text ?? '', 'add', 'PAID')
    }
    this.#lapse()
    const { events, booked } = decidePayment(this.campaign, row, payment, this.now)
    this.emitAll(events)
    return booked
  }

  release(lead: number): Reply {
    const request = { campaign_id: this.campaign.id, lead_id: lead, by: 'asha' }
    return this.#commit(() => decideRelease(this.campaign, request, this.now))
  }

  /** Suppresses at the contact alone: the campaign has not heard of it. */
  suppressUnheard(kind: 'phone' | 'account', text: string): void {
    const hash = this.sealer.hash(text)
    const contact = kind === 'phone' ? contactOf(hash, 0) : contactOf(0, hash)
    assert.ok(contact !== 0)
    const { id: campaign, settings } = this.campaign
    const of = { contact, customer: settings.customer_id, campaign }
    const asked = { op: 'add', kind, by: 'asha', reason: 'asked', ...of } as const
    const event = this.contacts.suppressions.decide(asked, this.now)
    if (event !== null) this.contacts.apply(event)
  }

  /** Whether that changed anything. */
  suppress(
    kind: 'phone' | 'account',
    text: string,
    op: 'add' | 'remove' = 'add',
    reason = 'asked',
  ): boolean {
    const hash = this.sealer.hash(text)
    const contact = kind === 'phone' ? contactOf(hash, 0) : contactOf(0, hash)
    assert.ok(contact !== 0)
    const customer = this.campaign.settings.customer_id
    const asked = { op, kind, contact, customer, by: 'asha', reason, campaign: this.campaign.id }
    const event = this.contacts.suppressions.decide(asked, this.now)
    if (event !== null) this.emitAll([event])
    return event !== null
  }

  bid(contractor?: number, wants = 1): CampaignAnswer {
    this.#lapse()
    const { now } = this
    const named = contractor === undefined ? {} : { contractor: contractor as ContractorId }
    return answerCall(this.campaign, { wants, now, asOf: now, ...named })
  }

  /** Awards the best lead; undefined when there is none. */
  next(changes: Partial<Order> & { asOf?: number } = {}): LeadAwarded | undefined {
    this.#lapse()
    const { asOf = this.now, ...fields } = changes
    const order: Order = {
      campaign: this.campaign.id,
      contractor: null,
      request: null,
      body: 0,
      encoding: 'json',
      ballot: 0,
      reserve: null,
      runner_up: null,
      asked: 1,
      answered: 1,
      unknown: [],
      digest: 0,
      ...fields,
    }
    const mint = (lead: LeadId) => awardId(this.campaign.id, lead, this.events.length + 1, 0)
    const decided = decideAward(this.campaign, order, { now: this.now, asOf }, mint)
    if (decided !== undefined) this.emit(decided.event)
    return decided?.event
  }

  /** Awards, and insists that there is a lead. */
  award(contractor?: number, request?: string): LeadAwarded {
    const event = this.next({
      contractor: (contractor ?? null) as ContractorId | null,
      request: (request ?? null) as RequestId | null,
    })
    assert.ok(event !== undefined, 'there is no lead to award')
    return event
  }

  confirm(award: string): Reply {
    return this.#commit(() => confirmHere(this.campaign, this.contacts, award, this.now))
  }

  extend(award: string): Reply {
    return this.#commit(() => decideExtend(this.campaign, award, this.now))
  }

  skip(award: string): Reply {
    return this.#commit(() => decideSkip(this.campaign, award, 'not mine', this.now))
  }

  /** Reports an outcome of an award. */
  dispose(award: string, code: string, fields: object = {}): Reply {
    return this.report({ award_id: award, code, ...fields })
  }

  /** Reports any outcome, as `lead.disposition` takes it. */
  report(body: object): Reply {
    const request = parseDisposition(body)
    return this.#commit(() => {
      const first = decideDisposition(this.campaign, request, this.now, this.sealer)
      if (!('lookup' in first)) return this.#noted(first, request.at, undefined)
      const history = 'award_id' in request ? this.#historyOf(request.award_id) : null
      const second = decideDisposition(this.campaign, request, this.now, this.sealer, history)
      assert.ok(!('lookup' in second))
      return this.#noted(second, request.at, history)
    })
  }

  /** Awards, confirms and reports an outcome. */
  call(code: string, fields: object = {}): { award: LeadAwarded; reply: Reply } {
    const award = this.award()
    assert.equal(this.confirm(award.award_id).type, 'confirmed')
    return { award, reply: this.dispose(award.award_id, code, fields) }
  }

  /** Where a lead stands. */
  lead(id: number) {
    const row = this.campaign.leads.row(id as LeadId)
    assert.ok(row !== undefined, `no lead ${id}`)
    const { attempts } = this.campaign.leads.columns
    return { ...this.campaign.standing(row), attempts: attempts[row]! }
  }

  /** A lead's fields as they are kept. */
  fields(id: number) {
    const row = this.campaign.leads.row(id as LeadId)
    assert.ok(row !== undefined, `no lead ${id}`)
    return this.campaign.leads.read(row, this.campaign.settings.customer_id)
  }

  /** A campaign made of nothing but the events. */
  replayed(events: readonly Event[] = this.events): Campaign {
    const [first] = events
    assert.ok(first?.type === 'campaign.put')
    const campaign = new Campaign(first.settings)
    for (const event of events) campaign.apply(event)
    return campaign
  }

  lastEvent<T extends Event['type']>(type: T): Extract<Event, { type: T }> {
    const event = this.events.at(-1)
    assert.equal(event?.type, type)
    return event as Extract<Event, { type: T }> // The line before says that it is one.
  }

  #lapse(): void {
    const emit = (event: Event) => this.emit(event)
    decideLapses(this.campaign, this.now, emit)
    decideBroken(this.campaign, this.now, emit)
    decideMissed(this.campaign, this.now, emit)
  }

  #commit(decide: () => Decision): Reply {
    this.#lapse()
    const { events, reply } = decide()
    this.emitAll(events)
    return reply
  }

  /** A decision behind what its contacts make of it. */
  #noted(decision: Decision, at: number | undefined, history: AwardHistory | null | undefined) {
    const mint = () => `d${this.events.length}`
    const notes = notesFor(this.campaign, decision, { at, history, mint })
    const events = notes.flatMap((note) => this.contacts.decide(note, this.now).events)
    return { ...decision, events: [...events, ...decision.events] }
  }

  /** What the journal knows of an award, read off the events as the shard reads it off the log. */
  #historyOf(award: string): AwardHistory | null {
    const mine = this.events.filter((event) => 'award_id' in event && event.award_id === award)
    const awarded = mine.find((event) => event.type === 'lead.awarded')
    if (awarded === undefined) return null
    return {
      awardedAt: awarded.at,
      confirmedAt: mine.find((event) => event.type === 'lead.confirmed')?.at ?? null,
      disposed: mine.find((event) => event.type === 'lead.disposed') ?? null,
      noted: mine.flatMap((event) => (event.type === 'lead.noted' ? [event.code] : [])),
      touched: this.events
        .slice(this.events.indexOf(awarded))
        .some(
          (event) =>
            event.type === 'lead.disposed' &&
            event.lead_id === awarded.lead_id &&
            event.award_id !== award &&
            event.kept !== true,
        ),
    }
  }
}
