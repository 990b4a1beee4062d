// Phone zones: the time zones in which a phone may ring, from its number alone.
//
// A number proves its country, and no more. People take mobile numbers along when they move, and in
// North America every number; an area code says where somebody once was. So the zones are all those
// of the country: whom a call would reach too early in one of them, it may reach too early.
//
// A country is what ISO 3166 calls one. Territories with a code of their own (Guam, Réunion, the
// Cocos Islands) are their own country here and not part of another's spread, though they may
// share its calling code: the numbering plans of metadata tell their numbers apart.

import { getTimezonesForCountry } from 'countries-and-timezones'
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import metadata from 'libphonenumber-js/min/metadata'
import { Info } from 'luxon'
import { joinZones } from './calendar.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** Zones whose clocks agree at this step for two years are taken for one. */
const STEP_MS = 30 * DAY_MS

/** Zones of a country, by the year they were looked up for. */
const known = new Map<string, string | null>()

/**
 * The zones of a phone's country, joined as a calendar takes them; null where the number belongs
 * to no country (satellites, international freephone). `phone` is in E.164; of zones that agree
 * around `now` only one is named.
 */
export function phoneZones(phone: string, now: number): string | null {
  const country = countryOf(phone)
  if (country === undefined) return null
  const year = Math.floor(now / YEAR_MS)
  const key = `${country} ${year}`
  let zones = known.get(key)
  if (zones === undefined) {
    zones = distinctZones(country, year * YEAR_MS)
    known.set(key, zones)
  }
  return zones
}

function countryOf(phone: string): CountryCode | undefined {
  const [main, ...others] = countriesOf(phone)
  // Only a code that countries share takes looking at the rest of the number, which costs 7 µs.
  if (main === undefined || others.length === 0) return main
  // Some fit no country's plan: new area codes, made-up numbers. They go with the code's main
  // country, which metadata put first.
  return parsePhoneNumberFromString(phone)?.country ?? main
}

/** The countries of a number's calling code; no code is the beginning of another. */
function countriesOf(phone: string): readonly CountryCode[] {
  for (const digits of [1, 2, 3]) {
    const countries = metadata.country_calling_codes[phone.slice(1, 1 + digits)]
    if (countries !== undefined) return countries
  }
  return []
}

function distinctZones(country: CountryCode, from: number): string | null {
  const names = getTimezonesForCountry(country)?.map(({ name }) => name) ?? []
  const byClock = new Map<string, string>()
  for (const name of names.sort()) {
    const clock = clockOf(name, from)
    if (clock !== undefined && !byClock.has(clock)) byClock.set(clock, name)
  }
  return byClock.size === 0 ? null : joinZones([...byClock.values()])
}

/** What a zone's clocks show beside UTC over two years; undefined for one this system lacks. */
function clockOf(name: string, from: number): string | undefined {
  const zone = Info.normalizeZone(name)
  if (!zone.isValid) return undefined
  const offsets: number[] = []
  for (let at = from; at < from + 2 * YEAR_MS; at += STEP_MS) offsets.push(zone.offset(at))
  return offsets.join()
}
