// Wait: what a lead that nobody holds waits for, and since when; by its columns alone.

import type { Kind } from '../policy/policy.ts'
import { isTerminal, reschedulesOf, stateOf } from './lead-table.ts'
import type { Leads } from './leads.ts'

/** Why a row waits; null where it does not. */
export function kindOf(leads: Leads, row: number): Kind | null {
  const { config, attempts } = leads.columns
  const value = config[row] as number
  if (isTerminal(value) || leads.isBarred(row)) return null
  switch (stateOf(value)) {
    case 'waiting':
      return (attempts[row] as number) === 0 ? 'first' : 'again'
    case 'rescheduled':
      return 'again'
    case 'callback':
      return 'callback'
    case 'stale':
      return 'stale'
    default:
      return null
  }
}

/** When a row's wait began, or a stale lead was last active: -Infinity when that is unknown. */
export function waitsSince(leads: Leads, row: number, kind: Kind): number {
  const { createdAt, dueAt, lastActivity } = leads.columns
  if (kind === 'first') return createdAt[row] as number
  if (kind !== 'stale') return dueAt[row] as number
  const activity = lastActivity[row] as number
  return Number.isNaN(activity) ? Number.NEGATIVE_INFINITY : activity
}

/** Calls and reschedules before, at most 3. */
export function callsMade(leads: Leads, row: number): number {
  const { attempts, config } = leads.columns
  return Math.min(3, Math.max(attempts[row] as number, reschedulesOf(config[row] as number)))
}
