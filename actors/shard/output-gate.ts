// Output gate: events join the open record at once, replies wait behind it until it is durable.
//
//   G1. One append is in flight; what is decided meanwhile is the next record (group commit). The
//       busier the shard, the more a record carries, and one fsync serves them all.
//   G2. A reply leaves only after every event decided before it is durable (I6).
//   G3. When the shard is lost, what no append has carried yet fails at once: it never happened.
//       What is in flight is for the journal to find out, and its replies wait for that.
//   G4. A cut of the state is taken where a record ends and the next has not begun. Nothing waits for
//       it: what is decided while that record flies is kept out of the cut (SC2).

import { EngineError } from '../protocol/errors.ts'
import { type Event, isLeadEvent } from '../protocol/events.ts'
import { RECORD_BYTES_MAX } from '../protocol/record.ts'
import { sizeOf } from './event-size.ts'
import type { Journal } from './journal.ts'
import type { ShardState } from './state.ts'
import type { StateCut } from './state-cut.ts'

interface Batch {
  /** The number its record will have. */
  n: number
  events: Event[]
  rows: number[]
  bytes: number
  /** Somebody waits for it. */
  awaited: boolean
  durable: Promise<void>
  settle: () => void
  fail: (error: Error) => void
}

/** Somebody waits for a cut: it is taken with a record, and given when that has landed. */
interface CutWanted {
  cut: StateCut | null
  give: (cut: StateCut) => void
  fail: (error: Error) => void
}

export class OutputGate {
  readonly #state: ShardState
  readonly #journal: Journal
  readonly #now: () => number
  readonly #onFill: () => boolean
  readonly #onLost: (error: Error) => void
  #open: Batch
  /** Full batches waiting for the one in flight. */
  readonly #waiting: Batch[] = []
  #flying: Batch | null = null
  #scheduled = false
  #lost: Error | null = null
  #cutsWanted: CutWanted[] = []

  constructor(options: {
    state: ShardState
    journal: Journal
    now: () => number
    /** Called before each record is closed, so that waiting ingest can join it; true while the record
     * need not be closed for that alone. */
    onFill: () => boolean
    onLost: (error: Error) => void
  }) {
    this.#state = options.state
    this.#journal = options.journal
    this.#now = options.now
    this.#onFill = options.onFill
    this.#onLost = options.onLost
    this.#open = newBatch(options.journal.nextN)
  }

  /** The number and place the next event will have in the log; award ids are made of them. */
  get next(): { n: number; index: number } {
    return { n: this.#open.n, index: this.#open.events.length }
  }

  /** Events in the open record. */
  get openSize(): number {
    return this.#open.events.length
  }

  /** Records behind the one in flight: more than a few and the log is too slow for the load. */
  get backlog(): number {
    return this.#waiting.length
  }

  /** Whether memory is exactly what the log says: nothing is open, waiting or in flight. */
  get settled(): boolean {
    return this.#open.events.length === 0 && this.#waiting.length === 0 && this.#flying === null
  }

  /**
   * Applies an event and puts it in the open record. Throws what `apply` throws, adding nothing;
   * does nothing once the shard is lost, so that a state somebody copies then stays as it is.
   */
  emit(event: Event): void {
    if (this.#lost !== null) return
    const bytes = sizeOf(event)
    this.reserve(bytes)
    const row = this.#state.apply(event)
    this.#open.events.push(event)
    this.#open.rows.push(row)
    this.#open.bytes += bytes
    this.#schedule()
  }

  /**
   * Resolves once everything decided so far is durable; rejects when the shard was lost. `hurries`:
   * whether the open record is to be closed for that, soon.
   */
  durable(hurries = true): Promise<void> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.#open.events.length > 0) {
      if (hurries) this.#hurry()
      return this.#open.durable
    }
    return this.#waiting[this.#waiting.length - 1]?.durable ?? this.#flying?.durable ?? DONE
  }

