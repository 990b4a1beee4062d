// Pacing: how many lines to ring for the agents who are idle now.
//
//   PA1. No agent idle: no new line. Otherwise at least one line an idle agent, the ceiling permitting.
//   PA2. Lines, ringing and live together, never exceed the ceiling of 2 an agent.
//   PA3. A line that rings counts with the whole chance of an answer, however long it has rung, and an
//        agent who is about to be free counts for nothing: both err towards fewer lines.
//
// A fixed number of lines an agent drops calls by the dozen as soon as more people answer; so the
// ceiling of 2 an agent ("15 to 20 lines for 10 agents") is a ceiling, and the law says the rate.

/** Lines an agent at most, ringing and live together. */
export const CEILING_PER_AGENT = 2
/**
 * The most of the answered calls that may find no agent, over 30 days (16 CFR 310.4(b)(4)(i), the
 * abandoned-call rule of telemarketing; the figure dialers ship with as their default).
 */
export const ABANDONED_MAX = 0.03
/** Below this many answered calls the share is taken of this many: one of three is no 33 %. */
const ANSWERED_MIN = 100
/** An estimate beyond these is not believed: nobody's list answers always, or never. */
const RATE_MIN = 0.01
const RATE_MAX = 0.99

/** What the law looks at, of one campaign's floor. */
export interface FloorCounts {
  /** Agents tagged to the campaign and at work, whatever they do. */
  agents: number
  /** Those of them who wait for a call. */
  idle: number
  /** Lines that may still be answered: being placed or ringing. */
  ringing: number
  /** Lines with a person on them: talking, or waiting for an agent. */
  live: number
}

/** The most lines for so many agents. */
export function ceilingOf(agents: number): number {
  return Math.floor(CEILING_PER_AGENT * Math.max(0, agents))
}

/**
 * The share of answered calls a round may drop, by the share that was dropped: the whole limit up to
 * half of it, then falling to nothing at the limit, where dialling is progressive (a line an idle
 * agent) and drops nobody.
 */
export function budgetAt(abandonedShare: number): number {
  const left = (ABANDONED_MAX - abandonedShare) / (ABANDONED_MAX / 2)
  return ABANDONED_MAX * Math.min(1, Math.max(0, left))
}

/** Abandoned of answered, as `budgetAt` takes it. */
export function abandonedShare({ answered, abandoned }: Calls): number {
  return abandoned / Math.max(answered, ANSWERED_MIN)
}

/** Calls a person answered, and those of them nobody took. */
export interface Calls {
  answered: number
  abandoned: number
}

/**
 * Lines to have ringing for `idle` agents: the largest k, at least `idle` and at most `most`, with
 *
 *   E[(Bin(k, p) − idle)⁺] / (k·p) ≤ budget
 *
 * the expected share of the answered that finds all agents taken, when each of k lines is answered
 * with chance p on its own. E[(Bin(k+1, p) − i)⁺] = E[(Bin(k, p) − i)⁺] + p · P(Bin(k, p) ≥ i), and the
 * share grows with k, so the first k that breaks the budget ends the search: O(k · idle). The problem
 * is that of Samuelson, "Predictive dialing for outbound telephone call centers", Interfaces 29(5), 1999.
 */
export function linesFor(
  idle: number,
  { rate, budget, most }: { rate: number; budget: number; most: number },
): number {
  if (idle <= 0) return 0
  const p = Math.min(RATE_MAX, Math.max(RATE_MIN, rate))
  // chances[n]: that n of the lines so far are answered, n < idle; `full`: that idle or more are.
  const chances = new Float64Array(idle)
  chances[0] = 1
  let full = 0
  let overflow = 0
  let lines = 0
  for (;;) {
    // One line more adds a dropped call where the others have taken every agent already.
    const next = overflow + p * full
    const kept = lines + 1 <= idle || next <= budget * (lines + 1) * p
    if (!kept || lines + 1 > most) return lines
    overflow = next
    lines++
    full += addLine(chances, p)
  }
}

/** Adds a line to the distribution of the answered; returns the chance that leaves it at the top. */
function addLine(chances: Float64Array, p: number): number {
  const top = chances.length - 1
  const out = (chances[top] as number) * p // In range: the list has an entry for each idle agent.
  for (let n = top; n >= 0; n--) {
    const below = n === 0 ? 0 : (chances[n - 1] as number) // In range, as above.
    chances[n] = (chances[n] as number) * (1 - p) + below * p
  }
  return out
}

/** How many lines to place now (PA1–PA3). `rate`: the chance of an answer; `calls`: of 30 days. */
export function newLines(floor: FloorCounts, rate: number, calls: Calls): number {
  const ceiling = ceilingOf(floor.agents)
  const idle = Math.min(floor.idle, floor.agents)
  const budget = budgetAt(abandonedShare(calls))
  const room = ceiling - floor.ringing - floor.live
  const wanted = linesFor(idle, { rate, budget, most: ceiling }) - floor.ringing
  return Math.max(0, Math.min(wanted, room))
}
