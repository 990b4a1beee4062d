// Schema: the pieces every contract schema is made of, and faults told as path, reason and cure.

import { z } from 'zod'
import { InputError } from './errors.ts'
import { parseTime } from './time.ts'

/** A customer's number for something: a positive integer JavaScript holds exactly. */
export const id = z.int('must be an integer').min(1, 'must be 1 or more')

/** A number of a range; zod says the one sentence for whatever is wrong with it. */
export const number = (min: number, max: number) =>
  z.number(`must be a number from ${min} to ${max}`).min(min).max(max)

export const integer = (min: number, max: number) =>
  z.int(`must be an integer from ${min} to ${max}`).min(min).max(max)

/** A hundred billion of the major unit: sums of what anybody owes stay exact integers. */
const AMOUNT_MAX = 1e13

/** Money in its minor unit. */
export const amount = z
  .int('must be an integer of the minor unit, such as paise')
  .min(-AMOUNT_MAX, 'must be at least -10^13')
  .max(AMOUNT_MAX, 'must be at most 10^13')

/** RFC 3339 with an offset in, milliseconds out. */
export const time = z
  .string('must be an RFC 3339 time such as "2026-01-05T06:00:00Z"')
  .transform((text, ctx) => {
    const ms = parseTime(text)
    if (ms !== null) return ms
    ctx.addIssue({
      code: 'custom',
      message: 'must be an RFC 3339 time with an offset, such as "2026-01-05T06:00:00Z"',
    })
    return z.NEVER
  })

/** A text of 1 to `max` characters. */
export const text = (max: number) =>
  z
    .string('must be a text')
    .min(1, 'must not be empty')
    .max(max, `must be at most ${max} characters`)

export const opaqueId = z
  .string('must be a text')
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 - _')

/** Values by names of at most `max` characters, for names the sender makes up. */
export const byName = <T extends z.ZodType>(max: number, values: T) => {
  const name = z.string().min(1).max(max)
  const said = `must be a map with names of 1 to ${max} characters`
  // zod leaves a `__proto__` out without a word: whoever sent it would think it is kept.
  return z.preprocess(refuseProto, z.record(name, values, said))
}

function refuseProto(map: unknown, ctx: z.core.$RefinementCtx): unknown {
  if (typeof map === 'object' && map !== null && Object.hasOwn(map, '__proto__')) {
    ctx.addIssue({
      code: 'custom',
      path: ['__proto__'],
      message: 'cannot be a name: choose another',
    })
  }
  return map
}

/** An IANA zone; whether it exists is asked of the engine's own zone data. */
export const zone = z
  .string('must be an IANA time zone such as "Asia/Kolkata"')
  .refine(isZone, 'must be an IANA time zone such as "Asia/Kolkata"')

const zones = new Map<string, boolean>()

function isZone(name: string): boolean {
  const known = zones.get(name)
  if (known !== undefined) return known
  let valid = true
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    valid = false // RangeError is how Intl says "no such zone"; there is no question form of it.
  }
  if (zones.size < 1000) zones.set(name, valid)
  return valid
}

/** What is wrong with an input: where (JSON Pointer), and why in words that name the cure. */
export interface Fault {
  path: string
  reason: string
}

/** Parses `value` or returns its first fault; `at` prefixes the pointer. */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  at = '',
): { ok: true; value: T } | { ok: false; fault: Fault } {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return { ok: true, value: result.data }
  const issue = result.error.issues[0]
  const steps = issue?.path.map(String) ?? []
  if (issue?.code === 'unrecognized_keys' && issue.keys[0] !== undefined) steps.push(issue.keys[0])
  const missing = steps.length > 0 && issue !== undefined && isMissing(issue)
  const reason = `${missing ? 'required: ' : ''}${reasonOf(issue)}`
  return { ok: false, fault: { path: at + pointer(steps), reason } }
}

/** Parses `value` or throws an InputError with the field's pointer. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, at = ''): T {
  const result = check(schema, value, at)
  if (result.ok) return result.value
  const { path, reason } = result.fault
  throw new InputError('INVALID', `${path === '' ? 'body' : path}: ${reason}`, path)
}

/** Whether a field is not there at all, and only that is wrong with it. */
function isMissing({ code, input }: z.core.$ZodIssue): boolean {
  return input === undefined && (code === 'invalid_type' || code === 'invalid_value')
}

function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'is not valid'
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown field: remove it or check its spelling`
    case 'invalid_value':
      return issue.values.length > 1 || issue.message.startsWith('Invalid')
        ? `must be one of ${issue.values.map((value) => String(value)).join(', ')}`
        : issue.message
    case 'invalid_type':
      return issue.message.startsWith('Invalid')
        ? `must be ${article(issue.expected)}`
        : issue.message
    default:
      return issue.message
  }
}

function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
}

/** JSON Pointer (RFC 6901) of the steps; `''` for the whole. */
export function pointer(steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
