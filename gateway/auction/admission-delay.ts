// Admission delay: how long a message waits before this process reads it.
//
// The server keeps the order of what it sends to a connection, so the answer to a ping comes behind
// everything that waits there, in the server, on the wire and in our socket. A queue in front of
// this process cannot be seen in any other way, and counts for the caller like one inside.

import type { Link } from '../../actors/runtime/nats.ts'

const EVERY_MS = 50
/** A queue that stands shows in all of the last pings, a long turn of ours in one. */
const PINGS = 2

export class LinkDelay {
  readonly #link: Pick<Link, 'nc' | 'connected'>
  readonly #timer: NodeJS.Timeout
  #sentAt: number | null = null
  #last: number[] = []

  constructor(link: Pick<Link, 'nc' | 'connected'>) {
    this.#link = link
    this.#timer = setInterval(() => this.#ping(), EVERY_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Milliseconds; a ping that is not back yet has waited at least as long as it is away. */
  readonly delayMs = (): number => {
    if (!this.#link.connected()) return 0
    const known = this.#last.length === 0 ? 0 : Math.min(...this.#last)
    return this.#sentAt === null
      ? known
      : Math.max(known, performance.now() - this.#sentAt - EVERY_MS)
  }

  #ping(): void {
    const { nc } = this.#link
    if (this.#sentAt !== null || !this.#link.connected()) return
    const sentAt = performance.now()
    this.#sentAt = sentAt
    const ended = () => {
      this.#sentAt = null
    }
    nc.flush().then(
      () => {
        this.#last = [...this.#last.slice(1 - PINGS), performance.now() - sentAt]
        ended()
      },
      () => {
        // The link was lost: what waited in front of us has gone with it.
        this.#last = []
        ended()
      },
    )
  }
}
