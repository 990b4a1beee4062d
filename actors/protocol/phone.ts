// Phone: one spelling for each phone number, E.164, so that one person is one keyed hash however the
// number was written (a suppression, a cap and a lead must meet).
//
//   PH1. A number that says its country (`+` or `00`) is taken by its form: 7 to 15 digits, whether or
//        not a numbering plan knows it. Plans change faster than software, and what was taken once
//        must keep its spelling, or its hash would become somebody else's.
//   PH2. A number that does not say it is read by the numbering plan of a country that is given, and
//        refused where the plan does not have it: a guess would suppress or call a stranger.
//   PH3. Nothing is dropped from a number but what only separates digits, and a trunk zero (PH4). An
//        extension is refused.
//   PH4. A zero right after the country code (`+91 098…`, `+91 (0) 98…`) is the trunk prefix of who
//        dials at home, and no part of the number: it is dropped where the plan has the number without
//        it and not with it, and where brackets say so unless the plan has it with it. Italy's stays.
//
// Sources: ITU-T E.164 (at most 15 digits, country code first); numbering plans of the ITU as
// libphonenumber's metadata has them. The largest metadata is used, for the smaller ones take an
// American number without its country code for an Indian one.

import {
  getCountries,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'
import { z } from 'zod'

/** The country of national numbers where none is given, ISO 3166-1 alpha-2. */
export const COUNTRY_STANDARD = 'IN'

/** Longer than any spelling of 15 digits; beyond it nothing is read. */
const LENGTH_MAX = 64
const E164 = /^\+[1-9]\d{6,14}$/
/** What stands between digits: spaces of any kind, brackets, dots, dashes and slashes. */
const SEPARATORS = /[\s().\-/\u2010-\u2015\u2212\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]/g
const NATIONAL = /^\d{3,17}$/
/** A zero where a country code of one to three digits may end; one digit too many, if it goes. */
const MAYBE_TRUNK = /^\+[1-9]\d{0,2}0\d{3,14}$/
/** What stands before the trunk zero in brackets: `+49 (0) 30 …`. */
const BRACKETED = /^([^()]*|[^()]*\([^()]*\)[^()]*)\(\s*0\s*\)/

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
  if (E164.test(raw)) return withoutTrunk(raw, false)
  if (raw.length > LENGTH_MAX) return null
  const digits = digitsOf(raw)
  const phone = digits.startsWith('+') ? withoutTrunk(digits, hasBracketedZero(raw)) : digits
  if (E164.test(phone)) return phone
  return NATIONAL.test(digits) ? readNational(digits, country) : null
}

/** Digits alone, behind a `+` where the number says its country. */
function digitsOf(text: string): string {
  return text.replace(SEPARATORS, '').replace(/^00/, '+')
}

/** The number without the zero after its country code, where that is a trunk prefix (PH4). */
function withoutTrunk(digits: string, bracketed: boolean): string {
  if (!MAYBE_TRUNK.test(digits)) return digits
  const code = callingCodeOf(digits)
  if (code === '' || digits[code.length + 1] !== '0') return digits
  const rest = `+${code}${digits.slice(code.length + 2)}`
  if (!E164.test(rest) || isValid(digits)) return digits
  // Read again it must be the same, so no zero is left that would be dropped then.
  if (bracketed) return withoutTrunk(rest, false)
  return isValid(rest) ? rest : digits
}

/** Whether `(0)` follows right after the country code. */
function hasBracketedZero(raw: string): boolean {
  const before = digitsOf(BRACKETED.exec(raw)?.[1] ?? '').slice(1)
  return before !== '' && CALLING_CODES.has(before)
}

/** No code begins another; empty where the number has none. */
function callingCodeOf(digits: string): string {
  for (let length = 1; length <= 3; length++) {
    const code = digits.slice(1, 1 + length)
    if (CALLING_CODES.has(code)) return code
  }
  return ''
}

const CALLING_CODES: ReadonlySet<string> = new Set(
  getCountries().map((country) => getCountryCallingCode(country)),
)

/** Whether the plan has the number as it is written: it is not read as another one. */
function isValid(e164: string): boolean {
  const number = parsePhoneNumberFromString(e164, { extract: false })
  return number?.isValid() === true && number.number === e164
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
