// Scheduler: virtual time. Everything that happens is an event of one process at one instant.
//
//   SC1. Events run in order of (instant, number); equal seeds give equal orders.
//   SC2. An event and all it awaits that needs no other event are one step: the engine's microtasks
//        and ticks are drained before the next event begins. Whose step it is (`current`) is
//        therefore known to every timer, clock and message of it.
//   SC3. A paused process runs nothing; what was meant for it waits. A dead one never runs again.

export type State = 'up' | 'paused' | 'dead'

/** One incarnation of a process; a restart is another one. */
export class Proc {
  readonly name: string
  state: State = 'up'
  /** How far its clock is ahead, ms. */
  skewMs = 0
  /** Which direction of its link to the server is cut. */
  cut: 'none' | 'in' | 'out' | 'both' = 'none'
  /** Further messages it sends before it dies in the middle of a step; null: it does not. */
  sendsLeft: number | null = null
  /** When its last message to and from the server arrives: a link keeps their order. */
  outAt = 0
  inAt = 0
  /** Events that wait for the end of a pause, in order. */
  readonly held: Event[] = []

  constructor(name: string) {
    this.name = name
  }
}

export interface Event {
  at: number
  n: number
  proc: Proc
  run: () => void
  cancelled: boolean
}

/** Steps at one instant beyond which something waits for itself. */
const STILL_MAX = 100_000

/** Real time and chance, kept before they are replaced. */
export const native = {
  setImmediate: globalThis.setImmediate,
  now: performance.now.bind(performance),
}

export class Scheduler {
  /** Virtual monotonic time, ms. */
  now = 0
  /** Wall time at virtual time 0, ms; leaps of the clock everybody shares move it. */
  wallBase: number
  current: Proc | null = null
  events = 0
  /** What ended a step by throwing. */
  onError: (error: unknown, proc: Proc) => void = () => {}
  readonly #heap: Event[] = []
  #n = 0
  /** Steps since the clock moved. */
  #still = 0

  constructor(wallBase: number) {
    this.wallBase = wallBase
  }

  /** The time of day where clocks are right, ms. */
  get wall(): number {
    return this.wallBase + this.now
  }

  /** Runs `run` as a step of `proc` after `delayMs`. */
  at(delayMs: number, proc: Proc, run: () => void): Event {
    const at = this.now + Math.max(0, delayMs)
    const event = { at, n: this.#n++, proc, run, cancelled: false }
    this.#push(event)
    return event
  }

  /** What was held back during a pause goes on, in its order. */
  resume(proc: Proc): void {
    if (proc.state !== 'paused') return
    proc.state = 'up'
    for (const event of proc.held.splice(0)) {
      event.at = this.now
      event.n = this.#n++
      this.#push(event)
    }
  }

  /** Runs events until `done`, or until virtual time reaches `until`. */
  run(until: number, done: () => boolean = () => false): Promise<void> {
    return new Promise((resolve) => {
      const step = () => {
        this.current = null
        const next = done() ? undefined : this.#next(until)
        if (next === undefined) {
          this.now = Math.max(this.now, done() ? this.now : until)
          return resolve()
        }
        this.#step(next)
        // A real turn of the event loop: microtasks and ticks are drained before it comes (SC2).
        native.setImmediate(step)
      }
      native.setImmediate(step)
    })
  }

  #step(event: Event): void {
    this.events++
    this.current = event.proc
    if (this.#still++ === STILL_MAX) {
      event.proc.state = 'dead'
      this.onError(new Error(`spins: ${STILL_MAX} steps at one instant`), event.proc)
    }
    try {
      event.run()
    } catch (error) {
      this.onError(error, event.proc)
    }
  }

  #next(until: number): Event | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.at > until) return undefined
      this.#pop()
      if (first.cancelled || first.proc.state === 'dead') continue
      if (first.proc.state === 'paused') {
        first.proc.held.push(first)
        continue
      }
      if (first.at > this.now) this.#still = 0
      this.now = Math.max(this.now, first.at)
      return first
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = heap[up] as Event // `up` is below `at`.
      if (isBefore(parent, event)) break
      heap[at] = parent
      at = up
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      const left = heap[down]
      if (left === undefined) break
      const right = heap[down + 1]
      const least = right !== undefined && isBefore(right, left) ? right : left
      if (least === right) down++
      if (isBefore(last, least)) break
      heap[at] = least
      at = down
    }
    heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.n < b.n)
}
