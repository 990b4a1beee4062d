// Tell: an award to whoever asked for it, from its owner. The gateway, which has passed the request on,
// hears that it was told; a message less lies between the lead and its caller.

import type { WholeResult } from '../protocol/commands.ts'
import type { Link } from '../runtime/nats.ts'

/** Publishes an award at the subject where its caller waits; false where that would be too late (I13). */
export type Tell = (to: string, award: Uint8Array) => boolean

/** Tells until `deadline`, by the clock that is asked. */
export function tellUntil(deadline: number, { nc }: Pick<Link, 'nc'>, now: () => number): Tell {
  return (to, award) => {
    if (now() > deadline) return false
    nc.publish(to, award)
    return true
  }
}

const TOLD = { type: 'told' } as const

/** Tells a durable award, where it is known to whom; what the gateway is to hear of the result. */
export function toldTo<R extends WholeResult>(
  to: string | undefined,
  result: R,
  tell: Tell,
): R | typeof TOLD {
  if (to === undefined || result.type !== 'award') return result
  return tell(to, result.body) ? TOLD : result
}
