// Stock: which leads a contender has, and which it gave away. Kept by the run, not asked of the
// contender: whoever gives a lead twice is found out.
//
//   S1. No lead is given twice, in the whole run.
//   S2. None is given that was never taken in.
//   S3. Each turn begins with the same number of leads ready in every campaign.

import { ofKey } from './loops.ts'
import type { Batch } from './work.ts'

const FAULTS_TOLD = 5

export class Stock {
  readonly #each: number
  /** By campaign, a byte a lead: 1 when it was given. */
  readonly #given: Uint8Array[]
  /** Leads made so far and leads ready, by campaign. */
  readonly #made: number[]
  readonly #ready: number[]

  constructor(campaigns: number, leads: number) {
    this.#each = Math.ceil(leads / campaigns)
    this.#given = Array.from({ length: campaigns + 1 }, () => new Uint8Array(0))
    this.#made = new Array<number>(campaigns + 1).fill(0)
    this.#ready = new Array<number>(campaigns + 1).fill(0)
  }

  get campaigns(): number {
    return this.#made.length - 1
  }

  get leads(): number {
    return this.#each * this.campaigns
  }

  /** What has to be taken in for S3; it counts as ready from here on. */
  toppedUp(): Batch[] {
    const batches: Batch[] = []
    for (let campaign = 1; campaign <= this.campaigns; campaign++) {
      const count = this.#each - (this.#ready[campaign] ?? 0)
      if (count <= 0) continue
      const from = (this.#made[campaign] ?? 0) + 1
      batches.push({ campaign, from, count })
      this.#made[campaign] = from + count - 1
      this.#given[campaign] = longer(this.#given[campaign], from + count)
      this.#ready[campaign] = this.#each
    }
    return batches
  }

  /** Notes what was given; returns what is wrong with it, in words, a few of many. */
  note(taken: Iterable<number>): string[] {
    const faults: string[] = []
    let wrong = 0
    for (const key of taken) {
      const { campaign, id } = ofKey(key)
      const given = this.#given[campaign]
      let fault: string | undefined
      if (given === undefined || id < 1 || id > (this.#made[campaign] ?? 0)) {
        fault = 'was never taken in'
      } else if (given[id] === 1) fault = 'was given twice'
      else {
        given[id] = 1
        this.#ready[campaign] = (this.#ready[campaign] ?? 0) - 1
      }
      if (fault === undefined) continue
      if (++wrong <= FAULTS_TOLD) faults.push(`lead ${id} of campaign ${campaign} ${fault}`)
    }
    if (wrong > FAULTS_TOLD) faults.push(`and ${wrong - FAULTS_TOLD} more`)
    return faults
  }
}

/** The same bytes with room for `length` of them; more than that when it has to grow. */
function longer(bytes: Uint8Array | undefined, length: number): Uint8Array {
  if (bytes !== undefined && bytes.length >= length) return bytes
  const grown = new Uint8Array(Math.max(length, 2 * (bytes?.length ?? 0)))
  if (bytes !== undefined) grown.set(bytes)
  return grown
}
