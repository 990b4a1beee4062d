// Tally counter: a counter for what happens thousands of times a second. It counts in plain numbers
// and adds them up when it is scraped; finding a labelled series for each event would cost more than
// refusing a request does.

import { Counter, type Registry } from 'prom-client'

export interface TallyOptions {
  registry: Registry
  name: string
  help: string
  labelNames: readonly [string, string]
}

/** Returns what counts one event, by the values of its two labels. */
export function tallyCounter(options: TallyOptions): (first: string, second: string) => void {
  const { registry, name, help, labelNames } = options
  const [firstName, secondName] = labelNames
  const tallies = new Map<string, Map<string, number>>()
  const counter = new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      for (const [first, counts] of tallies) {
        for (const [second, count] of counts) {
          this.inc({ [firstName]: first, [secondName]: second }, count)
        }
      }
      tallies.clear()
    },
  })
  const reset = counter.reset.bind(counter)
  counter.reset = () => {
    tallies.clear()
    reset()
  }
  return (first, second) => {
    let counts = tallies.get(first)
    if (counts === undefined) {
      counts = new Map()
      tallies.set(first, counts)
    }
    counts.set(second, (counts.get(second) ?? 0) + 1)
  }
}
