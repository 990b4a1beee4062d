// Startup: the steps of a process's start that need NATS, taken as often as it takes.
//
//   ST1. A NATS that is not there yet, or has no quorum, is waited for without end: a supervisor could
//        do no more than start the process again.
//   ST2. What waiting does not mend (wrong credentials, a URL that is none, a server too old, another's
//        stream) ends the start at once.
//   ST3. What is waited for is logged at once, then now and then, and told to whoever asks why the
//        process is not ready.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from './log.ts'
import { isAway } from './nats.ts'

/** Between two tries, ms: from the first to the last, half as much again each time. */
const PAUSE_MS = 200
const PAUSE_MAX_MS = 3000
/** How often it is logged that something is still waited for, ms. */
const SAY_MS = 10_000

export class Startup {
  readonly #log: Log
  #waitsFor = 'starting'

  constructor(log: Log) {
    this.#log = log
  }

  /** Why the process is not ready. */
  get waitsFor(): string {
    return this.#waitsFor
  }

  /** Does one step, again while NATS is away; it must leave nothing behind when it fails. */
  async step<T>(what: string, run: () => Promise<T>): Promise<T> {
    const began = performance.now()
    let said = Number.NEGATIVE_INFINITY
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, PAUSE_MAX_MS)) {
      try {
        const done = await run()
        const waitedMs = Math.round(performance.now() - began)
        if (said > 0) this.#log.info({ step: what, waitedMs }, 'nats is there')
        this.#waitsFor = 'starting'
        return done
      } catch (error) {
        if (!isAway(error)) throw error
        const { message } = error
        this.#waitsFor = `waits for nats: ${what}: ${message}`
        if (performance.now() - said >= SAY_MS) {
          said = performance.now()
          this.#log.warn({ step: what, error: message }, 'nats is away, trying again')
        }
      }
      await sleep(pauseMs)
    }
  }
}
