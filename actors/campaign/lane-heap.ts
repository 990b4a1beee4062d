// Lane heap: lanes by the most any lead in them could score, for the threshold algorithm (Fagin,
// Lotem and Naor 2001): a bid cuts lanes in this order and stops when what it has found beats the
// bound of the next. Made for one bid, in linear time.

import type { LaneQueue } from './lane-queue.ts'

export class LaneHeap {
  readonly #lanes: LaneQueue[] = []
  readonly #bounds: number[] = []

  add(lane: LaneQueue, bound: number): void {
    this.#lanes.push(lane)
    this.#bounds.push(bound)
  }

  /** To be called once, when all lanes are added. */
  heapify(): void {
    for (let at = (this.#lanes.length >>> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** The largest bound left, -Infinity when no lane is. */
  get bound(): number {
    return this.#bounds[0] ?? Number.NEGATIVE_INFINITY
  }

  /** Takes the lane with the largest bound. */
  pop(): LaneQueue | undefined {
    const [top] = this.#lanes
    const lane = this.#lanes.pop()
    const bound = this.#bounds.pop()
    if (lane !== undefined && bound !== undefined && this.#lanes.length > 0) {
      this.#lanes[0] = lane
      this.#bounds[0] = bound
      this.#sink(0)
    }
    return top
  }

  #sink(from: number): void {
    const lanes = this.#lanes
    const bounds = this.#bounds
    const lane = lanes[from] as LaneQueue // Only places of lanes are sunk.
    const bound = bounds[from] as number
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= bounds.length) break
      if ((bounds[child + 1] ?? Number.NEGATIVE_INFINITY) > (bounds[child] as number)) child++
      if ((bounds[child] as number) <= bound) break
      lanes[at] = lanes[child] as LaneQueue
      bounds[at] = bounds[child] as number
      at = child
    }
    lanes[at] = lane
    bounds[at] = bound
  }
}
