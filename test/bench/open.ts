// Open: how long a claim takes at fixed rates of arrival. Requests come when they are due, whatever
// became of those before, and a time counts from when its request was due: a stall is told by all
// whom it kept waiting, not by the one that hit it.

import { strays } from './compare.ts'
import type { Turn } from './entrant.ts'
import { Field, type Game, type Say } from './field.ts'
import type { Options } from './options.ts'
import type { Run } from './results.ts'
import { round as digits } from './stats.ts'

/** Rounds of this part: latencies at a rate one can serve differ less than claims a second do. */
const ROUNDS_MAX = 3
/** Unanswered at the end of the time: a share of what was due, or a few. */
const LEFT_SHARE = 0.02
const LEFT_FEW = 64
const FAILED_SHARE = 0.01

export async function runOpen(options: Options, run: Run, say: Say): Promise<void> {
  const { campaigns, shards, hosts, leads, only, warmSeconds, seconds, quick } = options
  const [asked = 8] = options.asked
  const rounds = Math.min(ROUNDS_MAX, options.rounds)
  /** Beyond what one can serve, a rate only tells how long the measurement was. */
  const out = new Set<string>()
  const game: Game<{ rate: number }> = {
    rounds,
    fresh: !quick,
    cells: options.rates.map((rate) => ({ rate })),
    setUp: (field) => field.addAll(only, { campaigns, shards, hosts }, leads),
    order: ({ rate }, seed) => ({ loop: 'open', asked, rate, warmSeconds, seconds, seed }),
    spares: (contender, _, round) => out.has(`${round} ${contender}`),
    heard: (contender, { rate }, turn, round) => {
      if (!keptUp(turn)) out.add(`${round} ${contender}`)
      say(`${round + 1}/${rounds} ${sentence(contender, rate, turn)}`)
    },
  }
  const played = await Field.play(game, run, say)
  run.open = played.map(({ contender, cell, turns }) => {
    const judged = turns.map((turn) => (turn === null ? null : { ...turn, keptUp: keptUp(turn) }))
    return { contender, asked, rate: cell.rate, turns: judged }
  })
}

/** Whether answers came as fast as requests did. */
export function keptUp({ due, left, unsent, count }: Turn): boolean {
  return (
    unsent === 0 &&
    left <= Math.max(LEFT_FEW, due * LEFT_SHARE) &&
    count >= due * (1 - FAILED_SHARE)
  )
}

function sentence(contender: string, rate: number, turn: Turn): string {
  const times = `p50 ${digits(turn.p50Ms)} ms, p99 ${digits(turn.p99Ms)} ms${strays(turn)}`
  return `${contender} at ${digits(rate)}/s: ${keptUp(turn) ? times : `cannot keep up (${times})`}`
}
