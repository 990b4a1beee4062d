// Later calls: what is left of a lead's chance at its second, third and later calls, at a callback it
// asked for, and once it is stale; everybody's, for one customer has too few. Beliefs about the
// logarithm of each share, learnt together with the preferences (belief.ts).

import { MILLION, type Seen } from '../../protocol/model.ts'
import { PRIOR_MODEL } from '../prior-model.ts'
import { age, type Belief, type BeliefImage, belief, beliefImage, beliefOf } from './belief.ts'

/** A share of the prior is worth some 25 calls of the prior's chance. */
const VARIANCE = 0.22
/** A stale lead's share is known least: it may be a third of the prior or thrice. */
const STALE_VARIANCE = 0.5
/** A stale lead without any known activity counts as inactive for so long. */
const UNKNOWN_MS = 90 * 86_400_000
const CALLBACK_PRIOR = 1

/** By name: `again 1` to `again 3`, `callback`, `stale`. */
export type LaterCallsImage = readonly (readonly [name: string, held: BeliefImage])[]

export interface Later {
  readonly left: number
  /** null: a share that is not learnt. */
  readonly factor: Belief | null
}

export class LaterCalls {
  readonly #factors = new Map<string, Belief>([
    ...PRIOR_MODEL.again.map(
      (share, i) => [`again ${i + 1}`, belief(Math.log(share / MILLION), VARIANCE, 0)] as const,
    ),
    ['callback', belief(Math.log(CALLBACK_PRIOR), VARIANCE, 0)],
    ['stale', belief(Math.log(PRIOR_MODEL.stale.factor / MILLION), STALE_VARIANCE, 0)],
  ])

  static from(image: LaterCallsImage): LaterCalls {
    const later = new LaterCalls()
    for (const [name, held] of image) later.#factors.set(name, beliefOf(held))
    return later
  }

  image(): LaterCallsImage {
    return Array.from(this.#factors, ([name, held]) => [name, beliefImage(held)] as const)
  }

  /** What is left for a call that is no first one. */
  left(seen: Seen): Later {
    const name = nameOf(seen)
    const factor = name === null ? null : (this.#factors.get(name) ?? null)
    const share = Math.exp(factor?.mean ?? 0)
    if (seen.kind !== 'stale') return { left: share, factor }
    const inactive = Math.max(0, seen.age_ms ?? UNKNOWN_MS)
    return { left: share * 2 ** (-inactive / PRIOR_MODEL.stale.half_life_ms), factor }
  }

  /** The same, brought up to date to be learnt. */
  behind(seen: Seen, at: number): Later {
    const { left, factor } = this.left(seen)
    const variance = seen.kind === 'stale' ? STALE_VARIANCE : VARIANCE
    return { left, factor: factor === null ? null : age(factor, variance, at) }
  }

  /** Shares × 10⁶ at the second, third and any later call. */
  again(): [number, number, number] {
    return [this.#millionths('again 1'), this.#millionths('again 2'), this.#millionths('again 3')]
  }

  /** A stale lead's chance beside a live one's, × 10⁶. */
  stale(): number {
    return this.#millionths('stale')
  }

  #millionths(name: string): number {
    const share = Math.exp(this.#factors.get(name)?.mean ?? 0)
    return Math.round(Math.min(1, share) * MILLION)
  }
}

function nameOf({ kind, attempts }: Seen): string | null {
  if (kind === 'again') return attempts < 1 ? null : `again ${Math.min(3, attempts)}`
  return kind === 'first' ? null : kind
}
