// Payment desk: books a payment on this shard's leads. What closes an account suppresses it first,
// at its contact, and only then is the payment journalled (PY2): asked again, both are done once.

import type { Campaign } from '../campaign/campaign.ts'
import { type Booked, closes, decidePayment, rowsPaid } from '../campaign/payment.ts'
import type { CommandReply, Payment } from '../protocol/commands.ts'
import { type AttemptAsked, contactOf } from '../protocol/contact.ts'
import type { ContactPort } from './contact-board.ts'
import type { Shard } from './shard.ts'

export class PaymentDesk {
  readonly #shard: Shard
  readonly #contacts: ContactPort

  constructor(shard: Shard, contacts: ContactPort) {
    this.#shard = shard
    this.#contacts = contacts
  }

  async book(payment: Payment): Promise<CommandReply> {
    const leads: Booked[] = []
    for (const campaign of this.#shard.state.campaigns.values()) {
      if (campaign.quarantined !== null) continue
      for (const row of rowsPaid(campaign, payment)) {
        if (!(await this.#suppress(campaign, row, payment))) return { type: 'busy' }
        const decided: { booked?: Booked } = {}
        await this.#shard.commit(campaign, () => {
          const { events, booked } = decidePayment(campaign, row, payment, this.#shard.now())
          decided.booked = booked
          return { events, reply: { type: 'paid', leads: [booked] } }
        })
        if (decided.booked !== undefined) leads.push(decided.booked)
      }
    }
    return { type: 'reply', reply: { type: 'paid', leads } }
  }

  /** Whether the account of what this payment closes is suppressed, where it has one. */
  async #suppress(campaign: Campaign, row: number, payment: Payment): Promise<boolean> {
    const account = contactOf(0, campaign.leads.columns.accountHash[row] as number)
    if (account === 0 || !closes(campaign, row, payment)) return true
    const asked: AttemptAsked = {
      ...campaign.contacts.askedFor(row, `p-${payment.payment_id}`, account),
      attemptedAt: 0, // Long ago: a payment is no attempt, and counts for no rule.
      suppress: { kind: 'account', by: 'payment', reason: 'PAID' },
    }
    if (this.#contacts.shardOf(account) === this.#shard.state.shard) {
      const { events } = this.#shard.state.contacts.decide(asked, this.#shard.now())
      this.#shard.emitAll(events)
      await this.#shard.durable()
      return true
    }
    const verdict = await this.#contacts.ask(asked)
    return verdict.type !== 'unanswered'
  }
}
