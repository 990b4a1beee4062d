import { BUGS } from './bugs.ts'
import { simulate } from './simulate.ts'

const only = process.argv[2]
for (const bug of BUGS) {
  if (only !== undefined && !bug.name.includes(only)) continue
  let caught = ''
  let seeds = 0
  for (let seed = 1; seed <= 50 && caught === ''; seed++) {
    seeds++
    const { violations } = await simulate(seed, { bug })
    const [first] = violations
    if (first !== undefined)
      caught = `seed ${seed}: ${[...new Set(violations.map((v) => v.invariant))].join()} ${first.detail.slice(0, 150)}`
  }
  console.log(`${bug.name}: ${caught || `NOT CAUGHT in ${seeds}`}`)
}
