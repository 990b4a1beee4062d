// A reader of server-sent events for tests: what a browser's EventSource does, without its retries.

import assert from 'node:assert/strict'
import { until } from '../../support/until.ts'

export interface Seen {
  id: string
  type: string
  data: Record<string, unknown>
}

export class EventReader implements AsyncDisposable {
  readonly events: Seen[] = []
  /** The id a browser would resume from. */
  lastId = ''
  comments = 0
  ended = false
  readonly #abort = new AbortController()
  readonly #reading: Promise<void>

  private constructor(response: Response, abort: AbortController) {
    this.#abort = abort
    this.#reading = this.#read(response)
      .catch(() => undefined) // cut off, by us or by the server: what was seen is what counts
      .finally(() => {
        this.ended = true
      })
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const abort = new AbortController()
    const response = await fetch(url, { headers, signal: abort.signal })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    return new EventReader(response, abort)
  }

  /** Waits for `count` events and returns their ids. */
  async ids(count: number): Promise<string[]> {
    await until(() => this.events.length >= count, `${count} events`)
    return this.events.map(({ id }) => id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#reading
  }

  async #read(response: Response): Promise<void> {
    let text = ''
    const decoder = new TextDecoder()
    for await (const piece of response.body ?? []) {
      text += decoder.decode(piece, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) this.#block(block)
    }
  }

  #block(block: string): void {
    const fields: { [name: string]: string } = {}
    for (const line of block.split('\n')) {
      const at = line.indexOf(': ')
      if (line.startsWith(':')) this.comments++
      else fields[line.slice(0, at)] = line.slice(at + 2)
    }
    const { id, event: type = 'message', data } = fields
    if (id !== undefined) this.lastId = id
    if (data !== undefined) this.events.push({ id: id ?? '', type, data: JSON.parse(data) })
  }
}
