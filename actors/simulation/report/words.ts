// Words: numbers as a reader of the page wants them, and lists and plurals of English. Spaces within
// a number and its unit do not break.

const NBSP = '\u00a0'
const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400

/** A whole number with thousands apart: `20,000`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}

/**
 * A share of 0 to 1 in per cent. Cut, not rounded: 89.96 % must not read as the 90 % it missed, nor
 * 99.99 % as all of them.
 */
export function percent(share: number, digits = 1): string {
  const unit = 10 ** digits
  const cut = Math.floor(share * 100 * unit + 1e-6) / unit
  if (cut === 0 && share > 0) return `<${NBSP}${(1 / unit).toFixed(digits)}${NBSP}%`
  return `${share === 1 || share === 0 ? share * 100 : cut.toFixed(digits)}${NBSP}%`
}

/** A share somebody asked for: in whole per cent where it is whole. */
export function goal(share: number): string {
  return percent(share, Number.isInteger(Number((share * 100).toFixed(6))) ? 0 : 1)
}

/** How many times something is: three digits, `2.31 ×`. */
export function times(ratio: number): string {
  const digits = ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0
  return `${ratio.toFixed(digits)}${NBSP}×`
}

/** Seconds in the largest unit that leaves two or three digits: `42 s`, `4.2 min`, `26 h`, `3.1 days`. */
export function duration(seconds: number): string {
  const [size, name] =
    seconds < 99.5
      ? [1, 's']
      : seconds < 99.5 * MINUTE_S
        ? [MINUTE_S, 'min']
        : seconds < 2 * DAY_S
          ? [HOUR_S, 'h']
          : [DAY_S, 'days']
  const value = seconds / size
  const digits = size === 1 || value >= 9.95 ? 0 : 1
  return `${value.toFixed(digits)}${NBSP}${name}`
}

/** A Brier score or a calibration error, three digits behind the point. */
export function score(value: number): string {
  return value.toFixed(3)
}

/** `1 contractor`, `24 contractors`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `a, b and c`. */
export function list(items: readonly string[]): string {
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}

/** Its first letter a capital one. */
export function sentence(text: string): string {
  const [first = ''] = text
  return first.toLocaleUpperCase('en') + text.slice(first.length)
}

/** At most `length` characters, the last an ellipsis where some were cut. */
export function shorten(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
