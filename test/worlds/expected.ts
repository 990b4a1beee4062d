// Expected: what the index must reach beside the baselines, as sentences with a verdict. Figures
// are means over the seeds of one load; a baseline that did not run is not compared with.

/** A policy's figures, as far as they are judged here. */
interface Judged {
  name: string
  conversions: number
  ratio: number
  sla: number
  worst: number
}

export interface Verdict {
  ok: boolean
  text: string
}

/** The promises of the standard worlds, by load. */
export const PROMISED: Readonly<Record<string, { ratio: number; sla: number }>> = {
  0.7: { ratio: 1.45, sla: 0.97 },
  0.95: { ratio: 2.1, sla: 0.92 },
  1.2: { ratio: 2.6, sla: 0.85 },
}
const OF_BEST = 0.97
const OF_TRUTH = 0.95
const OF_BEST_ANYWHERE = 0.9
const BASELINES = ['fifo', 'lifo', 'edf', 'score', 'plan']

export function promises(load: number, figures: readonly Judged[]): Verdict[] {
  const index = figures.find(({ name }) => name === 'index')
  if (index === undefined) return []
  const verdicts: Verdict[] = []
  const say = (what: string, value: number, least: number): void => {
    const text = `load ${load}: ${what} ${value.toFixed(3)}, at least ${least.toFixed(3)}`
    verdicts.push({ ok: value >= least, text })
  }
  const promised = PROMISED[load]
  if (promised !== undefined) {
    if (!Number.isNaN(index.ratio)) say('conversions × fifo', index.ratio, promised.ratio)
    say('share on time', index.sla, promised.sla)
  }
  const best = bestOf(figures)
  if (best !== undefined) {
    say(`conversions × best (${best.name})`, index.conversions / best.conversions, OF_BEST)
  }
  const lifo = figures.find(({ name }) => name === 'lifo')
  if (lifo !== undefined) {
    say('share on time beside lifo', index.sla, lifo.sla)
    say("worst customer's beside lifo", index.worst, lifo.worst)
  }
  const truth = figures.find(({ name }) => name === 'index/truth')
  if (truth !== undefined) {
    say('conversions × truth given', index.conversions / truth.conversions, OF_TRUTH)
  }
  return verdicts
}

/** In worlds nothing is promised for, it does not collapse. */
export function collapsed(load: number, figures: readonly Judged[]): Verdict[] {
  const index = figures.find(({ name }) => name === 'index')
  const best = bestOf(figures)
  if (index === undefined || best === undefined) return []
  const share = index.conversions / best.conversions
  const text = `load ${load}: conversions × best (${best.name}) ${share.toFixed(3)}, at least ${OF_BEST_ANYWHERE}`
  return [{ ok: share >= OF_BEST_ANYWHERE, text }]
}

function bestOf(figures: readonly Judged[]): Judged | undefined {
  const baselines = figures.filter(({ name }) => BASELINES.includes(name))
  return baselines.sort((a, b) => b.conversions - a.conversions)[0]
}
