// Admission: what a gateway takes on, decided before any work is done for it.
//
//   AD1. A refusal costs next to nothing: no actor hears of it, and over NATS not even its body is
//        read. Nothing that was refused waits.
//   AD2. What comes first to mind is shed last. Lists and leads on their way in give way to requests
//        for a lead, and those to the ends of calls that have happened (admission-rank.ts). What
//        gives way is not shut out: a few of each are always let in.
//   AD3. Requests for a lead are bounded by time: by a limit learnt from how long they take
//        (admission-limit.ts), and by their own budget, which must be worth a try.
//   AD4. A log that fills up first takes no more leads, then begins nothing new; the last of it is
//        kept for ends of calls and for suppressions (runtime/log-room.ts).
//   AD5. Every refusal says when to come again, drawn by chance, so that those who were refused
//        together do not come again together; the later, the more were refused.

import type { Overloaded, Unavailable } from '../../actors/protocol/replies.ts'
import type { Service } from '../../actors/protocol/subjects.ts'
import type { Room } from '../../actors/runtime/log-room.ts'
import { AdmissionLimit } from './admission-limit.ts'
import { PLACES, type Rank } from './admission-rank.ts'

/** In hand at once: of ends of calls, of other services, of what gives way, of ingest among that. */
const ENDS_MAX = 4096
const OTHERS_MAX = 1024
const REST_MAX = 512
const INGESTS_MAX = 64
/** What is left to those that give way while requests for a lead are refused (AD2). */
const REST_PRESSED = 4
const INGESTS_PRESSED = 2
/** How long after a refusal others still give way. */
const PRESSED_MS = 500
/** They do as well when requests for a lead, if there are any, wait this long to be read. */
const DELAY_PRESSED_MS = 100

/** So many are tried whatever is thought of their chances: only they can tell that it is wrong. */
const PROBES = 8

const RETRY_MS = 200
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5000
/** What gives way comes again later. */
const RETRY_REST_MS = 1000
const RETRY_ROOM_MS = 30_000
/** Over what time refusals are counted for AD5. */
const COUNTED_MS = 1000

/** Why a request was refused, or dropped. */
export type Shed =
  /** More in hand than there may ever be. */
  | 'full'
  /** The queue stands: others are served first. */
  | 'queue'
  /** The caller waits less long than it takes. */
  | 'budget'
  /** It gave way. */
  | 'rank'
  /** The log fills up. */
  | 'room'
  /** Its time was over before its turn came. */
  | 'expired'

/** What holds a connection for long: a file on its way in, a reader of the log. */
export type Bulk = 'import' | 'export'

export type Refusal = Overloaded | Unavailable

export interface AdmissionOptions {
  now?: () => number
  random?: () => number
  /** How long messages wait before they are read, ms (admission-delay.ts). */
  delayMs?: () => number
  room?: () => Room
  onShed?: (what: Service | Bulk, why: Shed) => void
}

export class Admission {
  readonly #now: () => number
  readonly #random: () => number
  readonly #room: () => Room
  readonly #onShed: (what: Service | Bulk, why: Shed) => void
  readonly #limit: AdmissionLimit
  readonly #inHand: { [rank in Rank]: number } = { end: 0, next: 0, rest: 0 }
  #asking = 0
  #ingests = 0
  #pressedAt = Number.NEGATIVE_INFINITY
  readonly #counted = { since: 0, came: 0, refused: 0, share: 1 }
  /** How long messages wait before they are read, ms. */
  readonly delayMs: () => number

  constructor(options: AdmissionOptions = {}) {
    const { now = () => performance.now(), random = Math.random } = options
    this.#now = now
    this.#random = random
    this.delayMs = options.delayMs ?? (() => 0)
    this.#room = options.room ?? (() => 'ample')
    this.#onShed = options.onShed ?? (() => {})
    this.#limit = new AdmissionLimit(now)
    this.#counted.since = now()
  }

  /** How long a request for a lead takes now, ms; 0 where nothing is known. */
  get serviceMs(): number {
    return this.#limit.serviceMs
  }

  /** What a request that was let in must have left to be tried, ms. */
  get neededMs(): number {
    return this.#asking <= PROBES ? 0 : this.serviceMs
  }

  /** Requests for a lead that may be in hand, and that are. */
  get limit(): number {
    return this.#limit.value
  }
  get asking(): number {
    return this.#asking
  }

  /** Whether what gives way has to. */
  get pressed(): boolean {
    return this.#now() - this.#pressedAt < PRESSED_MS
  }

