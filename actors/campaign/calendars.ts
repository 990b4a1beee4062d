// Calendars: a campaign's calling hours, one calendar for each time zone its leads go by.

import { Calendar } from '../policy/calendar.ts'
import type { Settings } from '../protocol/settings.ts'

export class Calendars {
  #settings: Settings
  readonly #byZone = new Map<string, Calendar>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** From now on other hours hold; calendars given out before keep theirs. */
  configure(settings: Settings): void {
    this.#settings = settings
    this.#byZone.clear()
  }

  /** Of a zone (IANA name, or several as a lead has them); of the campaign's own where it is null. */
  of(zone: string | null): Calendar {
    const name = zone ?? this.#settings.timezone
    let calendar = this.#byZone.get(name)
    if (calendar === undefined) {
      calendar = new Calendar(this.#settings.hours, name)
      this.#byZone.set(name, calendar)
    }
    return calendar
  }

  /** Those nobody may be called by at `now`. */
  shutAt(now: number): Set<Calendar> {
    const shut = new Set<Calendar>()
    for (const calendar of this.#byZone.values()) if (!calendar.isOpen(now)) shut.add(calendar)
    return shut
  }

  /** When the next of them opens or shuts, ms since 1970; Infinity when none does. */
  changeAt(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const calendar of this.#byZone.values()) {
      next = Math.min(next, calendar.isOpen(now) ? calendar.closesAt(now) : calendar.nextOpen(now))
    }
    return next
  }
}
