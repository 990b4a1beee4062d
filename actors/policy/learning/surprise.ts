// Surprise: whether a customer's recent outcomes can still come from the chances that were foretold.
// Two sums that forget, each normal with mean 0 as long as the chances hold: of y − q (the level is
// off) and of (y − q) times the log-odds' distance from their mean (the order is: who should convert
// does not, and the reverse).

/** Each sum looks back over about so many outcomes. */
const MEMORY = 60
const KEPT = 1 - 1 / MEMORY
/** Fewer outcomes than this are no series. */
const LEAST = 25
/** Standard deviations; of 100,000 planted calls whose truth did not change none went past them. */
const LEVEL_Z = 4.2
const ORDER_Z = 4.2
/** Variance of log-odds below which there is no order that could be wrong, only noise of learning. */
const SPREAD_MIN = 0.08

export type SurpriseImage = readonly number[]

export class Surprise {
  #seen = 0
  #mean = 0
  #level = 0
  #levelVariance = 0
  #order = 0
  #orderVariance = 0

  static from(image: SurpriseImage): Surprise {
    const [seen = 0, mean = 0, level = 0, levelVariance = 0, order = 0, orderVariance = 0] = image
    const surprise = new Surprise()
    surprise.#seen = seen
    surprise.#mean = mean
    surprise.#level = level
    surprise.#levelVariance = levelVariance
    surprise.#order = order
    surprise.#orderVariance = orderVariance
    return surprise
  }

  image(): SurpriseImage {
    const level = [this.#level, this.#levelVariance]
    return [this.#seen, this.#mean, ...level, this.#order, this.#orderVariance]
  }

  /** Takes an outcome with the chance that was foretold; says what became doubtful by it, if any. */
  note(chance: number, converted: boolean): 'level' | 'tastes' | null {
    const logit = Math.log(chance / (1 - chance))
    const rate = 1 / Math.min(++this.#seen, MEMORY)
    this.#mean += rate * (logit - this.#mean)
    const off = (converted ? 1 : 0) - chance
    const variance = chance * (1 - chance)
    const distance = logit - this.#mean
    this.#level = KEPT * this.#level + off
    this.#levelVariance = KEPT * KEPT * this.#levelVariance + variance
    this.#order = KEPT * this.#order + off * distance
    this.#orderVariance = KEPT * KEPT * this.#orderVariance + variance * distance * distance
    return this.#verdict()
  }

  #verdict(): 'level' | 'tastes' | null {
    if (this.#seen < LEAST) return null
    const told = this.#orderVariance > SPREAD_MIN * this.#levelVariance
    const order = told ? this.#order / Math.sqrt(this.#orderVariance) : 0
    const level = this.#level / Math.sqrt(this.#levelVariance || 1)
    const verdict = order < -ORDER_Z ? 'tastes' : Math.abs(level) > LEVEL_Z ? 'level' : null
    // What was doubted is learnt anew, and judged by what comes from here on.
    if (verdict !== null) this.#begin()
    return verdict
  }

  #begin(): void {
    this.#seen = 0
    this.#level = 0
    this.#levelVariance = 0
    this.#order = 0
    this.#orderVariance = 0
  }
}
