// Payment desk: books a payment on this shard's leads. What closes an account suppresses it first,
// at its contact, and only then is the payment journalled (PY2): asked again, both are done once.
//
//   PD1. Whether it closes is decided together with the booking: another payment that came in between
//        may have left less to pay, and one that was booked before closes nothing any more.
//   PD2. A campaign books it on all its leads at once, or on none: its id is remembered from then on.

import type { Campaign } from '../campaign/campaign.ts'
import { type Booked, closes, decidePayment, paymentFault, rowsPaid } from '../campaign/payment.ts'
import type { CommandReply, Payment } from '../protocol/commands.ts'
import { type AttemptAsked, type ContactId, contactOf } from '../protocol/contact.ts'
import type { Reply } from '../protocol/replies.ts'
import type { ContactPort } from './contact-board.ts'
import type { Shard } from './shard.ts'

/** A payment whose accounts change so often meanwhile is left for the payer to send again. */
const TRIES_MAX = 8

export class PaymentDesk {
  readonly #shard: Shard
  readonly #contacts: ContactPort

  constructor(shard: Shard, contacts: ContactPort) {
    this.#shard = shard
    this.#contacts = contacts
  }

  async book(payment: Payment): Promise<CommandReply> {
    const leads: Booked[] = []
    let refused: Reply | undefined
    for (const campaign of this.#shard.state.campaigns.values()) {
      if (rowsPaid(campaign, payment).length === 0) continue
      const reply = await this.#bookIn(campaign, payment)
      if (reply === null) return { type: 'busy' }
      // Of a campaign that is set aside nothing is booked: who pays is told to come again.
      if (reply.type === 'paid') leads.push(...reply.leads)
      else refused ??= reply
    }
    return { type: 'reply', reply: refused ?? { type: 'paid', leads } }
  }

  /** Its answer once it is durable; null where an account's contact did not answer. */
  async #bookIn(campaign: Campaign, payment: Payment): Promise<Reply | null> {
    const suppressed = new Set<ContactId | 0>([0])
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const open: { row?: number | undefined } = {}
      const reply = await this.#shard.commit(campaign, () => {
        const rows = rowsPaid(campaign, payment)
        const fault = paymentFault(campaign, rows, payment, this.#shard.now())
        if (fault !== undefined) return { events: [], reply: fault }
        const { payments } = campaign.accounts
        const isNew = !payments.has(payment.payment_id)
        open.row = rows.find(
          (row) =>
            isNew && closes(campaign, row, payment) && !suppressed.has(accountOf(campaign, row)),
        )
        if (open.row !== undefined) return undefined
        // Asked again it is told of the leads it was booked on (PD2), not of any that came since.
        const own = isNew ? rows : rows.filter((row) => payments.isOn(payment.payment_id, row))
        const decided = own.map((row) => decidePayment(campaign, row, payment, this.#shard.now()))
        const leads = decided.map(({ booked }) => booked)
        return { events: decided.flatMap(({ events }) => events), reply: { type: 'paid', leads } }
      })
      if (reply !== undefined) return reply
      if (open.row === undefined) return null
      const account = accountOf(campaign, open.row)
      if (account === 0 || !(await this.#suppress(campaign, open.row, account, payment)))
        return null
      suppressed.add(account)
    }
    return null
  }

  /** Whether the account of what this payment closes is suppressed. */
  async #suppress(
    campaign: Campaign,
    row: number,
    account: ContactId,
    payment: Payment,
  ): Promise<boolean> {
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

function accountOf(campaign: Campaign, row: number): ContactId | 0 {
  return contactOf(0, campaign.leads.columns.accountHash[row] as number)
}
