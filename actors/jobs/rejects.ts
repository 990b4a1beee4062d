// Rejects: the rows that did not become leads, as a CSV whoever sent the file can work through.
// It names row, field and reason and never a value, so that it may be kept and passed on.

import { once } from 'node:events'
import { type Stringifier, stringify } from 'csv-stringify'
import type { ByteSource } from '../runtime/sealed-stream.ts'
import type { Reject } from './import.ts'

export class RejectsCsv {
  readonly #open: (bytes: ByteSource) => Promise<void>
  #csv: Stringifier | null = null
  #kept: Promise<void> = Promise.resolve()

  /** `open` gets the bytes as they come; it is called at the first reject, so perhaps never. */
  constructor(open: (bytes: ByteSource) => Promise<void>) {
    this.#open = open
  }

  /** Waits while the other side is behind; throws what keeping them failed with. */
  async write({ row, field, reason }: Reject): Promise<void> {
    const csv = this.#csv ?? this.#begin()
    if (csv.errored !== null) throw csv.errored
    if (!csv.write([row, field, reason])) await once(csv, 'drain')
  }

  /** All rejects are kept when this returns; true when there were any. */
  async close(): Promise<boolean> {
    this.#csv?.end()
    await this.#kept
    return this.#csv !== null
  }

  /** Nobody wants them any more. */
  async drop(): Promise<void> {
    this.#csv?.destroy(new Error('dropped'))
    await this.#kept.catch(() => undefined) // it fails by our own hand
  }

  #begin(): Stringifier {
    // A reason or an attribute's name may begin like a formula.
    const csv = stringify({
      header: true,
      columns: ['row', 'field', 'reason'],
      escape_formulas: true,
    })
    this.#csv = csv
    csv.on('error', () => undefined) // told by `write` and `close`
    this.#kept = this.#open(csv)
    this.#kept.catch((error: unknown) =>
      csv.destroy(error instanceof Error ? error : new Error(String(error))),
    )
    return csv
  }
}
