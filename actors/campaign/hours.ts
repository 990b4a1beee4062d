// Hours: what local clocks say about a lead: when it may first be called, and which day a call is of.

import type { Calendar } from '../policy/calendar.ts'
import type { Campaign } from './campaign.ts'

/**
 * The first instant of calling hours from `wanted` on, and whether that is later. Where there is
 * none, as for zones whose hours never meet, the lead is due when it would be: it is then the hours
 * that keep it back, and a change of its zone or of the campaign's hours that frees it.
 */
export function legalFrom(calendar: Calendar, wanted: number): { at: number; deferred: boolean } {
  const at = calendar.nextOpen(wanted)
  return Number.isFinite(at) ? { at, deferred: at > wanted } : { at: wanted, deferred: false }
}

/** For the event of a call at `at`: of a live lead's first one the campaign's local day. */
export function firstCall(campaign: Campaign, row: number, at: number): { sla_day?: number } {
  return campaign.awaitsFirstCall(row) ? { sla_day: slaDayOf(campaign, at) } : {}
}

/** The day an instant is of for the campaign's promise: a customer's day, whatever the leads' are. */
export function slaDayOf(campaign: Campaign, at: number): number {
  return campaign.queue.calendar(campaign.settings.timezone).dayOf(at)
}
