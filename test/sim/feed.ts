// Feed: what comes piece by piece, for `for await`; it ends when it is stopped.

export class Feed<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  #wake: (() => void) | null = null
  #ended = false
  onStop: () => void = () => {}

  get ended(): boolean {
    return this.#ended
  }

  push(item: T): void {
    if (this.#ended) return
    this.#items.push(item)
    this.#wake?.()
  }

  stop(): void {
    if (this.#ended) return
    this.#ended = true
    this.onStop()
    this.#wake?.()
  }

  /** Its process is dead: nothing more comes, and nobody there is woken to hear so. */
  drop(): void {
    this.#ended = true
    this.onStop()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) yield item
      else if (this.#ended) return
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = null
      }
    }
  }
}