  /** The answer to a request that is not let in; null where it is. */
  refusal(service: Service, budgetMs: number): Refusal | null {
    const why = this.#why(service, budgetMs)
    if (service === 'lead.next') this.#count(why !== null)
    return why === null ? null : this.refuse(service, why)
  }

  /** The same before its body is read, and its budget known; null where that has to be read. */
  early(service: Service): Refusal | null {
    const why = this.#why(service, Number.POSITIVE_INFINITY)
    if (why === null) return null
    if (service === 'lead.next') this.#count(true)
    return this.refuse(service, why)
  }

  /** The answer to a request that was let in and then dropped, or that was not let in. */
  refuse(service: Service, why: Shed): Refusal {
    this.#onShed(service, why)
    const retry_after_ms = this.#retryMs(PLACES[service].rank, why)
    if (why !== 'room') return { type: 'overloaded', retry_after_ms }
    // An award that is refused for want of room was not refused for too much being asked.
    const type = PLACES[service].writing === 'grows' ? 'overloaded' : 'unavailable'
    return { type, retry_after_ms, reason: 'log_full' }
  }

  /** The answer to who wants to begin what takes long; null where it may. */
  bulkRefusal(what: Bulk): Refusal | null {
    const why = what === 'import' && this.#room() !== 'ample' ? 'room' : 'rank'
    if (why === 'rank' && !this.pressed) return null
    this.#onShed(what, why)
    const retry_after_ms = this.#retryMs('rest', why)
    return { type: 'overloaded', retry_after_ms, ...(why === 'room' ? { reason: 'log_full' } : {}) }
  }

  /** A request is let in; call what comes back once, when it was answered. */
  enter(service: Service): () => void {
    const { rank } = PLACES[service]
    this.#inHand[rank]++
    if (service === 'lead.next') this.#asking++
    else if (service === 'lead.ingest') this.#ingests++
    return () => {
      this.#inHand[rank]--
      if (service === 'lead.next') this.#asking--
      else if (service === 'lead.ingest') this.#ingests--
    }
  }

  /** A request for a lead was answered after so long, by all it asked, by some or by nobody. */
  went(tookMs: number, by: 'all' | 'some' | 'nobody'): void {
    this.#limit.went(tookMs, by)
  }

  #why(service: Service, budgetMs: number): Shed | null {
    const { rank, writing } = PLACES[service]
    const room = this.#room()
    if (room !== 'ample' && writing === 'grows') return 'room'
    if (room === 'full' && writing === 'begins') return 'room'
    if (rank === 'end') return this.#inHand.end >= ENDS_MAX ? 'full' : null
    if (rank === 'rest') return this.#whyRest(service)
    if (service !== 'lead.next') {
      return this.#inHand.next - this.#asking >= OTHERS_MAX ? 'full' : null
    }
    const delayMs = this.delayMs()
    this.#limit.came(this.#asking, delayMs)
    const isFull = this.#asking >= this.#limit.value
    if (isFull || delayMs > DELAY_PRESSED_MS) this.#pressedAt = this.#now()
    if (isFull) {
      this.#limit.meet()
      return 'queue'
    }
    return this.#limit.serviceMs >= budgetMs && this.#asking >= PROBES ? 'budget' : null
  }

  #whyRest(service: Service): Shed | null {
    const isIngest = service === 'lead.ingest'
    const { pressed } = this
    const ingestsMost = pressed ? INGESTS_PRESSED : INGESTS_MAX
    const restMost = pressed ? REST_PRESSED : REST_MAX
    const others = this.#inHand.rest - this.#ingests
    if (isIngest ? this.#ingests < ingestsMost : others < restMost) return null
    return pressed ? 'rank' : 'full'
  }

  #count(refused: boolean): void {
    const counted = this.#counted
    const now = this.#now()
    if (now - counted.since >= COUNTED_MS) {
      const served = counted.came - counted.refused
      counted.share = counted.came === 0 ? 1 : Math.max(served, 1) / counted.came
      counted.since = now
      counted.came = 0
      counted.refused = 0
    }
    counted.came++
    if (refused) counted.refused++
  }

  #retryMs(rank: Rank, why: Shed): number {
    const base = why === 'room' ? RETRY_ROOM_MS : rank === 'rest' ? RETRY_REST_MS : RETRY_MS
    const mean = why === 'queue' || why === 'rank' ? base / this.#counted.share : base
    const most = Math.max(base, RETRY_MAX_MS)
    const drawn = Math.min(most, mean) * (0.5 + this.#random())
    return Math.max(RETRY_MIN_MS, Math.round(drawn))
  }
}
