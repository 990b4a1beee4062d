// `npm run spin [-- --deep]`: the model's searches as a table; with `--deep` also those by hand.

import { DEEP, hunt, MUTANTS, QUICK } from './searches.ts'
import { check, type Found } from './spin.ts'

const DEEP_MEMORY_MB = 8000
const DEEP_LIMIT_MS = 1_800_000

function print(name: string, { breach, states, seconds, memoryMb }: Found): void {
  const result = breach === null ? 'holds' : `breaks ${breach.property} in ${breach.steps} steps`
  console.log(`${name} | ${result} | ${states} states | ${seconds} s | ${Math.round(memoryMb)} MB`)
}

const deep = process.argv.includes('--deep')
for (const { name, bounds } of QUICK) {
  const found = await check({ bounds })
  if (found.breach !== null) process.exitCode = 1
  print(name, found)
}
for (const mutant of MUTANTS) {
  const found = await check(hunt(mutant))
  if (found.breach?.property !== mutant.only) process.exitCode = 1
  print(mutant.name, found)
}
for (const { name, bounds } of deep ? DEEP : []) {
  const found = await check({ bounds, memoryMb: DEEP_MEMORY_MB, limitMs: DEEP_LIMIT_MS })
  if (found.breach !== null) process.exitCode = 1
  print(name, found)
}
