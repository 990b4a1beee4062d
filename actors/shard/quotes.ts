// Quotes: the offers contractors of this host's awards may quote, as the office last published them.
// Advice: what is really left is known when it is reserved.

import { OFFER_PREFIX, type Published, quoteFor } from '../protocol/offers.ts'
import type { Log } from '../runtime/log.ts'
import type { Link } from '../runtime/nats.ts'
import { OfficeBook } from '../runtime/office-book.ts'
import type { Quoting } from './award-desk.ts'

export class Quotes {
  readonly #book: OfficeBook
  /** Taken from the book by the first award after a change; null until then. */
  #offers: Published[] | null = null

  constructor(link: Link, log: Log) {
    this.#book = OfficeBook.follow(link, log)
    this.#book.onChange(() => {
      this.#offers = null
    })
  }

  /** The offer of an award's campaign and customer, null where none is on. */
  readonly quote: Quoting = (of, now) => {
    // The office alone writes these keys, in this form.
    this.#offers ??= Array.from(this.#book.under(OFFER_PREFIX), ([, value]) => value as Published)
    return this.#offers.length === 0 ? null : quoteFor(this.#offers, of, now)
  }

  stop(): Promise<void> {
    return this.#book.stop()
  }
}
