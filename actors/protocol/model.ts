// Model: what a customer's outcomes taught, as one plain value of integers. It is learnt in one
// place (policy/learning), published, journalled by every campaign that adopts it, and read by the
// policy. Integers, so that every host reads the same numbers whatever made them.

/** One in the unit of a model's numbers: millionths. */
export const MILLION = 1_000_000

/** What a value of a feature says: log-odds × 10⁶, and the calls with an outcome behind it. */
export type Weight = readonly [logit: number, calls: number]

export interface Model {
  /** Grows with every publication; a campaign adopts only a higher one. */
  readonly version: number
  /** Calls with an outcome that were learnt from. */
  readonly calls: number
  /** Log-odds × 10⁶ that a picked-up first call converts at once, for a lead that shows nothing. */
  readonly bias: number
  /** By feature (`city`, `source`, `stage`, `activity`, `attributes.<name>`) and its value. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, Weight>>>>
  /** What is left of a live lead's chance at age a: floor + (1 − floor)·(1 + a/tau)^−beta. */
  readonly decay: { readonly tau_ms: number; readonly beta: number; readonly floor: number }
  /** What is left at the second, third and any later call, × 10⁶. */
  readonly again: readonly [number, number, number]
  /** A stale lead's chance beside a live one's, × 10⁶, and how fast it halves with inactivity. */
  readonly stale: { readonly factor: number; readonly half_life_ms: number }
  /** Shares of calls that are picked up, × 10⁶: first calls, later ones, stale leads. */
  readonly pickup: { readonly first: number; readonly again: number; readonly stale: number }
  /** Milliseconds a contractor spends on a call that is picked up, and on one that is not. */
  readonly seconds: { readonly answered_ms: number; readonly unanswered_ms: number }
}

/** What was known of a lead when it was awarded: what its outcome is learnt with. */
export interface Seen {
  readonly kind: 'first' | 'again' | 'callback' | 'stale'
  /** Attempts and reschedules before, at most 3. */
  readonly attempts: number
  /** Since it arrived; of a stale lead since its last activity, null where none is known. */
  readonly age_ms: number | null
  /** Values by feature, as in a model's weights. */
  readonly features: Readonly<Record<string, string>>
  /** Log-odds × 10⁶ that the campaign's own weights added. */
  readonly offset: number
  /** The chance of a conversion, if picked up, that the policy reckoned with, × 10⁶. */
  readonly chance: number
  /** Set where it was drawn to explore: how likely that draw was, × 10⁶. */
  readonly explored?: number
}

/** An attempt and what became of it: what a model is learnt from. */
export interface Outcome {
  readonly customer: number
  readonly at: number
  readonly seen: Seen
  /** null: nothing was learnt about it (wrong number: nobody could have been reached). */
  readonly picked_up: boolean | null
  /** null: not picked up, or not over yet (a callback). */
  readonly converted: boolean | null
  /** How long the contractor was busy with it, ms; null where it was not confirmed first. */
  readonly handled_ms: number | null
}

/** Chances foretold against what came, by tenths of the chance. */
export interface CalibrationBin {
  readonly from: number
  readonly to: number
  readonly n: number
  readonly predicted: number
  readonly observed: number
}

/** How well chances foretold outcomes that were not learnt yet; shares from 0 to 1. */
export interface Calibration {
  readonly n: number
  readonly base_rate: number
  readonly brier: number
  readonly log_loss: number
  /** Expected calibration error: mean distance of foretold and observed, weighed by calls. */
  readonly ece: number
  readonly bins: CalibrationBin[]
}
