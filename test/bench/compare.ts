// Compare: the same work by ours and by every peer, in turns, with so many requests in flight. Tells
// claims a second and how long one takes, and holds ours against the aims of the design.

import { type Figure, ratioFigure } from './bench.ts'
import type { Turn } from './entrant.ts'
import { Field, type Game, type Say } from './field.ts'
import type { Options } from './options.ts'
import { CONTENDERS, OURS } from './peers/all.ts'
import { type ClosedRow, closedRow, middle, type Run, ratioOf } from './results.ts'
import { round as digits } from './stats.ts'

export async function runCompare(options: Options, run: Run, say: Say): Promise<void> {
  const { campaigns, shards, hosts, leads, only, rounds, warmSeconds, seconds, quick } = options
  const game: Game<Cell> = {
    rounds,
    fresh: !quick,
    cells: cellsOf(options),
    setUp: (field) => field.addAll(only, { campaigns, shards, hosts }, leads),
    order: (cell, seed) => ({ loop: 'closed', ...cell, warmSeconds, seconds, seed }),
    heard: (contender, cell, turn, round) =>
      say(`${round + 1}/${rounds} ${sentence(contender, cell, turn)}`),
  }
  const played = await Field.play(game, run, say)
  run.closed = played.map(({ contender, cell, turns }) => ({ contender, ...cell, turns }))
  run.figures.push(...figuresOf(run.closed, options))
}

interface Cell {
  asked: number
  inFlight: number
}

/** In short form 16 campaigns are named with most in flight only, where the design has its aims. */
function cellsOf({ asked, inFlight, quick }: Options): Cell[] {
  const cells = asked.flatMap((named) => inFlight.map((wide) => ({ asked: named, inFlight: wide })))
  return quick && asked.length === 1 && asked[0] === 8 && inFlight.length === 3
    ? [...cells, { asked: 16, inFlight: 256 }]
    : cells
}

function sentence(contender: string, { asked, inFlight }: Cell, turn: Turn): string {
  const times = `p50 ${digits(turn.p50Ms)} ms, p99 ${digits(turn.p99Ms)} ms`
  return `${contender}, ${asked} named, ${inFlight} in flight: ${digits(turn.perSecond)}/s, ${times}${strays(turn)}`
}

/** Answers that are neither a lead nor a responder's, in words. */
export function strays({ types }: Turn): string {
  const others = Object.entries(types).filter(([type]) => type !== 'award' && type !== 'done')
  return others.map(([type, count]) => `, ${count} ${type}`).join('')
}

/** The rows of the design's budgets that this part measures, for each number of campaigns named. */
export function figuresOf(rows: readonly ClosedRow[], options: Options): Figure[] {
  const where = `${options.campaigns} campaigns, ${options.leads.toLocaleString('en')} leads`
  const asked = [...new Set(rows.map((row) => row.asked))].sort((a, b) => a - b)
  return asked.flatMap((named) => {
    const against = (
      name: string,
      inFlight: number,
      aim: { atLeast?: number; atMost?: number },
    ) => {
      const ours = closedRow(rows, OURS, named, inFlight)
      const its = closedRow(rows, name, named, inFlight)
      if (ours === undefined || its === undefined) return []
      const measure = aim.atMost === undefined ? 'perSecond' : 'p50Ms'
      if (!Number.isFinite(ratioOf(ours, its, measure))) return []
      const figure = ratioFigure({
        name:
          measure === 'perSecond'
            ? `awards, ${inFlight} in flight, ${named} of ${where}`
            : `one award at a time, half of them within, ${named} of ${where}`,
        value: middle(ours, measure),
        unit: measure === 'perSecond' ? '/s' : 'ms',
        baseline: { name: CONTENDERS.get(name)?.label ?? name, value: middle(its, measure) },
        ratio: ratioOf(ours, its, measure),
        ...aim,
      })
      return [figure]
    }
    return [
      ...against('echo', 256, { atLeast: 0.35 }),
      ...against('redis-always', 256, { atLeast: 1 }),
      ...against('postgres', 256, { atLeast: 7 }),
      ...against('relay', 1, { atMost: 1.5 }),
    ]
  })
}
