// Allocating: a desk that allocates as its shard does, and anything that can happen to what it did.

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
import { fc } from '../support/properties.ts'
import { AROUND_THE_CLOCK, Desk, HOUR_MS, iso, T0 } from './desk.ts'
import { happen, happening } from './happenings.ts'

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
/** 17:00 in India. */
export const FIVE = T0 + 5.5 * HOUR_MS

export const contractor = fc.integer({ min: 1, max: 3 })
const doing = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('happens' as const), what: happening }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('allocate' as const),
      leads: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
      contractors: fc.array(contractor, { maxLength: 3 }),
      list: fc.constantFrom(undefined, 'monday', 'tuesday'),
      ahead: fc.option(fc.integer({ min: 1, max: 30 * HOUR_MS }), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('call' as const), contractor }) },
)
export const doings = fc.array(doing, { minLength: 1, maxLength: 60, size: 'max' })
type Doing = typeof doing extends fc.Arbitrary<infer T> ? T : never

/** A desk on which all of it was done, or refused. */
export function played(all: readonly Doing[]): AllocatingDesk {
  const desk = new AllocatingDesk()
  desk.arrive(1, 2, 3, 4)
  for (const one of all) {
    if (one.type === 'happens') {
      // Settings that are put here know no modes: they would pool the campaign.
      if (one.what.type !== 'put') happen(desk, one.what)
    } else if (one.type === 'allocate') {
      const { leads, contractors, ahead, list } = one
      const isBack = contractors.length === 0
      desk.allocate(leads, contractors, {
        ...(ahead === undefined || isBack ? {} : { deadline: desk.now + ahead }),
        ...(list === undefined || isBack ? {} : { list }),
      })
    } else {
      const award = desk.next({ contractor: one.contractor as ContractorId })
      if (award !== undefined) desk.confirm(award.award_id)
    }
  }
  desk.bid()
  return desk
}
