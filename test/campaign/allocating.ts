// Allocating: a desk that allocates as its shard does, and what anybody may be offered by a plain
// reading of the rules.

import {
  carryOut,
  type Deal,
  dealOut,
  faultOf,
  type Rejected,
} from '../../actors/campaign/allocation-deal.ts'
import { allocationSchema } from '../../actors/protocol/allocation.ts'
import type { ContractorId, LeadId } from '../../actors/protocol/ids.ts'
import type { ErrorReply } from '../../actors/protocol/replies.ts'
import { parse } from '../../actors/protocol/schema.ts'
import { AROUND_THE_CLOCK, Desk, iso } from './desk.ts'

export interface Done {
  done: Deal[]
  rejected: Rejected[]
  events: number
}

export class AllocatingDesk extends Desk {
  constructor(changes: object = {}) {
    super({ hours: AROUND_THE_CLOCK, mode: 'allocated', ...changes })
  }

  /** Sends new live leads. */
  arrive(...ids: number[]): void {
    for (const id of ids) this.send(id)
  }

  /** Allocates leads to contractors in turn; `deadline` in ms. */
  allocate(
    leads: readonly number[],
    contractors: readonly number[],
    { deadline, list }: { deadline?: number; list?: string } = {},
  ): Done | ErrorReply {
    const request = parse(allocationSchema, {
      campaign_id: 4,
      lead_ids: leads,
      contractor_ids: contractors,
      ...(deadline === undefined ? {} : { deadline: iso(deadline) }),
      ...(list === undefined ? {} : { list }),
    })
    const wrong = faultOf(this.campaign, request, this.now)
    if (wrong !== undefined) return wrong
    const dealt = dealOut(this.campaign, leads as LeadId[], contractors as ContractorId[])
    const terms = {
      ...(deadline === undefined ? {} : { deadline }),
      ...(list === undefined ? {} : { list }),
    }
    const { events, done, rejected } = carryOut(this.campaign, dealt.deals, terms, this.now)
    for (const event of events) this.emit(event)
    return { done, rejected: [...dealt.rejected, ...rejected], events: events.length }
  }

  /** A contractor's leads, in the order in which it is offered them. */
  drain(contractor: number): number[] {
    const order: number[] = []
    for (;;) {
      const award = this.next({ contractor: contractor as ContractorId })
      if (award === undefined) return order
      order.push(award.lead_id)
      this.dispose(award.award_id, 'converted')
    }
  }

  row(id: number): number {
    const row = this.campaign.leads.row(id as LeadId)
    if (row === undefined) throw new Error(`no lead ${id}`)
    return row
  }

  board(contractor: number) {
    return this.campaign.allocations.board(contractor as ContractorId)
  }
}

export const A = 7
export const B = 8
