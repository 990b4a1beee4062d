// Calibration: chances foretold against what came of them, summed up as they come.

import type { Calibration } from '../../protocol/model.ts'

const BINS = 10
/** A chance is scored as if it were at least this far from certainty. */
const SURE = 1e-9

export type TallyImage = readonly [
  n: number,
  brier: number,
  logLoss: number,
  bins: readonly (readonly [n: number, predicted: number, observed: number])[],
]

export class Tally {
  #n = 0
  #brier = 0
  #logLoss = 0
  #bins = Array.from({ length: BINS }, () => ({ n: 0, predicted: 0, observed: 0 }))

  static from([n, brier, logLoss, bins]: TallyImage): Tally {
    const tally = new Tally()
    tally.#n = n
    tally.#brier = brier
    tally.#logLoss = logLoss
    tally.#bins = bins.map(([count, predicted, observed]) => ({ n: count, predicted, observed }))
    return tally
  }

  image(): TallyImage {
    const bins = this.#bins.map(({ n, predicted, observed }) => [n, predicted, observed] as const)
    return [this.#n, this.#brier, this.#logLoss, bins]
  }

  add(chance: number, converted: boolean): void {
    const y = converted ? 1 : 0
    this.#n++
    this.#brier += (chance - y) ** 2
    this.#logLoss -= Math.log(Math.max(SURE, converted ? chance : 1 - chance))
    const bin = this.#bins[Math.min(BINS - 1, Math.floor(chance * BINS))]
    if (bin === undefined) return
    bin.n++
    bin.predicted += chance
    bin.observed += y
  }

  /** null as long as nothing was foretold. */
  calibration(): Calibration | null {
    if (this.#n === 0) return null
    let converted = 0
    let apart = 0
    for (const { predicted, observed } of this.#bins) {
      converted += observed
      apart += Math.abs(predicted - observed)
    }
    const bins = this.#bins.map(({ n, predicted, observed }, i) => ({
      from: i / BINS,
      to: (i + 1) / BINS,
      n,
      predicted: n === 0 ? 0 : predicted / n,
      observed: n === 0 ? 0 : observed / n,
    }))
    return {
      n: this.#n,
      base_rate: converted / this.#n,
      brier: this.#brier / this.#n,
      log_loss: this.#logLoss / this.#n,
      ece: apart / this.#n,
      bins: bins.filter(({ n }) => n > 0),
    }
  }
}
