// Roster: agents and their targets as the office last published them. At times a moment late; the
// office itself judges who leads whom and whose targets count.

import type { ContractorId } from '../protocol/ids.ts'
import {
  type Agent,
  agentKey,
  formatDay,
  limitsOf,
  type Tags,
  type Target,
  type TargetsOfMonth,
  targetsKey,
} from '../protocol/workforce.ts'
import type { OfficeBook } from './office-book.ts'

// The office alone writes these keys, in the forms its workforce publishes.

/** Undefined for a contractor nobody put: such a one is not limited. */
export function agentIn(book: Pick<OfficeBook, 'get'>, contractor: ContractorId) {
  return book.get(agentKey(contractor)) as Agent | undefined
}

export function* agentsIn(book: Pick<OfficeBook, 'under'>): Generator<Agent> {
  for (const [, agent] of book.under('agent.')) yield agent as Agent
}

/** What a contractor may be given leads of; undefined where nothing limits it. */
export function tagsIn(book: Pick<OfficeBook, 'get'>, contractor: ContractorId): Tags | undefined {
  return limitsOf(agentIn(book, contractor))
}

/** A day's target, where there is one; `day` in days since 1970. */
export function targetIn(
  book: Pick<OfficeBook, 'get'>,
  contractor: ContractorId,
  day: number,
): Target | undefined {
  const month = book.get(targetsKey(contractor, day)) as TargetsOfMonth | undefined
  return month?.[formatDay(day)]
}
