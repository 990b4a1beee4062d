// Lane: the leads whose keys share a lane, gathered into batches that go one after another.
//
//   L1. A batch holds a lead once: whoever takes it in may do so in parts, in any order.
//   L2. A lead's later row is in a later batch, and a batch is sent when the one before has arrived.
//   L3. A lead that comes again waits in a batch of its own turn while others still fill, so a file
//       with many rows a lead is sent in full batches as well. At most TURNS_MAX are held.
//   L4. While batches take long, whoever takes them in makes room for calls, and gets small ones: a
//       large one is read, and sent on, in one go.

import type { RawLead } from './row-reader.ts'

const LEADS_AT_ONCE = 500
const LEADS_SLOWLY = 100
/** A batch that took longer was slow, where that is more than SLOW_LEAD_MS for each of its leads. */
const SLOW_MS = 100
const SLOW_LEAD_MS = 1
const BYTES_AT_ONCE = 600_000
const TURNS_MAX = 8
/** What a UTF-16 unit takes in UTF-8. */
const UTF8_BYTES_MAX = 3

export interface Batch {
  leads: RawLead[]
  /** Where each lead is in the file. */
  lines: number[]
}

interface Filling extends Batch {
  keys: Set<string>
  bytes: number
}

export class Lane {
  readonly #send: (batch: Batch) => Promise<void>
  /** The first is sent first. */
  #turns: Filling[] = []
  #busy: Promise<void> = Promise.resolve()
  #slow = false

  /** `send` must not reject: what comes after a failure is its own affair. */
  constructor(send: (batch: Batch) => Promise<void>) {
    this.#send = send
  }

  /** Whether the batch before took long (L4). */
  get isSlow(): boolean {
    return this.#slow
  }

  /** Adds a lead; a promise it returns is to be waited for before the next one. */
  add({
    key,
    line,
    lead,
  }: {
    key: string
    line: number
    lead: RawLead
  }): Promise<void> | undefined {
    const bytes = bytesAtMost(lead)
    let turn = this.#turns.findLastIndex(({ keys }) => keys.has(key)) + 1
    while ((this.#turns[turn]?.bytes ?? 0) + bytes > BYTES_AT_ONCE) turn++
    const batch = this.#turns[turn] ?? emptyBatch()
    if (turn === this.#turns.length) this.#turns.push(batch)
    batch.keys.add(key)
    batch.leads.push(lead)
    batch.lines.push(line)
    batch.bytes += bytes
    if (batch.leads.length >= (this.#slow ? LEADS_SLOWLY : LEADS_AT_ONCE))
      return this.#sendFirst(turn + 1)
    return this.#turns.length > TURNS_MAX ? this.#sendFirst(1) : undefined
  }

  /** Sends what there is; all of it has arrived when this returns. */
  async flush(): Promise<void> {
    await this.#sendFirst(this.#turns.length)
    await this.#busy
  }

  /** Returns once the last of them is under way. */
  async #sendFirst(count: number): Promise<void> {
    for (const batch of this.#turns.splice(0, count)) {
      await this.#busy
      this.#busy = this.#timed(batch)
    }
  }

  async #timed(batch: Batch): Promise<void> {
    const began = performance.now()
    await this.#send(batch)
    this.#slow = isSlow(performance.now() - began, batch.leads.length)
  }
}

/** Whether so many leads took longer than they do where nobody has to make room for calls. */
export function isSlow(tookMs: number, leads: number): boolean {
  return tookMs > Math.max(SLOW_MS, leads * SLOW_LEAD_MS)
}

function emptyBatch(): Filling {
  return { leads: [], lines: [], keys: new Set(), bytes: 0 }
}

/** More than a lead takes in a request; only names of attributes may be other than ASCII. */
function bytesAtMost(lead: RawLead, bytesPerUnit = 1): number {
  let bytes = 8
  for (const key in lead) {
    const value = lead[key]
    bytes += bytesPerUnit * key.length + 12
    if (typeof value === 'string') bytes += UTF8_BYTES_MAX * value.length
    else if (typeof value === 'object' && value !== null) {
      bytes += bytesAtMost(value as RawLead, UTF8_BYTES_MAX)
    }
  }
  return bytes
}
