// Growth: what a claim costs when there is more of something: campaigns named, leads waiting, hosts,
// campaigns. Every size is started at once and they take turns, so that the noise of the machine is
// shared; those that wait their turn do next to nothing.

import { strays } from './compare.ts'
import { Field, type Game, type Say } from './field.ts'
import type { Options } from './options.ts'
import { OURS } from './peers/all.ts'
import type { GrowthOf, Run } from './results.ts'
import { round as digits } from './stats.ts'

const SIZES: Readonly<Record<GrowthOf, readonly number[]>> = {
  asked: [1, 2, 4, 8, 16, 32, 64],
  leads: [1000, 10_000, 100_000, 1_000_000],
  hosts: [1, 2, 3, 4],
  campaigns: [10, 100, 1000, 10_000],
}
const QUICK_SIZES: typeof SIZES = {
  asked: [1, 8, 64],
  leads: [1000, 20_000],
  hosts: [1, 2],
  campaigns: [10, 200],
}
const IN_FLIGHT = [1, 256]
const ASKED = 8
/** Rounds of this part: filling a million leads takes longer than measuring them. */
const ROUNDS_MAX = 3

export async function runGrowth(of: GrowthOf, options: Options, run: Run, say: Say): Promise<void> {
  const { warmSeconds, seconds, quick } = options
  const rounds = Math.min(ROUNDS_MAX, options.rounds)
  const sizes = (quick ? QUICK_SIZES : SIZES)[of]
  const named = of === 'asked' ? sizes : [ASKED]
  const game: Game<{ asked: number; inFlight: number }> = {
    rounds,
    fresh: !quick,
    cells: named.flatMap((asked) => IN_FLIGHT.map((inFlight) => ({ asked, inFlight }))),
    setUp: (field) => setUp(field, of, sizes, options),
    order: (cell, seed) => ({ loop: 'closed', ...cell, warmSeconds, seconds, seed }),
    heard: (key, { asked, inFlight }, turn, round) => {
      const what = `${key}, ${asked} named, ${inFlight} in flight`
      const times = `p50 ${digits(turn.p50Ms)} ms${strays(turn)}`
      say(`${round + 1}/${rounds} ${what}: ${digits(turn.perSecond)}/s, ${times}`)
    },
  }
  const played = await Field.play(game, run, say)
  const rows = played.map(({ contender: key, cell, turns }) => {
    const [contender = '', size = ''] = key.split('@')
    const value = of === 'asked' ? cell.asked : Number(size)
    return { of, contender, value, inFlight: cell.inFlight, turns }
  })
  run.growth.push(...rows)
}

/** A world for each size; how many campaigns a request names is its own matter, and needs but one. */
async function setUp(
  field: Field,
  of: GrowthOf,
  sizes: readonly number[],
  options: Options,
): Promise<void> {
  // Nobody else has hosts to add.
  for (const contender of options.named && of !== 'hosts' ? options.only : [OURS]) {
    for (const size of of === 'asked' ? [0] : sizes) {
      const leads = of === 'leads' ? size : options.leads
      await field.add(`${contender}@${size}`, contender, worldOf(of, size, options), leads)
    }
  }
}

function worldOf(of: GrowthOf, size: number, { campaigns, shards, hosts }: Options) {
  return {
    campaigns: of === 'campaigns' ? size : campaigns,
    shards,
    hosts: of === 'hosts' ? size : hosts,
  }
}
