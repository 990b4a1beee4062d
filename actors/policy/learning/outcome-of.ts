// Outcome of: what a disposition in the journal teaches, where it teaches anything.

import { dispositionOf } from '../../protocol/dispositions.ts'
import type { LeadDisposed } from '../../protocol/events.ts'
import type { Outcome } from '../../protocol/model.ts'

/**
 * The outcome a disposition stands for; null where it teaches nothing: the lead's features were not
 * kept with it, it was no call, or its code is of another catalogue. `confirmed`: its award was
 * confirmed before, and was still held. Only then did the contractor's time begin at the recorded
 * attempt; else `attempted_at` is what somebody wrote later, or the instant of the report itself.
 */
export function outcomeOf(
  event: LeadDisposed,
  customer: number,
  confirmed: boolean,
): Outcome | null {
  const { seen, channel, at, attempted_at, late } = event
  const effect = dispositionOf(event.code)?.effect
  if (seen === undefined || channel !== 'call' || effect === undefined) return null
  const handled_ms = confirmed && !late ? Math.max(0, at - attempted_at) : null
  return { customer, at, seen, ...REACHED[effect], handled_ms }
}

type Effect = NonNullable<ReturnType<typeof dispositionOf>>['effect']
type Reached = Pick<Outcome, 'picked_up' | 'converted'>

const MISSED: Reached = { picked_up: false, converted: null }
const DECLINED: Reached = { picked_up: true, converted: false }

const REACHED: { readonly [effect in Effect]: Reached } = {
  miss: MISSED,
  busy: MISSED,
  converted: { picked_up: true, converted: true },
  lost: DECLINED,
  suppressed: DECLINED,
  callback: { picked_up: true, converted: null },
  invalid: { picked_up: null, converted: null },
}