  /** The state as it is after some record, the first that can be; rejects when the shard was lost. */
  cut(): Promise<StateCut> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.settled) return Promise.resolve(this.#state.cut())
    this.#hurry()
    return new Promise((give, fail) => {
      this.#cutsWanted.push({ cut: null, give, fail })
      // There may be no record after the one in flight.
      this.#takeCuts()
    })
  }

  /** Fails what is not in flight yet: the shard is given up. */
  close(error: Error): void {
    if (this.#lost !== null) return
    this.#lost = error
    for (const { cut, fail } of this.#cutsWanted.splice(0)) {
      cut?.close()
      fail(error)
    }
    for (const batch of [...this.#waiting, this.#open]) batch.fail(error)
  }

  /** Makes sure that so many bytes of events go into one record. */
  reserve(bytes: number): void {
    if (this.#open.bytes + bytes > RECORD_BYTES_MAX) this.#rotate()
  }

  /** Asks for a record soon, for there is ingest waiting to join one. */
  nudge(): void {
    this.#schedule()
  }

  #hurry(): void {
    this.#open.awaited = true
    this.#schedule()
  }

  #rotate(): void {
    if (this.#open.events.length === 0) return
    this.#waiting.push(this.#open)
    this.#open = newBatch(this.#open.n + 1)
  }

  #schedule(): void {
    if (this.#scheduled || this.#flying !== null) return
    this.#scheduled = true
    // After this turn of the event loop: all messages that came in together go in one record.
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#flying !== null || this.#lost !== null) return
    const lingers = this.#onFill()
    let batch = this.#waiting.shift()
    if (batch === undefined) {
      if (this.#open.events.length === 0 || (lingers && !this.#open.awaited)) return
      batch = this.#open
      this.#open = newBatch(batch.n + 1)
    }
    this.#flying = batch
    this.#link(batch)
    this.#takeCuts()
    this.#journal.append(batch.events, this.#now()).then(
      (seq) => this.#landed(batch, seq),
      (error: unknown) => this.#failed(batch, error),
    )
  }

  /** Each event names the record with its lead's event before: known now, as all that are ahead
   * have landed. */
  #link(batch: Batch): void {
    for (const [i, event] of batch.events.entries()) {
      const row = batch.rows[i] ?? -1
      const campaign = this.#state.campaigns.get(event.campaign_id)
      if (row < 0 || campaign === undefined || !isLeadEvent(event)) continue
      event.prev = campaign.leads.columns.lastSeq[row] as number
    }
  }

  #landed(batch: Batch, seq: number): void {
    for (const [i, event] of batch.events.entries()) {
      const row = batch.rows[i] ?? -1
      if (row >= 0) this.#state.settle(event, row, seq)
    }
    this.#flying = null
    this.#giveCuts()
    batch.settle()
    this.#pump()
  }

  /** Memory is what the log says once what flies has landed, if nothing was decided beyond it. */
  #takeCuts(): void {
    if (this.#flying === null || this.#waiting.length > 0 || this.#open.events.length > 0) return
    for (const wanted of this.#cutsWanted) wanted.cut ??= this.#state.cut(false)
  }

  #giveCuts(): void {
    this.#cutsWanted = this.#cutsWanted.filter(({ cut, give }) => {
      if (cut === null) return true
      cut.landed(this.#state)
      give(cut)
      return false
    })
  }

  #failed(batch: Batch, error: unknown): void {
    const lost = error instanceof Error ? error : new EngineError('APPEND_FAILED', String(error))
    batch.fail(lost)
    this.close(lost)
    this.#onLost(lost)
  }
}

const DONE = Promise.resolve()

function newBatch(n: number): Batch {
  let settle: () => void = () => {}
  let fail: (error: Error) => void = () => {}
  const durable = new Promise<void>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  // A batch nobody waits for (lapses, say) may fail without being an unhandled rejection.
  durable.catch(() => {})
  return { n, events: [], rows: [], bytes: 0, awaited: false, durable, settle, fail }
}
