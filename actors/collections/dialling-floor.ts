// Dialling floor: the lines and agents of one campaign that is dialled, and who gets which call.
//
//   DF1. An agent has at most one call, a line at most one agent.
//   DF2. An answered call goes to the agent who has been idle longest; with nobody idle it waits
//        WAIT_MAX_MS for the first who comes free, then it is abandoned.
//   DF3. Lines are placed by the law of pacing alone, for the agents there are now. Fewer agents lower
//        the ceiling at once and end nothing: live calls go on, and what rings goes on ringing (one
//        must let it ring for 15 s, 16 CFR 310.4(b)(4)(ii)).
//   DF4. An agent who leaves while talking keeps the call and counts for no new line.
//   DF5. After a call an agent is idle again only when he says so himself, after its end. Who was busy
//        with a call and says idle has ended it, whatever the dialer told.
//   DF6. Every line ends: one that is silent for longer than its state may last is told as overdue.
//
// Pure, and not journalled: what became of a lead stands in the journal, who stood where does not.

import { newLines } from '../policy/pacing.ts'
import {
  answerRate,
  callsOf,
  noteAbandoned,
  noteAnswer,
  type PacingRecord,
} from '../policy/pacing-record.ts'
import type { ContractorId } from '../protocol/ids.ts'
import { FloorAgents, type Seen } from './floor-agents.ts'

/** A caller who hears nobody for this long was abandoned (16 CFR 310.4(b)(4)(iii)), ms. */
export const WAIT_MAX_MS = 2000
/** How long a line may stand in a state without a word from the dialer, ms. */
const SILENCE_MAX_MS = { placing: 15_000, ringing: 90_000, waiting: 60_000, talking: 2 * 3_600_000 }

export type LineState = 'placing' | 'ringing' | 'waiting' | 'talking'

export interface Line {
  readonly call: string
  state: LineState
  /** When it came into its state. */
  since: number
  agent: ContractorId | null
}

/** What has to be done about a line. */
export type Happened =
  | { type: 'connect'; call: string; agent: ContractorId }
  | { type: 'abandon'; call: string }
  /** It must be over, though nobody told: it is no line any more. */
  | { type: 'overdue'; call: string; state: LineState }

/** How a line ended that nobody answered, or that could not be placed. */
export type Unanswered = 'unanswered' | 'not_placed'

/** How many lines to place now; the law, or what it is compared with. */
export type Pace = (
  counts: { agents: number; idle: number; ringing: number; live: number },
  record: { rate: number; answered: number; abandoned: number },
) => number

const byLaw: Pace = (counts, { rate, ...calls }) => newLines(counts, rate, calls)

export class DiallingFloor {
  readonly record: PacingRecord
  readonly #pace: Pace
  readonly #agents = new FloorAgents()
  /** In the order they were placed; as many as the ceiling ever allowed. */
  readonly #lines = new Map<string, Line>()

  constructor(record: PacingRecord, pace: Pace = byLaw) {
    this.record = record
    this.#pace = pace
  }

  /** Who is tagged and at work now, by their own last word. */
  staff(seen: readonly Seen[], now: number): Happened[] {
    const done = new Set(this.#agents.staff(seen))
    const happened: Happened[] = []
    for (const { call, agent, state } of [...this.#lines.values()]) {
      if (agent === null || !done.has(agent)) continue
      this.#lines.delete(call)
      happened.push({ type: 'overdue', call, state })
    }
    return [...happened, ...this.#serveWaiting(now)]
  }

  /** Lines to place now. */
  wanted(now: number): number {
    const rate = answerRate(this.record)
    return this.#pace(this.counts(), { rate, ...callsOf(this.record, now) })
  }

  /** A line that is being placed; it counts from here on. */
  place(call: string, now: number): void {
    this.#lines.set(call, { call, state: 'placing', since: now, agent: null })
  }

  /** It was placed under another name: the call's own, once it has one. */
  rename(from: string, to: string): void {
    const line = this.#lines.get(from)
    if (line === undefined) return
    this.#lines.delete(from)
    this.#lines.set(to, { ...line, call: to })
  }

  rings(call: string, now: number): void {
    const line = this.#lines.get(call)
    if (line?.state === 'placing') enter(line, 'ringing', now)
  }

  /** A person is on the line. */
  answered(call: string, now: number): Happened[] {
    const line = this.#lines.get(call)
    if (line === undefined || line.state === 'waiting' || line.state === 'talking') return []
    noteAnswer(this.record, true, now)
    enter(line, 'waiting', now)
    return this.#serveWaiting(now)
  }

  /** Nobody answered, or (`not_placed`) it never rang, which says nothing of who answers. */
  unanswered(call: string, how: Unanswered, now: number): void {
    if (this.#lines.delete(call) && how === 'unanswered') noteAnswer(this.record, false, now)
  }

  /** The call is over. A caller who hung up while waiting was abandoned as well. */
  ended(call: string, now: number): Happened[] {
    const line = this.#lines.get(call)
    if (line === undefined) return []
    if (line.state === 'waiting') return [this.#abandon(line, now)]
    if (line.state === 'talking') this.#lines.delete(call)
    else this.unanswered(call, 'unanswered', now)
    if (line.agent !== null) this.#agents.freed(line.agent, now)
    return []
  }

  /** Ends what has waited or been silent for too long. */
  tick(now: number): Happened[] {
    const happened: Happened[] = []
    for (const line of [...this.#lines.values()]) {
      const { call, state, since } = line
      if (state === 'waiting' && now - since >= WAIT_MAX_MS) {
        happened.push(this.#abandon(line, now))
      } else if (now - since >= SILENCE_MAX_MS[state]) {
        happened.push({ type: 'overdue', call, state })
        if (state === 'ringing') this.unanswered(call, 'unanswered', now)
        this.#lines.delete(call)
        if (line.agent !== null) this.#agents.freed(line.agent, now)
      }
    }
    return happened
  }

  counts(): { agents: number; idle: number; ringing: number; live: number } {
    let ringing = 0
    for (const { state } of this.#lines.values()) {
      if (state === 'placing' || state === 'ringing') ringing++
    }
    const { agents, idle } = this.#agents
    return { agents, idle, ringing, live: this.#lines.size - ringing }
  }

  lines(): readonly Readonly<Line>[] {
    return [...this.#lines.values()]
  }

  line(call: string): Readonly<Line> | undefined {
    return this.#lines.get(call)
  }

  #serveWaiting(now: number): Happened[] {
    const happened: Happened[] = []
    for (const line of this.#lines.values()) {
      if (line.state !== 'waiting') continue
      const agent = this.#agents.take(now)
      if (agent === null) break
      line.agent = agent
      enter(line, 'talking', now)
      happened.push({ type: 'connect', call: line.call, agent })
    }
    return happened
  }

  #abandon(line: Line, now: number): Happened {
    noteAbandoned(this.record, now)
    this.#lines.delete(line.call)
    return { type: 'abandon', call: line.call }
  }
}

function enter(line: Line, state: LineState, now: number): void {
  line.state = state
  line.since = now
}
