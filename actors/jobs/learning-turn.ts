// Learning turn: one worker's time as the one that learns, from the last checkpoint to the loss of
// its claim.
//
//   LT1. Nothing is published before everything is learnt that was in the log at the start.
//   LT2. What is published is learnt from the log up to `seq`, and written over the entry it was
//        compared with; who wrote meanwhile is compared with at the next look.

import { setImmediate as turn } from 'node:timers/promises'
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { Learner, type LearnerImage } from '../policy/learning/learner.ts'
import { EngineError } from '../protocol/errors.ts'
import { decodeRecord } from '../protocol/record.ts'
import { EVENTS, eventsSubject } from '../protocol/subjects.ts'
import { type Clock, sleep } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { ModelBook, ModelStore } from '../runtime/model-store.ts'
import { type Link, PULL_MS } from '../runtime/nats.ts'
import type { CheckpointStore } from './checkpoint.ts'
import { LearningFold } from './learning-fold.ts'
import type { Learning, ModelActor } from './model-actor.ts'

const READ_AHEAD = 256
/** The server forgets the consumer of a worker that died after this, ms. */
const CONSUMER_IDLE_MS = 30_000
const LOOK_MS = 1000
const CHECKPOINT_MS = 30_000
/** A reader that got nothing for so long although the log went on is replaced. */
const DEAF_MS = 15_000
/** Folding is all work: imports beside it in this process get their turn after so long. */
const WORK_MS = 10

/** A learner that can be put away and taken up again. */
export interface KeptLearner extends Learning {
  image(): unknown
}

/** A new learner, or one as it was when its image was taken. Throws for an image it cannot read. */
export type MakeLearner = (image?: unknown) => KeptLearner

export const makeLearner: MakeLearner = (image) =>
  // What stands in a checkpoint was some learner's image; `from` refuses one of a later version.
  image === undefined ? new Learner() : Learner.from(image as LearnerImage)

export interface TurnParts {
  link: Link
  clock: Clock
  log: Log
  store: ModelStore
  book: ModelBook
  checkpoints: CheckpointStore
  makeLearner: MakeLearner
}

export class LearningTurn {
  readonly #parts: TurnParts
  readonly #learner: KeptLearner
  readonly #fold: LearningFold
  /** The log's last sequence when the turn began. */
  readonly #target: number
  #behind = true
  #savedSeq: number
  #savedAt = performance.now()
  #movedAt = performance.now()

  private constructor(parts: TurnParts, learner: KeptLearner, fold: LearningFold, target: number) {
    this.#parts = parts
    this.#learner = learner
    this.#fold = fold
    this.#target = target
    this.#savedSeq = fold.seq
  }

  /** Takes up what the last checkpoint holds, or begins anew. */
  static async begin(parts: TurnParts): Promise<LearningTurn> {
    const { link, log, checkpoints } = parts
    const target = (await link.jsm.streams.info(EVENTS)).state.last_seq
    const onFault = (error: unknown, seq: number) =>
      log.error({ seq, error: String(error) }, 'outcome not learnt')
    const checkpoint = await checkpoints.load()
    if (checkpoint !== null && checkpoint.fold.seq <= target) {
      try {
        const learner = parts.makeLearner(checkpoint.learner)
        const fold = new LearningFold(learner, onFault)
        fold.load(checkpoint.fold)
        log.info({ seq: fold.seq, customers: fold.actors.size }, 'learning goes on')
        return new LearningTurn(parts, learner, fold, target)
      } catch (error) {
        log.warn({ error: String(error) }, 'checkpoint not understood, learning anew from the log')
      }
    }
    log.info({ target }, 'learning begins with the log')
    const learner = parts.makeLearner()
    return new LearningTurn(parts, learner, new LearningFold(learner, onFault), target)
  }

