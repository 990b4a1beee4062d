// Arrivals: when live leads come. A non-homogeneous Poisson process, drawn as its times given
// their number: each is independent with a density proportional to the rate (Lewis and Shedler
// 1979). The rate is a daily profile plus bursts of each campaign's own, in bins of a minute.

import { type Chance, runningTotals } from './chance.ts'
import { DAY, HOUR, MINUTE } from './world.ts'

/** Relative rate by hour of the shift: a rise to eleven, a dip at lunch, a second peak at four. */
const PROFILE = [0.8, 1.1, 1.35, 1.2, 0.75, 0.85, 1.1, 1.25, 1, 0.6]
const SHIFT_BEGINS_H = 9
/** Leads outside the shift come in the three hours before and the four after it. */
const OUTSIDE_HOURS = [6, 7, 8, 19, 20, 21, 22]
const BINS_A_DAY = DAY / MINUTE

export interface ArrivalRate {
  /** First midnight. */
  from: number
  days: number
  /** Share of leads that come while nobody works. */
  outside: number
  /** Share of leads that come in bursts, and how many bursts a campaign has a day. */
  inBursts: number
  burstsPerDay: number
}

/** Draws arrival times of one campaign. */
export class Arrivals {
  readonly #from: number
  readonly #sums: number[]

  constructor(rate: ArrivalRate, chance: Chance) {
    this.#from = rate.from
    const base = dailyRate(rate.outside)
    const bins = Array.from({ length: rate.days }, () => base).flat()
    const scale =
      bins.reduce((sum, value) => sum + value, 0) * (rate.inBursts / (1 - rate.inBursts))
    const bursts = burstRate(rate, chance)
    const mass = bursts.reduce((sum, value) => sum + value, 0)
    this.#sums = runningTotals(
      bins.map((value, bin) => value + (mass === 0 ? 0 : ((bursts[bin] ?? 0) / mass) * scale)),
    )
  }

  draw(chance: Chance): number {
    return this.#from + (chance.weighted(this.#sums) + chance.uniform()) * MINUTE
  }
}

/** Rate by minute of a day, without bursts; sums to 1. */
function dailyRate(outside: number): number[] {
  const inside = PROFILE.reduce((sum, value) => sum + value, 0) * 60
  return Array.from({ length: BINS_A_DAY }, (_, minute) => {
    const hour = Math.floor((minute * MINUTE) / HOUR)
    const share = PROFILE[hour - SHIFT_BEGINS_H]
    if (share !== undefined) return ((1 - outside) * share) / inside
    return OUTSIDE_HOURS.includes(hour) ? outside / (OUTSIDE_HOURS.length * 60) : 0
  })
}

/** Bursts (a mail went out, a spot was aired): ten to forty minutes of a higher rate, in shift hours. */
function burstRate({ days, burstsPerDay }: ArrivalRate, chance: Chance): number[] {
  const bins = Array.from({ length: days * BINS_A_DAY }, () => 0)
  for (let day = 0; day < days; day++) {
    for (let count = chance.poisson(burstsPerDay); count > 0; count--) {
      const length = chance.whole(10, 40)
      const begin = day * BINS_A_DAY + SHIFT_BEGINS_H * 60 + chance.whole(0, 600 - length)
      const height = chance.uniform(0.5, 1.5)
      for (let bin = begin; bin < begin + length; bin++) bins[bin] = (bins[bin] ?? 0) + height
    }
  }
  return bins
}
