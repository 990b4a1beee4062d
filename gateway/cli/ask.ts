// Ask: one request of the public contract, and what its answer means for the exit code.

import { headers } from 'nats'
import { decodeBody, encodeBody } from '../../actors/protocol/codec.ts'
import { EngineError } from '../../actors/protocol/errors.ts'
import { BUDGET_HEADER, type Service } from '../../actors/protocol/subjects.ts'
import { isNoResponders, isTimeout } from '../../actors/runtime/nats.ts'
import { type Context, DONE, FAILED } from './command.ts'
import { when } from './words.ts'

/** A person at a terminal waits longer than a contractor's app. */
const BUDGET_MS = 2000
/** For the way there and back, which the budget does not count. */
const TRAVEL_MS = 500

/** An answer of the contract; each command knows the fields of its own. */
export type Reply = { type: string } & { [field: string]: unknown }

const GOOD = new Set([
  'award',
  'no_lead',
  'recorded',
  'campaign',
  'campaigns',
  'lead',
  'suppressed',
  'removed',
  'check',
  'suppressions',
  'allocated',
  'board',
  'buckets',
  'bucket',
  'requeued',
  'offer',
  'offers',
  'prices',
  'activated',
  'catalogue',
  'disposition',
  'unmapped',
  'model',
  'models',
  'agent',
  'agents',
  'target',
  'performance',
  'confirmed',
  'attempt',
  'paid',
])

/** Asks a service and waits for its answer. Throws NO_GATEWAY or NO_ANSWER when there is none. */
export async function ask(context: Context, service: Service, body: object): Promise<Reply> {
  const { nc } = await context.link()
  const budget = headers()
  budget.set(BUDGET_HEADER, String(BUDGET_MS))
  try {
    const options = { timeout: BUDGET_MS + TRAVEL_MS, headers: budget }
    const answer = await nc.request(service, encodeBody('json', body), options)
    return decodeBody(answer.data).body as Reply // The service is ours, and replies are objects.
  } catch (error) {
    if (isNoResponders(error)) {
      throw new EngineError(
        'NO_GATEWAY',
        `nothing answers ${service} at ${nc.getServer()}: start a gateway with npm start or npm run start:gateway`,
      )
    }
    if (isTimeout(error)) {
      throw new EngineError(
        'NO_ANSWER',
        `no answer to ${service} within ${BUDGET_MS + TRAVEL_MS} ms: see leadbid doctor`,
      )
    }
    throw error
  }
}

/**
 * Prints a reply, as JSON or in the words of `print`, and returns the exit code. Without `json` it
 * throws what the engine could not do, in words.
 */
export function show<R extends Reply>(
  context: Context,
  reply: Reply,
  { json, print }: { json: boolean | undefined; print: (reply: R) => string[] },
): number {
  const good = GOOD.has(reply.type)
  if (json === true) context.stdout(JSON.stringify(reply))
  // A command's own reply type is what its service answers.
  else if (good) for (const line of print(reply as R)) context.stdout(line)
  else throw new EngineError('REFUSED', inWords(reply))
  return good ? DONE : FAILED
}

function inWords(reply: Reply): string {
  const later = reply.retry_after_ms === undefined ? '' : ` in ${reply.retry_after_ms} ms`
  switch (reply.type) {
    case 'error':
      return `${reply.message} (${reply.code})`
    case 'unavailable':
      return `not all campaigns answered (${reply.answered ?? 0} of ${reply.asked ?? '?'}): try again${later}, or see leadbid doctor`
    case 'overloaded':
      if (reply.reason === 'log_full')
        return `the log is nearly full: give it room (leadbid doctor)`
      return `the engine has more to do than it can: try again${later}`
    case 'stale_award':
      return `award ${reply.award_id} is over and its lead went on: the outcome is noted on its timeline, and changes nothing`
    case 'refused':
      return `refused: ${reply.reason}${ruleOf(reply)}`
    default:
      return `unexpected answer ${JSON.stringify(reply)}`
  }
}

/** The rule a refusal names, and until when it holds. */
function ruleOf({ rule, until }: Reply): string {
  if (typeof rule !== 'string') return ''
  const end = typeof until === 'string' ? `, until ${when(until, Date.now())}` : ''
  return `, by the rule ${rule}${end}`
}
