// Instants: milliseconds since 1970 inside, RFC 3339 with milliseconds and `Z` outside.
//
// Written out (days-from-civil, Howard Hinnant 2013) because this room has no `Date`, and because
// `Date.parse` takes a text without an offset as local time, which the contract refuses.

const SHAPE = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/
const DAY_MS = 86_400_000
const ZERO = 0x30
/** The first and the last instant that four digits of a year can write. */
const FIRST_MS = -62_167_219_200_000
const LAST_MS = 253_402_300_799_999

/** Milliseconds of an RFC 3339 time with an offset; null when it is not one. */
export function parseTime(text: string): number | null {
  if (!SHAPE.test(text)) return null
  // Read where they stand: a match makes nine texts of them, and a lead has two times or three.
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null
  if (hour > 23 || minute > 59 || second > 60) return null
  const offset = offsetMinutes(text)
  if (offset === null) return null
  const millis = text[19] === '.' ? fraction(text, 20) : 0
  const days = daysFromCivil(year, month, day)
  const ms = days * DAY_MS + (hour * 3600 + (minute - offset) * 60 + second) * 1000 + millis
  return ms < FIRST_MS || ms > LAST_MS ? null : ms
}

/** Days written out lately: every reply tells a few instants, most of them of the same days. */
const written = new Map<number, string>()
const WRITTEN_MAX = 1024
const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => pad(value, 2))

/** RFC 3339 in UTC with milliseconds and `Z`. */
export function formatTime(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  const rest = ms - days * DAY_MS
  const hours = TWO_DIGITS[Math.floor(rest / 3_600_000)]
  const minutes = TWO_DIGITS[Math.floor(rest / 60_000) % 60]
  const seconds = TWO_DIGITS[Math.floor(rest / 1000) % 60]
  const day = written.get(days) ?? writeDay(days)
  return `${day}T${hours}:${minutes}:${seconds}.${pad(Math.floor(rest % 1000), 3)}Z`
}

function writeDay(days: number): string {
  const { year, month, day } = civilFromDays(days)
  const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  if (written.size >= WRITTEN_MAX) written.clear()
  written.set(days, text)
  return text
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

/** The number that the digits from `start` up to `end` write. */
function digits(text: string, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + text.charCodeAt(at) - ZERO
  return value
}

/** Milliseconds. Cut, not rounded: the last instant of a second must not become the next second. */
function fraction(text: string, start: number): number {
  let millis = 0
  for (let at = start, worth = 100; worth >= 1; at++, worth /= 10) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) break
    millis += digit * worth
  }
  return millis
}

/** Of a text of the right shape; null for one no place has. */
function offsetMinutes(text: string): number | null {
  const { length } = text
  if (text[length - 1] === 'Z' || text[length - 1] === 'z') return 0
  const hours = digits(text, length - 5, length - 3)
  const minutes = digits(text, length - 2, length)
  if (hours > 23 || minutes > 59) return null
  return (text[length - 6] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  const month = shifted + (shifted < 10 ? 3 : -9)
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}
