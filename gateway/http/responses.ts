// Responses: a reply of the contract as HTTP says it, and every fault in the one shape
// `{error: {code, message, path?}}`.

import { EngineError, InputError } from '../../actors/protocol/errors.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import { isNoResponders, isTimeout } from '../../actors/runtime/nats.ts'

const STATUS: { readonly [code: string]: number } = {
  INVALID: 400,
  MALFORMED: 400,
  ABORTED: 400,
  FORBIDDEN: 403,
  NOT_TEAM_LEADER: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TIMEOUT: 408,
  ALREADY_DISPOSED: 409,
  REQUEST_CONFLICT: 409,
  CLOSED: 409,
  LEASED: 409,
  CUSTOMER_MISMATCH: 409,
  HIERARCHY_LOOP: 409,
  AGENTS_FULL: 409,
  OVERLAPPING_VALIDITY: 409,
  OFFER_FIXED: 409,
  OFFERS_FULL: 409,
  VERSION_CONFLICT: 409,
  CATALOGUE_FULL: 409,
  QUARANTINED: 409,
  NO_PHONE: 409,
  NOT_DIALLED: 409,
  TOO_LARGE: 413,
  UNSUPPORTED_TYPE: 415,
  XLS_UNSUPPORTED: 415,
  NOT_IMPLEMENTED: 501,
}

export const JSON_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...JSON_HEADERS, ...headers } })
}

export interface Fault {
  code: string
  message: string
  path?: string | undefined
}

/** A fault in the error shape; its status follows from its code, 500 for what is not listed. */
export function faultResponse(fault: Fault, headers: Record<string, string> = {}): Response {
  const { code, message, path } = fault
  const error = path === undefined ? { code, message } : { code, message, path }
  return json({ error }, STATUS[code] ?? 500, headers)
}

/** What was thrown, in the error shape; null for what is no fault of the caller's. */
export function thrownResponse(error: unknown): Response | null {
  if (error instanceof InputError) return faultResponse(error)
  if (error instanceof EngineError && error.code === 'IMPORTS_FULL') {
    return waitResponse({ type: 'overloaded', retry_after_ms: 30_000 }, error.message)
  }
  if (isTimeout(error) || isNoResponders(error)) {
    return waitResponse({ type: 'unavailable', retry_after_ms: 1000 }, 'the log does not answer')
  }
  return null
}

type Wait = Extract<Reply, { type: 'unavailable' | 'overloaded' }>

const WAIT = {
  unavailable: { status: 503, code: 'UNAVAILABLE' },
  overloaded: { status: 429, code: 'OVERLOADED' },
} as const

/** "Not now": the reply itself beside the error, and when to come again in whole seconds. */
export function waitResponse(reply: Wait, message?: string): Response {
  const { status, code } = WAIT[reply.type]
  const error = { code, message: message ?? waitMessage(reply) }
  const seconds = Math.max(1, Math.ceil(reply.retry_after_ms / 1000))
  return json({ error, ...reply }, status, { 'retry-after': String(seconds) })
}

function waitMessage(reply: Wait): string {
  const again = `try again in ${reply.retry_after_ms} ms`
  if (reply.reason === 'log_full') return `the log is nearly full: give it room, then ${again}`
  if (reply.type === 'overloaded') return `too much is asked at once: ${again}`
  const { asked, answered } = reply
  if (asked === undefined || answered === undefined) return `the owner did not answer: ${again}`
  return `${answered} of ${asked} campaigns answered and none had a bid: ${again}`
}

/** A reply of section 3 as section 4 sends it. What is an expected answer there is a 200 here. */
export function replyResponse(reply: Reply | Uint8Array): Response {
  if (reply instanceof Uint8Array) return new Response(reply, { headers: JSON_HEADERS })
  switch (reply.type) {
    case 'error':
      return faultResponse(reply)
    case 'unavailable':
    case 'overloaded':
      return waitResponse(reply)
    case 'ingested':
      return json(reply, reply.rejected.length > 0 ? 207 : 200)
    default:
      return json(reply)
  }
}
