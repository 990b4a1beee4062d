// Agenda: what happens next in virtual time. Equal instants happen in the order they were planned.

interface Plan {
  at: number
  n: number
  run: (now: number) => void
}

export class Agenda {
  readonly #heap: Plan[] = []
  #n = 0

  plan(at: number, run: Plan['run']): void {
    const heap = this.#heap
    const plan = { at, n: this.#n++, run }
    let i = heap.push(plan) - 1
    while (i > 0) {
      const parent = (i - 1) >>> 1
      if (before(heap[parent] as Plan, plan)) break
      heap[i] = heap[parent] as Plan
      i = parent
    }
    heap[i] = plan
  }

  /** Runs the next plan; false when there is none. */
  step(): boolean {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (first === undefined || last === undefined) return false
    if (heap.length > 0) this.#sink(last)
    first.run(first.at)
    return true
  }

  #sink(plan: Plan): void {
    const heap = this.#heap
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && before(right, heap[child] as Plan)) child++
      if (!before(heap[child] as Plan, plan)) break
      heap[i] = heap[child] as Plan
      i = child
    }
    heap[i] = plan
  }
}

function before(a: Plan, b: Plan): boolean {
  return a.at < b.at || (a.at === b.at && a.n < b.n)
}
