// Phone: one spelling for each phone number, E.164, so that one person is one keyed hash however the
// number was written (a suppression, a cap and a lead must meet).
//
//   PH1. A number that says its country (`+` or `00`) is taken by its form alone: 7 to 15 digits,
//        whether or not a numbering plan knows it. Plans change faster than software, and what was
//        taken once must keep its spelling, or its hash would become somebody else's.
//   PH2. A number that does not say it is read by the numbering plan of a country that is given, and
//        refused where the plan does not have it: a guess would suppress or call a stranger.
//   PH3. Nothing is dropped from a number but what only separates digits. An extension is refused.
//
// Sources: ITU-T E.164 (at most 15 digits, country code first); numbering plans of the ITU as
// libphonenumber's metadata has them. The largest metadata is used, for the smaller ones take an
// American number without its country code for an Indian one.

import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { z } from 'zod'

/** The country of national numbers where none is given, ISO 3166-1 alpha-2. */
export const COUNTRY_STANDARD = 'IN'

/** Longer than any spelling of 15 digits; beyond it nothing is read. */
const LENGTH_MAX = 64
const E164 = /^\+[1-9]\d{6,14}$/
/** What stands between digits: spaces of any kind, brackets, dots, dashes and slashes. */
const SEPARATORS = /[\s().\-/\u2010-\u2015\u2212\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]/g
const NATIONAL = /^\d{3,17}$/

/** Whether there is a numbering plan for the country (ISO 3166-1 alpha-2, upper case). */
export function isCountry(country: string): boolean {
  return isSupportedCountry(country)
}

/**
 * A phone number in E.164 (`+919820012345`); null where it cannot be read. `country` (ISO 3166-1
 * alpha-2) is whose numbering plan reads a number that does not begin with `+` or `00`; a country
 * without a plan reads none.
 */
export function normalisePhone(raw: string, country: string): string | null {
  // Nearly all numbers are clean already, and there are thousands of them a second.
  if (E164.test(raw)) return raw
  if (raw.length > LENGTH_MAX) return null
  const digits = raw.replace(SEPARATORS, '').replace(/^00/, '+')
  if (E164.test(digits)) return digits
  return NATIONAL.test(digits) ? readNational(digits, country) : null
}

/** By the numbering plan: with or without its trunk prefix or country code, or dialled abroad. */
function readNational(digits: string, country: string): string | null {
  if (!isSupportedCountry(country)) return null
  const number = parsePhoneNumberFromString(digits, { defaultCountry: country, extract: false })
  return number?.isValid() === true ? number.number : null
}

/** A field that holds a phone number: any spelling in, E.164 out. One schema a country. */
export function phoneOf(country: string): z.ZodType<string, string> {
  const known = schemas.get(country)
  if (known !== undefined) return known
  const made = phoneSchema(country)
  if (isSupportedCountry(country)) schemas.set(country, made)
  return made
}

/** Bounded by the number of countries that have a plan. */
const schemas = new Map<string, z.ZodType<string, string>>()

function phoneSchema(country: string): z.ZodType<string, string> {
  const message = `must be a phone number in E.164 with its country code, such as "+912212345678", or a national number of ${country} (LEADBID_COUNTRY)`
  return z.string(message).transform((raw, ctx) => {
    const phone = normalisePhone(raw, country)
    if (phone !== null) return phone
    ctx.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}
