// `npm run bench [award|bid|recovery …] [--short]`: figures against a baseline of the same run. Not a
// test: machines differ and are noisy, so nothing here fails a build.

import { cpus } from 'node:os'
import { benchAward } from './award.ts'
import { type Figure, print } from './bench.ts'
import { benchBid } from './bid.ts'
import { benchRecovery } from './recovery.ts'

const short = process.argv.includes('--short')
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))

const BENCHES: Record<string, () => Promise<Figure[]>> = {
  bid: () => benchBid(short ? { large: 100_000 } : {}),
  award: () => benchAward(short ? { leads: 20_000, seconds: 2 } : {}),
  'award-1-shard': () =>
    benchAward(short ? { leads: 20_000, seconds: 2, shards: 1 } : { shards: 1 }),
  recovery: () => benchRecovery(short ? { leads: 100_000 } : {}),
}

const [cpu] = cpus()
process.stdout.write(`node ${process.version}, ${cpus().length} × ${cpu?.model ?? 'unknown'}\n`)
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stdout.write(`\n${name}\n`)
  print(await bench())
}
process.exit(0)
