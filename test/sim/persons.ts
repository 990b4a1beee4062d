// Persons: whom requests were about, and who was stopped when, from what clients asked and were told.
//
//   PE1. What was asked and not answered may have been done, at any time from then on.

import type { Service } from '../../actors/protocol/subjects.ts'
import { accountOf, type Campaign, hasPhone, phoneOf } from './campaigns.ts'
import type { History, Op } from './history.ts'

/** When something was done, as far as its client can tell: between the two, on the monotonic clock. */
export interface When {
  from: number
  until: number
  /** The time of day it was asked for. */
  wall: number
}

export class Persons {
  readonly #campaigns: ReadonlyMap<number, Campaign>
  /** What may have stopped somebody, by phone or account; and what surely did. */
  readonly maybeStopped = new Map<string, When[]>()
  readonly stopped = new Map<string, When[]>()
  /** What may have lifted that. */
  readonly lifted = new Map<string, When[]>()
  /** Leads by the award or attempt that named them. */
  readonly #named = new Map<string, [campaign: number, lead: number]>()

  constructor({ ops }: History, campaigns: readonly Campaign[]) {
    this.#campaigns = new Map(campaigns.map((campaign) => [campaign.id, campaign]))
    for (const { answer } of ops) {
      const id = answer.type === 'award' ? answer.award_id : answer.attempt_id
      if (id !== undefined) this.#named.set(String(id), [answer.campaign_id, answer.lead_id])
    }
    for (const op of ops) this.#note(op)
  }

  /** Phone and account of a lead, as far as it has them. */
  keysOf(campaign: number, lead: number): string[] {
    const known = this.#campaigns.get(campaign)
    const account = known === undefined ? null : accountOf(known, lead)
    return [
      ...(hasPhone(lead) ? [phoneOf(campaign, lead)] : []),
      ...(account === null ? [] : [account]),
    ]
  }

  /** The same of the lead an award or attempt is of. */
  keysNamed(id: string): string[] {
    const lead = this.#named.get(id)
    return lead === undefined ? [] : this.keysOf(...lead)
  }

  /** Whether somebody was surely stopped all the time from `from` to `until`. */
  isStopped(key: string, from: number, until: number): boolean {
    const lifts = this.lifted.get(key) ?? []
    return (this.stopped.get(key) ?? []).some(
      (stop) =>
        stop.until < from && !lifts.some((lift) => lift.until > stop.from && lift.from < until),
    )
  }

  #note(op: Op): void {
    const { service, body, answer } = op
    const known = whenOf(op, answer.type)
    const note = (of: Map<string, When[]>, key: string) =>
      of.set(key, [...(of.get(key) ?? []), known])
    const asked: readonly Service[] = ['suppression.add', 'suppression.remove']
    if (asked.includes(service)) {
      if (service === 'suppression.remove') note(this.lifted, body.phone)
      else note(this.maybeStopped, body.phone)
      if (answer.type === 'suppressed') note(this.stopped, body.phone)
    }
    if (service === 'lead.disposition' && body.code === 'do_not_contact') {
      for (const key of this.keysNamed(body.award_id ?? body.attempt_id)) {
        note(this.maybeStopped, key)
      }
    }
    if (service !== 'payment.record') return
    const paid = body.account_no ?? this.keysOf(body.campaign_id, body.lead_id).at(-1)
    if (paid !== undefined) note(this.maybeStopped, paid)
    if (answer.type !== 'paid') return
    for (const { campaign_id, lead_id, closed, already } of answer.leads) {
      const campaign = this.#campaigns.get(campaign_id)
      const account = campaign === undefined ? null : accountOf(campaign, lead_id)
      if (closed && already !== true && account !== null) note(this.stopped, account)
    }
  }
}

const VAGUE = new Set(['none', 'unavailable', 'overloaded'])

function whenOf({ invoked, returned, invokedWall }: Op, answer: string): When {
  const until = VAGUE.has(answer) ? Number.POSITIVE_INFINITY : returned
  return { from: invoked, until, wall: invokedWall }
}
