// Scale: what things cost in worlds small enough to be quick; what that foretells of one as large as
// this machine holds, beside what was measured of it; and what a far larger target needs.

import type { Say } from './field.ts'
import type { Options } from './options.ts'
import type { Run } from './results.ts'
import { compare, FULL, measure, QUICK } from './scale-measure.ts'
import { plan, TARGET } from './scale-model.ts'

export async function runScale({ quick }: Options, run: Run, say: Say): Promise<void> {
  const sizes = quick ? QUICK : FULL
  const costs = await measure(sizes, say)
  const compared = await compare(costs, sizes, say)
  run.scale = { sizes, costs, compared, target: TARGET, plan: plan(costs, TARGET) }
}
