// Dialling worker: of all workers, the one that dials, under a claim. Two for a moment do no harm to a
// lead (an award is one's alone) and only briefly to pacing: each counts its own lines.

import { DIALLING_BUCKET } from '../../protocol/subjects.ts'
import { type Clock, sleep } from '../../runtime/clock.ts'
import { DialerPort } from '../../runtime/dialer-port.ts'
import type { Log } from '../../runtime/log.ts'
import type { Link } from '../../runtime/nats.ts'
import { OfficeBook } from '../../runtime/office-book.ts'
import { Presence } from '../../runtime/presence.ts'
import { tagsIn } from '../../runtime/roster.ts'
import { type ClaimTimes, claimSole } from '../../runtime/sole-claim.ts'
import { DiallingTurn } from './dialling-turn.ts'
import { LeadServices } from './lead-services.ts'
import { RecordStore } from './record-store.ts'

const PLACE = { bucket: DIALLING_BUCKET, key: 'claim' }
const RETRY_MS = 2000

export interface DiallingWorkerOptions {
  link: Link
  clock: Clock
  log: Log
  claimTimes?: ClaimTimes
}

export class DiallingWorker {
  readonly #options: DiallingWorkerOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: DiallingWorkerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#takeTurns()
  }

  /** Returns once what rings was given up and the claim is given back. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #takeTurns(): Promise<void> {
    const { link, log, claimTimes } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const claim = await claimSole(link, PLACE, signal, claimTimes)
        try {
          await this.#dial(AbortSignal.any([signal, claim.signal]))
        } finally {
          await claim.release()
        }
        if (!signal.aborted) log.warn('dialling interrupted')
      } catch (error) {
        if (!signal.aborted) log.warn({ error: String(error) }, 'dialling interrupted')
      }
      await sleep(RETRY_MS, signal).catch(() => undefined) // stopping: the loop sees it
    }
  }

  async #dial(signal: AbortSignal): Promise<void> {
    const { link, log, clock } = this.#options
    const presence = Presence.follow(link, log)
    const book = OfficeBook.follow(link, log)
    try {
      const turn = new DiallingTurn({
        link,
        clock,
        log,
        leads: new LeadServices(link.nc),
        dialer: new DialerPort(link.nc, log),
        tell: (subject, message) => link.nc.publish(subject, JSON.stringify(message)),
        records: await RecordStore.open(link, log),
        workforce: {
          present: () => presence.current,
          ageOf: (contractor) => presence.ageOf(contractor),
          limits: (contractor) => tagsIn(book, contractor),
        },
      })
      await turn.run(signal)
    } finally {
      await Promise.all([presence.stop(), book.stop()])
    }
  }
}
