// Unmapped codes: what channels reported that no catalogue knew, counted for whoever maps them. So
// many kinds are counted apart; those beyond are counted together, for a channel that sends free text
// must not fill the memory.

import type { UnmappedCode } from '../protocol/catalogue.ts'
import type { Channel } from '../protocol/dispositions.ts'
import { formatTime } from '../protocol/time.ts'

const KINDS_MAX = 1000
/** Stands for the codes that are not counted apart. */
export const OTHERS = '(others)'

export type UnmappedImage = [key: string, count: number, first: number, last: number][]

export class UnmappedCodes {
  readonly #counts = new Map<string, { count: number; first: number; last: number }>()

  /** Counts a code; what it is counted under. */
  count(channel: Channel, code: string, at: number): string {
    const own = keyOf(channel, code)
    const apart = this.#counts.has(own) || this.#counts.size < KINDS_MAX
    const key = apart ? own : keyOf(channel, OTHERS)
    const known = this.#counts.get(key)
    this.#counts.set(key, { count: (known?.count ?? 0) + 1, first: known?.first ?? at, last: at })
    return apart ? code : OTHERS
  }

  list(): UnmappedCode[] {
    return [...this.#counts].map(([key, { count, first, last }]) => {
      const [channel = '', ...code] = key.split(' ')
      return {
        channel: channel as Channel, // The key was made of one.
        code: code.join(' '),
        count,
        first_at: formatTime(first),
        last_at: formatTime(last),
      }
    })
  }

  image(): UnmappedImage {
    return [...this.#counts].map(([key, { count, first, last }]) => [key, count, first, last])
  }

  load(image: readonly UnmappedImage[number][]): void {
    for (const [key, count, first, last] of image) this.#counts.set(key, { count, first, last })
  }
}

function keyOf(channel: Channel, code: string): string {
  return `${channel} ${code}`
}
