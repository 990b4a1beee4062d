// Wait curves: the ways a lead's chance may fall while it waits, floor + (1 − floor)·(1 + a/tau)^−beta,
// as hypotheses with a prior each. A large beta is the exponential with tau/beta as its time.

import { MILLION, type Model } from '../../protocol/model.ts'
import { PRIOR_MODEL } from '../prior-model.ts'

export interface WaitCurve {
  /** Milliseconds. */
  readonly tau: number
  readonly beta: number
  readonly floor: number
}

const MINUTE_MS = 60_000
/** When half of what is not the floor is lost, as octaves from the prior's. */
const OCTAVES = [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7]
const OCTAVES_SD = 1.8
const SHAPES: readonly (readonly [beta: number, share: number])[] = [
  [0.5, 0.2],
  [1, 0.5],
  [64, 0.3],
]
const FLOORS: readonly (readonly [floor: number, share: number])[] = [
  [0, 0.6],
  [0.1, 0.15],
  [0.25, 0.15],
  [0.6, 0.1],
]

export const PRIOR_CURVE: WaitCurve = {
  tau: PRIOR_MODEL.decay.tau_ms,
  beta: PRIOR_MODEL.decay.beta / MILLION,
  floor: PRIOR_MODEL.decay.floor / MILLION,
}

/** Bounds of a fitted curve; steeper or flatter than this nobody's leads are. */
const HALF_MS = { min: 0.25 * MINUTE_MS, max: 7 * 24 * 60 * MINUTE_MS }
const BETA = { min: 0.25, max: 64 }
const FLOOR_MAX = 0.95

function tauOf(half: number, beta: number): number {
  return half / (2 ** (1 / beta) - 1)
}

export function leftAt({ tau, beta, floor }: WaitCurve, age: number): number {
  return floor + (1 - floor) * (1 + age / tau) ** -beta
}

export const CURVES: readonly WaitCurve[] = OCTAVES.flatMap((octaves) =>
  SHAPES.flatMap(([beta]) =>
    FLOORS.map(([floor]) => ({
      tau: tauOf(PRIOR_CURVE.tau * 2 ** octaves, beta),
      beta,
      floor,
    })),
  ),
)

/** Logarithms of the prior's shares, not normalised. */
export const LOG_PRIOR: readonly number[] = OCTAVES.flatMap((octaves) =>
  SHAPES.flatMap(([, shape]) =>
    FLOORS.map(([, floor]) => -0.5 * (octaves / OCTAVES_SD) ** 2 + Math.log(shape * floor)),
  ),
)

// What is left by each curve at the knots, so that an outcome costs no powers. Between knots it is
// drawn straight over the logarithm of age.
const KNOTS_PER_OCTAVE = 3
const FIRST_KNOT_MS = 5000
const KNOTS = 15 * KNOTS_PER_OCTAVE
const AT_KNOTS: readonly Float64Array[] = Array.from({ length: KNOTS + 1 }, (_, knot) =>
  Float64Array.from(CURVES, (curve) => leftAt(curve, knotAge(knot))),
)

function knotAge(knot: number): number {
  return FIRST_KNOT_MS * (2 ** (knot / KNOTS_PER_OCTAVE) - 1)
}

/** Writes what each curve leaves at an age, ms, into `into`; older than the last knot (2 days) is as the last. */
export function leftByCurve(age: number, into: Float64Array): void {
  const at = Math.min(KNOTS, Math.log2(1 + Math.max(0, age) / FIRST_KNOT_MS) * KNOTS_PER_OCTAVE)
  const knot = Math.min(KNOTS - 1, Math.floor(at))
  const share = at - knot
  const low = AT_KNOTS[knot]
  const high = AT_KNOTS[knot + 1]
  if (low === undefined || high === undefined) return
  for (let i = 0; i < into.length; i++) {
    into[i] = (low[i] ?? 0) * (1 - share) + (high[i] ?? 0) * share
  }
}

/** Where a fit looks: ages from half a minute to half a day. */
const FIT_AGES = [0.5, 1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120, 240, 480, 720].map(
  (minutes) => minutes * MINUTE_MS,
)

/**
 * The curve nearest to a mixture of the hypotheses with these shares: a mean of such curves is none
 * itself, and what is published must fall and be convex. Least squares by pattern search.
 */
export function fitCurve(shares: Float64Array): WaitCurve {
  const row = new Float64Array(CURVES.length)
  const target = FIT_AGES.map((age) => {
    leftByCurve(age, row)
    return mean(shares, row)
  })
  let best = centre(shares)
  let error = distance(best, target)
  for (let stride = 0.5; stride > 0.004; stride /= 2) {
    for (let moved = true; moved; ) {
      moved = false
      for (const next of neighbours(best, stride)) {
        const off = distance(next, target)
        if (off >= error * (1 - 1e-6)) continue
        best = next
        error = off
        moved = true
      }
    }
  }
  return { ...best, tau: tauOf(best.half, best.beta) }
}

interface Shape {
  readonly half: number
  readonly beta: number
  readonly floor: number
}

function centre(shares: Float64Array): Shape {
  let likeliest = 0
  for (const [i, share] of shares.entries()) if (share > (shares[likeliest] ?? 0)) likeliest = i
  const { tau, beta, floor } = CURVES[likeliest] ?? PRIOR_CURVE
  return { half: tau * (2 ** (1 / beta) - 1), beta, floor }
}

function neighbours({ half, beta, floor }: Shape, stride: number): Shape[] {
  return [1, -1].flatMap((sign) => [
    { half: within(half * Math.exp(sign * stride), HALF_MS), beta, floor },
    { half, beta: within(beta * Math.exp(2 * sign * stride), BETA), floor },
    { half, beta, floor: within(floor + sign * stride * 0.2, { min: 0, max: FLOOR_MAX }) },
  ])
}

function distance({ half, beta, floor }: Shape, target: readonly number[]): number {
  const curve = { tau: tauOf(half, beta), beta, floor }
  let sum = 0
  for (const [i, age] of FIT_AGES.entries()) sum += (leftAt(curve, age) - (target[i] ?? 0)) ** 2
  return sum
}

function mean(shares: Float64Array, row: Float64Array): number {
  let sum = 0
  for (let i = 0; i < row.length; i++) sum += (shares[i] ?? 0) * (row[i] ?? 0)
  return sum
}

function within(value: number, { min, max }: { min: number; max: number }): number {
  return Math.max(min, Math.min(max, value))
}

/** As a model publishes it. */
export function decayOf({ tau, beta, floor }: WaitCurve): Model['decay'] {
  return {
    tau_ms: Math.max(1, Math.round(tau)),
    beta: Math.round(beta * MILLION),
    floor: Math.round(floor * MILLION),
  }
}
