// Call desk: the commands in which a contact's actor has a say. A call is confirmed, another attempt
// allowed, and an outcome without a confirm journalled, only after the attempt is durable at its
// contacts (I14).
//
//   CD1. A contact's word comes first and binds: no answer is no confirm, the caller asks again.
//        It may come in vain (the lease ended meanwhile): then one attempt too many is counted.
//   CD2. A contact of this very shard is asked in the decision itself, and both events are in one
//        record.
//   CD3. An append fences a word; a yes that needs none, for it was given before, is given again only
//        once the log says that nobody else owns the shard: a suppression may lie there (I4).

import type { Campaign } from '../campaign/campaign.ts'
import { type Asking, decideHere } from '../campaign/contact-here.ts'
import { notesFor } from '../campaign/contact-note.ts'
import { type ContactWord, type Decision, decideConfirm } from '../campaign/lease.ts'
import { type AwardHistory, decideDisposition } from '../campaign/outcome.ts'
import { decideReach } from '../campaign/reach.ts'
import type { AttemptRequest } from '../protocol/account.ts'
import type { CommandReply } from '../protocol/commands.ts'
import { type AttemptAsked, type ContactId, isShared } from '../protocol/contact.ts'
import { attemptId, type LeadId, parseAwardId } from '../protocol/ids.ts'
import type { DispositionRequest } from '../protocol/requests.ts'
import type { Link } from '../runtime/nats.ts'
import type { Vault } from '../runtime/vault.ts'
import type { ContactPort } from './contact-board.ts'
import type { Shard } from './shard.ts'
import { awardHistory } from './timeline.ts'

/** A decision that still lacks something after so many tries is left for the caller to ask again. */
const TRIES_MAX = 8

export interface CallDeskOptions {
  link: Link
  vault: Vault
  contacts: ContactPort
}

export class CallDesk {
  readonly #shard: Shard
  readonly #options: CallDeskOptions
  /** Numbers attempts that had no award; with the epoch they are this shard's for ever. */
  #minted = 0

  constructor(shard: Shard, options: CallDeskOptions) {
    this.#shard = shard
    this.#options = options
  }

  confirm(campaign: Campaign, award: string): Promise<CommandReply> {
    return this.#heard(campaign, (words) =>
      decideConfirm(campaign, award, this.#shard.now(), words),
    )
  }

  /** An attempt without an award, on whatever channel. */
  reach(campaign: Campaign, request: AttemptRequest): Promise<CommandReply> {
    const number = this.#minted++
    const { channel, lead_id } = request
    const { epoch } = this.#shard
    // Epoch and number are this shard's for ever, as a record's number and a place in it are.
    const id = attemptId(channel, campaign.id, lead_id as LeadId, epoch, number)
    return this.#heard(campaign, (words) =>
      decideReach(campaign, request, this.#shard.now(), id, words),
    )
  }