  /** Learns until `signal` aborts or the log cannot be read on; then another turn begins anew. */
  async run(signal: AbortSignal): Promise<void> {
    const messages = await this.#read()
    const stop = () => messages.stop()
    const ended = new AbortController()
    signal.addEventListener('abort', stop)
    const looking = this.#look(messages, ended.signal)
    try {
      if (!signal.aborted) await this.#learn(messages)
    } finally {
      signal.removeEventListener('abort', stop)
      stop()
      ended.abort()
      await looking
    }
  }

  /** Puts away what was learnt since the last checkpoint. */
  async save(): Promise<void> {
    if (this.#fold.seq === this.#savedSeq) return
    const fold = this.#fold.image()
    await this.#parts.checkpoints.save({ fold, learner: this.#learner.image() })
    this.#savedSeq = fold.seq
    this.#savedAt = performance.now()
  }

  #read(): Promise<ConsumerMessages> {
    const { js } = this.#parts.link
    const reading = js.consumers.get(EVENTS, {
      filter_subjects: [eventsSubject('*')],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#fold.seq + 1,
      inactive_threshold: CONSUMER_IDLE_MS,
    })
    const ahead = { max_messages: READ_AHEAD, expires: PULL_MS }
    return reading.then((consumer) => consumer.consume(ahead))
  }

  async #learn(messages: ConsumerMessages): Promise<void> {
    let since = performance.now()
    for await (const message of messages) {
      this.#foldRecord(message)
      const now = performance.now()
      this.#movedAt = now
      if (now - since < WORK_MS) continue
      await turn()
      since = performance.now()
    }
  }

  #foldRecord(message: JsMsg): void {
    try {
      this.#fold.fold(message.seq, decodeRecord(message.data).events)
    } catch (error) {
      // What a newer build wrote is for a newer build to learn from.
      if (error instanceof EngineError && error.code === 'FORMAT_VERSION') throw error
      // Its shard is halted by its owner, loudly; the others' outcomes are learnt.
      this.#parts.log.warn({ seq: message.seq, error: String(error) }, 'record not learnt')
      this.#fold.fold(message.seq, [])
    }
  }

  async #look(messages: ConsumerMessages, ended: AbortSignal): Promise<void> {
    const { log } = this.#parts
    while (!ended.aborted) {
      try {
        await sleep(LOOK_MS, ended)
        if (this.#fold.seq >= this.#target) await this.#publishAll()
        const now = performance.now()
        if (now - this.#savedAt > CHECKPOINT_MS) await this.save()
        if (now - this.#movedAt > DEAF_MS && (await this.#isDeaf())) messages.stop()
      } catch (error) {
        if (!ended.aborted) log.warn({ error: String(error) }, 'models not published')
      }
    }
  }

  async #publishAll(): Promise<void> {
    const { seq, learnt, skipped, actors } = this.#fold
    if (this.#behind) this.#parts.log.info({ seq, learnt, skipped }, 'learning caught up')
    this.#behind = false
    for (const actor of actors.values()) await this.#publish(actor)
  }

  async #publish(actor: ModelActor): Promise<void> {
    const { store, book, clock, log } = this.#parts
    const { entry: before, revision } = book.held(actor.customer)
    const now = performance.now()
    const at = { seq: this.#fold.seq, now, wall: clock.now() }
    const entry = actor.publish(before, at)
    if (entry === null) return
    const written = await store.put(entry, revision)
    if (written === null) return
    actor.published(now)
    book.note({ entry, revision: written })
    // The first is worth keeping at once; and a worker that dies young leaves something.
    if (before === null) await this.save()
    const { version, calls } = entry.model
    log.info({ customer: actor.customer, version, calls, seq: at.seq }, 'model published')
  }

  async #isDeaf(): Promise<boolean> {
    this.#movedAt = performance.now() // Asked again only after as long.
    const { seq } = this.#fold
    const { last_seq } = (await this.#parts.link.jsm.streams.info(EVENTS)).state
    return last_seq > seq && this.#fold.seq === seq
  }
}
