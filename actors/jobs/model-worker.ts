// Model worker: of all workers, the one that learns. It reads the journal of every shard, keeps a
// model actor per customer, and publishes what they learnt for the hosts to adopt.
//
//   MW1. One worker learns at a time, under a claim. Two for a moment do no harm: entries are
//        written over the revision their writer saw, versions only grow, and hosts adopt only
//        higher ones.
//   MW2. What is known is what the log says. A worker may end at any instant: the next one goes on
//        from the last checkpoint, or from the beginning.

import { MODELS_BUCKET } from '../protocol/subjects.ts'
import { type Clock, sleep } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import { ModelBook, ModelStore } from '../runtime/model-store.ts'
import type { Link } from '../runtime/nats.ts'
import { type ClaimTimes, claimSole, type SoleClaim } from '../runtime/sole-claim.ts'
import { CheckpointStore } from './checkpoint.ts'
import { LearningTurn, type MakeLearner } from './learning-turn.ts'

/** Two words, so that who watches models does not see it. */
const PLACE = { bucket: MODELS_BUCKET, key: 'claim.learning' }
const RETRY_MS = 2000

export interface ModelWorkerOptions {
  link: Link
  clock: Clock
  log: Log
  makeLearner: MakeLearner
  claimTimes?: ClaimTimes
}

export class ModelWorker {
  readonly #options: ModelWorkerOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: ModelWorkerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#takeTurns()
  }

  /** Returns once what was learnt is put away and the claim is given back. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #takeTurns(): Promise<void> {
    const { link, log, claimTimes } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const claim = await claimSole(link, PLACE, signal, claimTimes)
        try {
          await this.#learn(claim)
        } finally {
          await claim.release()
        }
        if (!signal.aborted) log.warn('learning interrupted')
      } catch (error) {
        if (!signal.aborted) log.warn({ error: String(error) }, 'learning interrupted')
      }
      await sleep(RETRY_MS, signal).catch(() => undefined) // stopping: the loop sees it
    }
  }

  async #learn(claim: SoleClaim): Promise<void> {
    const { link, log, clock, makeLearner } = this.#options
    const store = await ModelStore.open(link, log)
    const checkpoints = await CheckpointStore.open(link, log)
    const book = ModelBook.follow(store)
    try {
      const parts = { link, clock, log, store, book, checkpoints, makeLearner }
      const turn = await LearningTurn.begin(parts)
      await turn.run(AbortSignal.any([this.#stopping.signal, claim.signal]))
      // Who took the claim over knows more by now.
      if (!claim.signal.aborted) await turn.save()
    } finally {
      await book.stop()
    }
  }
}
