// Tally counter: a counter for what happens thousands of times a second. It counts in plain numbers
// and tells them when it is scraped; finding a labelled series for each event would cost more than
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
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      for (const [first, counts] of tallies) {
        for (const [second, count] of counts) {
          this.inc({ [firstName]: first, [secondName]: second }, count)
        }
      }
    },
  })
  return (first, second) => {
    let counts = tallies.get(first)
    if (counts === undefined) {
      counts = new Map()
      tallies.set(first, counts)
    }
    counts.set(second, (counts.get(second) ?? 0) + 1)
  }
}