  /** Decides once every contact that has a say was heard. */
  async #heard(campaign: Campaign, decide: Asking): Promise<CommandReply> {
    const words: ContactWord[] = []
    const { contacts } = this.#options
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const open: { ask?: AttemptAsked; appends?: boolean } = {}
      const here: ContactId[] = []
      const reply = await this.#shard.commit(campaign, () => {
        const decision = decideHere(campaign, decide, (asked) => this.#hear(asked, here), words)
        if (!('ask' in decision)) {
          open.appends = decision.events.length > 0
          return decision
        }
        open.ask = decision.ask
        return undefined
      })
      if (reply !== undefined) {
        if (reply.type === 'confirmed' && open.appends === false) await this.#verified()
        for (const contact of here) contacts.told(contact)
        return { type: 'reply', reply }
      }
      if (open.ask === undefined) break
      const verdict = await contacts.ask(open.ask)
      // Also a counted attempt is asked for again under the same id, and counts once.
      if (verdict.type === 'unanswered') break
      words.push({ contact: open.ask.contact, verdict })
    }
    return { type: 'busy' }
  }

  /** The word of a contact that lives in this shard; null of any other. */
  #hear(asked: AttemptAsked, here: ContactId[]) {
    if (!this.#isHere(asked.contact)) return null
    here.push(asked.contact)
    return this.#shard.state.contacts.decide(asked, this.#shard.now())
  }

  /** What another shard's campaign asks of a contact that lives here. */
  async attempt(asked: AttemptAsked): Promise<CommandReply> {
    const { events, verdict } = this.#shard.state.contacts.decide(asked, this.#shard.now())
    this.#shard.emitAll(events)
    if (events.length === 0 && verdict.type === 'allowed') await this.#verified()
    await this.#shard.durable()
    this.#options.contacts.told(asked.contact)
    return { type: 'verdict', verdict }
  }

  /** Resolves once the log says that this shard is still owned here (CD3); rejects where it is not. */
  async #verified(): Promise<void> {
    await this.#shard.verify()
    await this.#shard.durable()
  }

  /** `budgetMs`: how long the caller waits, where it will not ask again. */
  async disposition(
    campaign: Campaign,
    request: DispositionRequest,
    budgetMs?: number,
  ): Promise<CommandReply> {
    if (request.as.suppresses === undefined) return await this.#dispose(campaign, request, budgetMs)
    // Its own suppression must not come back and end the lease before the outcome is in.
    const release = this.#shard.suppressions.hold()
    try {
      const reply = await this.#dispose(campaign, request, budgetMs)
      return (await this.#heeded(campaign, request, reply)) ? reply : { type: 'busy' }
    } finally {
      release()
    }
  }

  /** Who asked not to be contacted is heard though the lead takes no outcome any more. */
  async #heeded(
    campaign: Campaign,
    request: DispositionRequest,
    answered: CommandReply,
  ): Promise<boolean> {
    const row = rowOf(campaign, request)
    if (request.as.suppresses !== 'contact' || row === undefined || !isTooLate(answered))
      return true
    const [contact] = campaign.leads.contactsOf(row)
    if (contact === undefined) return true
    const { as, at = this.#shard.now(), code, channel = 'call' } = request
    const kind = isShared(contact) ? 'phone' : 'account'
    const asked: AttemptAsked = {
      ...campaign.contacts.askedFor(row, this.#minter()(), contact),
      // Under an award it was counted, or is by its note; nobody knows of any other attempt.
      attemptedAt: 'award_id' in request ? 0 : at,
      conversed: as.human,
      suppress: { kind, by: channel, reason: code },
    }
    if (!this.#isHere(contact))
      return (await this.#options.contacts.ask(asked)).type !== 'unanswered'
    const { events } = this.#shard.state.contacts.decide(asked, this.#shard.now())
    this.#shard.emitAll(events)
    await this.#shard.durable()
    return true
  }

  async #dispose(
    campaign: Campaign,
    request: DispositionRequest,
    budgetMs: number | undefined,
  ): Promise<CommandReply> {
    const row = rowOf(campaign, request)
    const { vault, contacts } = this.#options
    let history: AwardHistory | null | undefined
    const told: AttemptAsked[] = []
    let asked = request
    const mint = this.#minter()
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const open: { note: AttemptAsked | undefined } = { note: undefined }
      const here: ContactId[] = []
      const decide = () => {
        // The same outcome, told twice at once, may have been decided while its history was read.
        const missed = history?.disposed === null && isDisposed(campaign, row, request)
        if (missed && tries < 3) history = undefined
        const decision = decideDisposition(campaign, asked, this.#shard.now(), vault, history)
        if ('lookup' in decision) return undefined
        const notes = notesFor(campaign, decision, { at: asked.at, history, mint })
        const untold = notes.filter((note) => !told.some((other) => isSame(note, other)))
        open.note = untold.find(({ contact }) => !this.#isHere(contact))
        if (open.note !== undefined) return undefined
        here.push(...untold.map(({ contact }) => contact))
        return this.#withNotes(decision, untold)
      }
      const reply = await vault.withKeys(() => this.#shard.commit(campaign, decide))
      if (reply !== undefined) {
        for (const contact of here) contacts.told(contact)
        return { type: 'reply', reply }
      }
      if (open.note === undefined) {
        history = await this.#historyOf(campaign, row, request)
        continue
      }
      const verdict = await contacts.ask(open.note, budgetMs)
      // Without an award the attempt would be another one the next time: `lost` is not asked again.
      if (verdict.type === 'unanswered') return { type: verdict.maybeDone ? 'lost' : 'busy' }
      told.push(open.note)
      // What was told is when the call was: deciding anew must not move it.
      asked = { ...asked, at: asked.at ?? open.note.attemptedAt ?? undefined }
    }
    return { type: 'busy' }
  }

  #withNotes(decision: Decision, notes: readonly AttemptAsked[]): Decision {
    const { contacts } = this.#shard.state
    const events = notes.flatMap((note) => contacts.decide(note, this.#shard.now()).events)
    return { ...decision, events: [...events, ...decision.events] }
  }

  async #historyOf(
    campaign: Campaign,
    row: number | undefined,
    request: DispositionRequest,
  ): Promise<AwardHistory | null> {
    if (row === undefined || !('award_id' in request)) return null
    const lastSeq = campaign.leads.columns.lastSeq[row] as number // The row exists, so it has one.
    const named = { campaign: campaign.id, lead: campaign.leads.id(row), lastSeq }
    return await awardHistory(this.#options.link, named, request.award_id)
  }

  /** An id for one attempt without an award, the same at every call. */
  #minter(): () => string {
    const { shard } = this.#shard.state
    const part = (value: number) => value.toString(36)
    const number = this.#minted++
    return () => `d${part(shard)}-${part(this.#shard.epoch)}-${part(number)}`
  }

  #isHere(contact: ContactId): boolean {
    return this.#options.contacts.shardOf(contact) === this.#shard.state.shard
  }
}

function rowOf(campaign: Campaign, request: DispositionRequest): number | undefined {
  const byAward = 'award_id' in request
  const lead = byAward ? parseAwardId(request.award_id)?.lead : request.lead_id
  return campaign.leads.row(lead as LeadId) // Its schema or its award id made it an integer.
}

/** Whether a lead that is at its end, or with somebody else, took no outcome. */
function isTooLate(answered: CommandReply): boolean {
  if (answered.type !== 'reply') return false
  const { reply } = answered
  return reply.type === 'stale_award' || (reply.type === 'error' && reply.code === 'CLOSED')
}

/** Whether the contact's actor was told this already. */
function isSame(note: AttemptAsked, told: AttemptAsked): boolean {
  return (
    note.contact === told.contact &&
    note.attempt === told.attempt &&
    (told.conversed || !note.conversed) &&
    (told.suppress !== undefined || note.suppress === undefined)
  )
}

/** Whether the award a request names is its lead's last, and has its outcome. */
function isDisposed(
  campaign: Campaign,
  row: number | undefined,
  request: DispositionRequest,
): boolean {
  if (row === undefined || !('award_id' in request)) return false
  const { award_id } = request
  return campaign.leads.closing(row) === 'disposed' && campaign.isLastAward(row, award_id)
}
