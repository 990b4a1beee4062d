// Outcome of: what a disposition in the journal teaches, where it teaches anything.

import { type Standard, standardIn } from '../../protocol/dispositions.ts'
import { assertNever } from '../../protocol/errors.ts'
import type { LeadDisposed } from '../../protocol/events.ts'
import type { Outcome } from '../../protocol/model.ts'

/**
 * The outcome a disposition stands for; null where it teaches nothing: the lead's features were not
 * kept with it, it was no call, or its standard says neither who was reached nor what they said.
 * `confirmed`: its award was confirmed before, and was still held. Only then did the contractor's
 * time begin at the recorded attempt; else `attempted_at` is what somebody wrote later, or the
 * instant of the report itself.
 */
export function outcomeOf(
  event: LeadDisposed,
  customer: number,
  confirmed: boolean,
): Outcome | null {
  const { seen, channel, at, attempted_at, late } = event
  if (seen === undefined || channel !== 'call') return null
  const reached = reachedBy(standardIn(event))
  if (reached === null) return null
  const handled_ms = confirmed && !late ? Math.max(0, at - attempted_at) : null
  return { customer, at, seen, ...reached, handled_ms }
}

type Reached = Pick<Outcome, 'picked_up' | 'converted'>

/** Picked up is who was spoken to; converted is left open where the last word is not said yet. */
function reachedBy({ effect, human, rpc }: Standard): Reached | null {
  switch (effect) {
    case 'converted':
      return { picked_up: true, converted: true }
    case 'lost':
    case 'suppressed':
      // Who answered in somebody's place has not declined for them.
      return { picked_up: human, converted: rpc ? false : null }
    case 'miss':
    case 'busy':
      return { picked_up: human, converted: null }
    case 'callback':
    case 'later':
    case 'promise':
    case 'hold':
      // Of an outcome nobody was spoken to about, a broken promise, a call was not the cause.
      return human ? { picked_up: true, converted: null } : null
    case 'invalid':
      return { picked_up: null, converted: null }
    case 'again':
    case 'none':
      return null
    default:
      return assertNever(effect)
  }
}
