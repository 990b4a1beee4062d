// Contact blocks: which leads a rule on attempts keeps asleep, and until when. Advice, and no part of
// the campaign's state: a snapshot does not hold it, and what is missing here costs one refused
// confirm.

export type BlockReason = 'capped' | 'cooling'

interface Block {
  until: number
  reason: BlockReason
  /** Its lead sleeps for it just now. */
  counted: boolean
}

export class ContactBlocks {
  readonly #blocks = new Map<number, Block>()
  /** Leads that sleep for nothing but a block, by its reason. */
  readonly counts: { [reason in BlockReason]: number } = { capped: 0, cooling: 0 }

  /** Keeps a row asleep until then; the row must be in no queue. */
  set(row: number, until: number, reason: BlockReason): void {
    this.woke(row)
    this.#blocks.set(row, { until, reason, counted: false })
  }

  /** Takes a row's block back; the row must be in no queue. */
  lift(row: number): void {
    this.woke(row)
    this.#blocks.delete(row)
  }

  clear(): void {
    this.#blocks.clear()
    this.recount()
  }

  /** Counts anew from none: the queue is being made anew, and nothing sleeps yet. */
  recount(): void {
    for (const block of this.#blocks.values()) block.counted = false
    this.counts.capped = 0
    this.counts.cooling = 0
  }

  /** Why a row may not be offered, and until when; null where nothing is known against it. */
  of(row: number): { until: number; reason: BlockReason } | null {
    const block = this.#blocks.get(row)
    return block === undefined ? null : { until: block.until, reason: block.reason }
  }

  /** When a row that is eligible then wakes. */
  wakesAt(row: number, eligibleAt: number): number {
    if (this.#blocks.size === 0) return eligibleAt
    return Math.max(eligibleAt, this.#blocks.get(row)?.until ?? eligibleAt)
  }

  /** Takes note that a row was put to sleep: for its block, unless it is not due for longer. */
  sleeps(row: number, eligibleAt: number): void {
    const block = this.#blocks.get(row)
    if (block === undefined || block.until < eligibleAt) return
    block.counted = true
    this.counts[block.reason]++
  }

  /** Takes note that a row sleeps no more. */
  woke(row: number): void {
    const block = this.#blocks.get(row)
    if (block?.counted !== true) return
    block.counted = false
    this.counts[block.reason]--
  }

  /** Forgets a row's block once its time has come. */
  expire(row: number, now: number): void {
    const block = this.#blocks.get(row)
    if (block !== undefined && block.until <= now) this.lift(row)
  }
}
