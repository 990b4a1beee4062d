// Log room: how full the log and the inbox are, looked at now and then, never per request.
//
//   AR1. From TIGHT on no more leads are taken in, from FULL on nothing new is begun: what is left
//        is for ends of calls and for suppressions. A log that refuses in the middle of a call
//        would lose what was said in it.
//   AR2. What was found full stays so until it is EASED below: purging takes a while, and leads let
//        in at the edge would be refused again at once.
//   AR3. A look that fails changes nothing: the log that does not answer takes nothing anyway.

import { EVENTS, INBOX } from '../protocol/subjects.ts'
import type { Log } from './log.ts'
import type { Link } from './nats.ts'

/** How full the log is: whether leads are taken in, and anything new is begun. */
export type Room = 'ample' | 'tight' | 'full'

const TIGHT = 0.8
const FULL = 0.95
const EASED = 0.02
const EVERY_MS = 2000

export interface LogRoomOptions {
  link: Pick<Link, 'jsm'>
  log: Log
  everyMs?: number
}

export class LogRoom {
  readonly #link: Pick<Link, 'jsm'>
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  #looking = false
  #level: Room = 'ample'
  #stopped = false
  /** Share of its bound each stream has used; null where it has none. */
  fill: { [stream: string]: number | null } = {}

  constructor({ link, log, everyMs = EVERY_MS }: LogRoomOptions) {
    this.#link = link
    this.#log = log
    this.#timer = setInterval(() => void this.look(), everyMs)
    this.#timer.unref()
  }

  readonly level = (): Room => this.#level

  /** Why the log takes less than it should, in words; empty while it does not. */
  reasons(): string[] {
    if (this.#level === 'ample') return []
    const what = this.#level === 'full' ? 'nothing new is begun' : 'no leads are taken in'
    return Object.entries(this.fill)
      .filter(([, fill]) => fill !== null && fill >= TIGHT - EASED)
      .map(([stream, fill]) => `${stream} is ${percent(fill)} full: ${what}`)
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
  }

  /** Looks now. */
  async look(): Promise<void> {
    if (this.#looking || this.#stopped) return
    this.#looking = true
    try {
      const { jsm } = this.#link
      const [account, events, inbox] = await Promise.all([
        jsm.getAccountInfo(),
        jsm.streams.info(EVENTS),
        jsm.streams.info(INBOX),
      ])
      const whole = shareOf(account.storage, account.limits.max_storage)
      const own = ({ state, config }: typeof events) => shareOf(state.bytes, config.max_bytes)
      this.note({ [EVENTS]: fuller(whole, own(events)), [INBOX]: own(inbox) })
    } catch (error) {
      this.#log.debug({ error: String(error) }, 'room of the log not known') // AR3
    } finally {
      this.#looking = false
    }
  }

  /** What a look found. */
  note(fill: { [stream: string]: number | null }): void {
    this.fill = fill
    const level = levelOf(fill, this.#level)
    if (level === this.#level) return
    this.#level = level
    const reasons = this.reasons()
    if (level === 'ample') this.#log.info({ fill }, 'log has room again')
    else this.#log.error({ fill, reasons }, 'log fills up')
  }
}

function levelOf(fill: LogRoom['fill'], before: Room): Room {
  const events = fill[EVENTS] ?? 0
  const most = Math.max(events, fill[INBOX] ?? 0)
  const full = before === 'full' ? FULL - EASED : FULL
  const tight = before === 'ample' ? TIGHT : TIGHT - EASED
  // Awards need no inbox: a full one stops only what goes there.
  if (events >= full) return 'full'
  return most >= tight ? 'tight' : 'ample'
}

/** The share of a bound that is used; null without a bound. */
function shareOf(used: number, bound: number): number | null {
  return bound > 0 ? used / bound : null
}

function fuller(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}

function percent(fill: number | null): string {
  return `${Math.floor((fill ?? 0) * 100)} %`
}
