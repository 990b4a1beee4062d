// Services: the contract's request-reply subjects as one function, the same behind NATS and HTTP.

import type { Encoding } from '../../actors/protocol/codec.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import type { Service } from '../../actors/protocol/subjects.ts'

/** How long a caller waits when it does not say, ms. */
export const BUDGET_STANDARD_MS = 800

export interface Call {
  service: Service
  /** The decoded body, not yet checked. */
  body: unknown
  /** What is left of the caller's patience, ms. */
  budgetMs: number
  /** How an answer that is bytes shall be encoded. */
  encoding: Encoding
  /** Subject at which the caller waits: an award may be told there by its owner. */
  reply?: string | undefined
}

/** In place of an award: its owner has told the caller already. */
export const TOLD = new Uint8Array()

/**
 * Answers a call inside its budget and never throws: the caller's faults and ours are replies. An
 * award comes as bytes, encoded by its owner, and is passed on untouched; `TOLD` only where
 * the call says where its caller waits.
 */
export type Answer = (call: Call) => Promise<Reply | Uint8Array>
