// Args: a command's flags and arguments, and faults told with their cure.

import { parseArgs } from 'node:util'
import { EngineError } from '../../actors/protocol/errors.ts'
import { parseTime } from '../../actors/protocol/time.ts'

/** The caller's fault; exit code 2. The message names the cure. */
export class UsageError extends EngineError {
  constructor(message: string) {
    super('USAGE', message)
  }
}

type Kind = 'string' | 'boolean'
type Values<F extends { [flag: string]: Kind }> = {
  [K in keyof F]?: F[K] extends 'boolean' ? boolean : string
}

/** Splits arguments into flags and the rest. Throws UsageError for a flag that is not in `flags`. */
export function readArgs<const F extends { [flag: string]: Kind }>(
  args: readonly string[],
  flags: F,
): { flags: Values<F>; rest: string[] } {
  const options = Object.fromEntries(Object.entries(flags).map(([name, type]) => [name, { type }]))
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return { flags: values as Values<F>, rest: positionals }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(faultOf(args, flags, error))
  }
}

function faultOf(
  args: readonly string[],
  flags: { [flag: string]: Kind },
  error: TypeError & { code?: string },
): string {
  if (error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return valueFaultOf(args, error)
  if (error.code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return firstSentence(error.message)
  const given = args.map((arg) => /^--?([^=]+)/.exec(arg)?.[1]).filter((name) => name !== undefined)
  const unknown = given.find((name) => flags[name] === undefined) ?? ''
  const near = nearest(unknown, Object.keys(flags))
  const cure = near === undefined ? '' : `: did you mean --${near}?`
  return `unknown flag --${unknown}${cure}`
}

/** A flag without its value, or with one that begins like a flag, such as a negative number. */
function valueFaultOf(args: readonly string[], error: TypeError): string {
  const flag = /--[a-z][a-z-]*/.exec(error.message)?.[0] ?? ''
  if (error.message.includes('does not take')) return `${flag} takes no value`
  const value = args[args.indexOf(flag) + 1] ?? ''
  if (/^-[\d.]+$/.test(value)) return `${flag} is ${JSON.stringify(value)}: it must not be negative`
  return /^-[^-]/.test(value)
    ? `${flag} needs a value: one that begins with "-" is written ${flag}=${value}`
    : `${flag} needs a value`
}

function firstSentence(message: string): string {
  return message.split(/\.\s|\n/)[0] ?? message
}

/** The candidate that differs in at most two letters, if there is one. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const distances = candidates.map((candidate) => ({ candidate, far: distance(name, candidate) }))
  const [best] = distances.sort((a, b) => a.far - b.far)
  return best !== undefined && best.far <= 2 ? best.candidate : undefined
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** An id of the customer's: a whole number from 1. */
export function idOf(text: string | undefined, what: string): number {
  const value = Number(text)
  if (text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(value) && value >= 1) {
    return value
  }
  throw new UsageError(
    text === undefined
      ? `${what} is missing: a whole number from 1`
      : `${what} is ${JSON.stringify(text)}: it must be a whole number from 1`,
  )
}

/** A flag's number within bounds, undefined when the flag was not given. */
export function numberOf(
  text: string | undefined,
  flag: string,
  { min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number },
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`${flag} is ${JSON.stringify(text)}: it must be a whole number from ${min}`)
}

/** A flag's time as it was given, once it is known to be one. */
export function timeOf(text: string | undefined, flag: string): string | undefined {
  if (text === undefined || parseTime(text) !== null) return text
  throw new UsageError(
    `${flag} is ${JSON.stringify(text)}: it must be a time with an offset, such as 2026-01-05T11:30:00+05:30`,
  )
}

export function required(text: string | undefined, what: string): string {
  if (text !== undefined && text !== '') return text
  throw new UsageError(`${what} is missing`)
}

/** Throws when more arguments were given than the command has use for. */
export function noMore(rest: readonly string[], known: number): void {
  const extra = rest[known]
  if (extra !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`)
}
