// Service: what a handler of a collections service is given: the call, and ways to ask the engine
// inside what is left of the caller's budget.

import type { Command, CommandReply, OfficeRequest } from '../../actors/protocol/commands.ts'
import type { Dictionary } from '../../actors/protocol/dispositions.ts'
import { fnv1a, type ShardId } from '../../actors/protocol/ids.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import { OFFICE, type Service } from '../../actors/protocol/subjects.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import type { Log } from '../../actors/runtime/log.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import type { OfficeBook } from '../../actors/runtime/office-book.ts'
import type { Router } from '../../actors/runtime/router.ts'
import type { Answer, Call } from '../auction/services.ts'

const MARGIN_MS = 20
/** Asked again at once when nobody answered. */
const RETRY_AFTER_MS = 250

export interface DeskContext {
  router: Router
  link: Link
  log: Log
  clock: Clock
  /** Catalogue, agents and offers as the office last published them. */
  book: OfficeBook
  /** Keyed hash of a normalised phone or an account number; `Vault.hash`. */
  hash: (text: string) => number
  /** Where national phone numbers are from, ISO 3166 alpha-2. */
  country: string
}

export type Handler = (call: Call, ctx: Ctx) => Promise<Reply>
export type Services = { readonly [service in Service]?: Handler }

/** One call's view of the engine. */
export class Ctx {
  readonly desk: DeskContext
  readonly #answer: Answer
  readonly #call: Call
  readonly #deadline: number

  constructor(desk: DeskContext, answer: Answer, call: Call) {
    this.desk = desk
    this.#answer = answer
    this.#call = call
    this.#deadline = performance.now() + Math.max(10, call.budgetMs - MARGIN_MS)
  }

  /** What is left of the caller's patience, ms; at least 10. */
  get leftMs(): number {
    return Math.max(10, this.#deadline - performance.now())
  }

  get dictionary(): Dictionary {
    return this.desk.book.dictionary
  }

  now(): number {
    return this.desk.clock.now()
  }

  shards(): ShardId[] {
    return Array.from({ length: this.desk.router.shards }, (_, shard) => shard as ShardId)
  }

  /**
   * Asks a shard's owner; null where it did not answer in time. What changes something twice when it
   * is done twice says `repeatable: false`.
   */
  async command(
    shard: ShardId,
    command: Command,
    { repeatable = true, withinMs = this.leftMs }: { repeatable?: boolean; withinMs?: number } = {},
  ): Promise<CommandReply | null> {
    const patience = repeatable ? {} : { tryMs: withinMs }
    const answer = await this.desk.router.ask(shard, command, withinMs, { repeatable, ...patience })
    return answer.type === 'unanswered' ? null : answer
  }

  /** Asks a shard's owner for a reply to pass on; `unavailable` where there is none in time. */
  async ask(shard: ShardId, command: Command, repeatable = true): Promise<Reply> {
    const answer = await this.command(shard, command, { repeatable })
    return answer?.type === 'reply' ? answer.reply : this.unavailable()
  }

  /** Asks every shard; null where one of them did not answer in time. */
  async all(command: Command): Promise<CommandReply[] | null> {
    const answers = await Promise.all(this.shards().map((shard) => this.command(shard, command)))
    const given = answers.filter((answer) => answer !== null)
    return given.length === answers.length ? given : null
  }

  /** Asks the office. */
  office(request: OfficeRequest): Promise<Reply> {
    const shard = (fnv1a(OFFICE) % this.desk.router.shards) as ShardId
    return this.ask(shard, { type: 'office', request })
  }

  /** Calls another service with what is left of this call's budget. */
  service(service: Service, body: unknown): Promise<Reply | Uint8Array> {
    return this.#answer({ ...this.#call, service, body, budgetMs: this.leftMs })
  }

  unavailable(): Reply {
    return { type: 'unavailable', retry_after_ms: RETRY_AFTER_MS }
  }
}
