// Simulated dialling: hours of a floor in virtual time, to see what a pace would drop and how busy it
// would keep the agents. The floor is the one that dials in production; only the clock, the people
// who are called and the agents' own words are made up here.

import { DiallingFloor, type Happened, type Pace } from '../../collections/dialling-floor.ts'
import { newLines } from '../../policy/pacing.ts'
import { emptyRecord } from '../../policy/pacing-record.ts'
import type { ContractorId } from '../../protocol/ids.ts'
import { Agenda } from '../agenda.ts'
import { draw, ring, type Traffic } from './traffic.ts'

/** How often the process that dials looks, ms. */
export const TICK_MS = 250
const HOUR_MS = 3_600_000

/** The ways to dial that are compared. */
export const PACES = {
  law: (counts, { rate, ...calls }) => newLines(counts, rate, calls),
  progressive: ({ idle, ringing }) => Math.max(0, idle - ringing),
  'ratio 1.5': ratio(1.5),
  'ratio 2.0': ratio(2),
} satisfies { readonly [name: string]: Pace }
export type PaceName = keyof typeof PACES

/** So many lines an agent, whatever happens, as long as somebody is idle. */
function ratio(linesAnAgent: number): Pace {
  return ({ agents, idle, ringing, live }) =>
    idle === 0 ? 0 : Math.max(0, Math.floor(agents * linesAnAgent) - ringing - live)
}

export interface DiallingRun {
  pace: PaceName
  agents: number
  hours: number
  seed: number
  traffic: Traffic
  /** Now and then an agent who waits for a call leaves while lines ring, and is back later. */
  leaving?: { everyS: number; forS: number }
}

export interface DiallingResult {
  pace: PaceName
  lines: number
  /** The most at once, ringing and live. */
  lines_max: number
  answered: number
  abandoned: number
  /** Of the answered; null when nobody answered. */
  abandoned_share: number | null
  /** Share of the agents' time at work that they talked or wrote up. */
  utilisation: number
}

export function simulateDialling(run: DiallingRun): DiallingResult {
  return new Run(run).result()
}

interface Person {
  idle: boolean
  at: number
  /** Set while he is gone. */
  gone: boolean
}

class Run {
  readonly #run: DiallingRun
  readonly #floor: DiallingFloor
  readonly #agenda = new Agenda()
  readonly #people = new Map<ContractorId, Person>()
  readonly #talks = new Map<string, number>()
  readonly #end: number
  readonly #sum = { lines: 0, linesMax: 0, answered: 0, abandoned: 0, busyMs: 0, goneMs: 0 }
  #looking = false

  constructor(run: DiallingRun) {
    this.#run = run
    this.#end = run.hours * HOUR_MS
    this.#floor = new DiallingFloor(emptyRecord(), PACES[run.pace])
    for (let id = 1; id <= run.agents; id++) {
      this.#people.set(id as ContractorId, { idle: true, at: 0, gone: false })
    }
  }

  result(): DiallingResult {
    let ended = false
    this.#agenda.plan(this.#end, () => {
      ended = true
    })
    this.#look(0)
    if (this.#run.leaving !== undefined) this.#planLeave(0, 1)
    while (!ended && this.#agenda.step());
    const { lines, linesMax, answered, abandoned, busyMs, goneMs } = this.#sum
    return {
      pace: this.#run.pace,
      lines,
      lines_max: linesMax,
      answered,
      abandoned,
      abandoned_share: answered === 0 ? null : abandoned / answered,
      utilisation: busyMs / (this.#end * this.#run.agents - goneMs),
    }
  }

  /** Has the floor looked at the next tick; between two events it would find what it found. */
  #look(now: number): void {
    if (this.#looking) return
    this.#looking = true
    this.#agenda.plan((Math.floor(now / TICK_MS) + 1) * TICK_MS, (at) => {
      this.#looking = false
      this.#tick(at)
    })
  }

  #tick(now: number): void {
    const seen = [...this.#people].filter(([, { gone }]) => !gone)
    const words = seen.map(([id, { idle, at }]) => ({ id, idle, at }))
    this.#settle(this.#floor.staff(words, now), now)
    this.#settle(this.#floor.tick(now), now)
    for (let wanted = this.#floor.wanted(now); wanted > 0; wanted--) this.#place(now)
    const { ringing, live } = this.#floor.counts()
    this.#sum.linesMax = Math.max(this.#sum.linesMax, ringing + live)
    // A call that waits is given up at a tick.
    if (this.#floor.lines().some(({ state }) => state === 'waiting')) this.#look(now)
  }

  #place(now: number): void {
    const call = String(++this.#sum.lines)
    const { answered, ringMs, talkMs } = ring(this.#run.traffic, this.#run.seed, Number(call), now)
    this.#floor.place(call, now)
    this.#floor.rings(call, now)
    this.#agenda.plan(now + ringMs, (at) => {
      if (answered) {
        this.#sum.answered++
        this.#talks.set(call, talkMs)
        this.#settle(this.#floor.answered(call, at), at)
      } else this.#floor.unanswered(call, 'unanswered', at)
      this.#look(at)
    })
  }

  #settle(happened: readonly Happened[], now: number): void {
    for (const what of happened) {
      const talkMs = this.#talks.get(what.call) ?? 0
      this.#talks.delete(what.call)
      if (what.type === 'connect') this.#talk(what.call, what.agent, now, talkMs)
      else if (what.type === 'abandon') this.#sum.abandoned++
    }
  }

  #talk(call: string, agent: ContractorId, now: number, talkMs: number): void {
    const person = this.#people.get(agent)
    if (person === undefined) return
    person.idle = false
    const wrapped = now + talkMs + this.#run.traffic.wrapS * 1000
    this.#sum.busyMs += Math.min(wrapped, this.#end) - now
    this.#agenda.plan(now + talkMs, (at) => this.#settle(this.#floor.ended(call, at), at))
    this.#agenda.plan(wrapped, (at) => {
      person.idle = true
      person.at = at
      this.#look(at)
    })
  }

  #planLeave(now: number, n: number): void {
    const { everyS, forS } = this.#run.leaving ?? { everyS: 0, forS: 0 }
    const wait = -Math.log(1 - draw(this.#run.seed, n, 'leave')) * everyS * 1000
    this.#agenda.plan(now + wait, (at) => {
      // Who waits for a call: that is when lines ring for him.
      const person = [...this.#people.values()].find(({ idle, gone }) => idle && !gone)
      if (person !== undefined) this.#leave(person, at, forS * 1000)
      this.#planLeave(at, n + 1)
    })
  }

  #leave(person: Person, now: number, ms: number): void {
    person.gone = true
    this.#sum.goneMs += Math.min(now + ms, this.#end) - now
    this.#look(now)
    this.#agenda.plan(now + ms, (at) => {
      person.gone = false
      person.at = at
      this.#look(at)
    })
  }
}
