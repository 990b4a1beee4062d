// Field: the contenders of a run, started and filled, who take turns.
//
//   F1. Who breaks a promise, or ends, is out of the run and named in its faults; the rest go on.
//   F2. The order of turns moves on by one each round, so that nobody always follows the same.
//   F3. A round begins with new servers and new data (but in short form): what a round leaves behind
//       burdens no other, and rounds are independent.
//   F4. Told to end, a field ends all it has started, and starts nothing more.

import { Entrant, type Turn, type TurnOrder } from './entrant.ts'
import { CONTENDERS } from './peers/all.ts'
import type { ContenderKind, World } from './peers/contender.ts'
import type { Run } from './results.ts'

export type Say = (words: string) => void

/** Turns of every contender in every cell, round by round. */
export interface Game<Cell> {
  rounds: number
  /** New servers and data for each round (F3). */
  fresh: boolean
  cells: readonly Cell[]
  /** Who there is to choose from; the standard is every contender. */
  kinds?: ReadonlyMap<string, ContenderKind>
  /** Adds who takes part. */
  setUp(field: Field): Promise<void>
  /** The turn of a cell; the same `seed` for every contender of a round. */
  order(cell: Cell, seed: number): TurnOrder
  /** Whether a contender is spared a cell. */
  spares?(contender: string, cell: Cell, round: number): boolean
  /** Told after each turn, before the next. */
  heard(contender: string, cell: Cell, turn: Turn, round: number): void
}

/** What one contender did in one cell; null for a round without a turn. */
export interface Played<Cell> {
  contender: string
  cell: Cell
  turns: (Turn | null)[]
}

export class Field implements AsyncDisposable {
  static readonly #open = new Set<Field>()

  /** Ends what any field has started; for a process that is told to end. */
  static async endAll(): Promise<void> {
    await Promise.allSettled([...Field.#open].map((field) => field[Symbol.asyncDispose]()))
  }

  /** Plays all rounds; ends what it started. */
  static async play<Cell>(game: Game<Cell>, run: Run, say: Say): Promise<Played<Cell>[]> {
    const rows = new Rows(game)
    const out = new Set<string>()
    const fields = game.fresh ? game.rounds : 1
    for (let i = 0; i < fields; i++) {
      await using field = new Field(run, say, out, game.kinds ?? CONTENDERS)
      await game.setUp(field)
      const rounds = game.fresh ? [i] : Array.from({ length: game.rounds }, (_, round) => round)
      for (const round of rounds) await field.#round(round, game, rows)
      if (field.#ended !== undefined) break
    }
    return rows.all
  }

  readonly #entrants = new Map<string, Entrant>()
  readonly #kinds: ReadonlyMap<string, ContenderKind>
  readonly #run: Run
  readonly #say: Say
  readonly #out: Set<string>
  #ended: Promise<void> | undefined

  private constructor(
    run: Run,
    say: Say,
    out: Set<string>,
    kinds: ReadonlyMap<string, ContenderKind>,
  ) {
    this.#kinds = kinds
    this.#run = run
    this.#say = say
    this.#out = out
    Field.#open.add(this)
  }

  /** Starts those named, one after the other, so that none slows another's filling. */
  async addAll(names: readonly string[], world: World, leads: number): Promise<void> {
    for (const name of names) await this.add(name, name, world, leads)
  }

  /** Starts one under a key of its own; a contender that cannot run here is skipped with a word. */
  async add(key: string, name: string, world: World, leads: number): Promise<void> {
    const kind = this.#kinds.get(name)
    if (kind === undefined) throw new Error(`there is no contender ${name}`)
    const why = kind.missing()
    if (why !== null) {
      if (!(name in this.#run.skipped)) this.#say(`${name} is left out: ${why}`)
      this.#run.skipped[name] = why
      return
    }
    if (this.#ended !== undefined || this.#out.has(key)) return
    const began = performance.now()
    try {
      const entrant = await Entrant.start({ name: key, kind, world, leads })
      // Told to end while it started: then nobody else would end it.
      if (this.#ended !== undefined) return await entrant[Symbol.asyncDispose]()
      this.#entrants.set(key, entrant)
      const { label, does, durable, lacks } = kind
      const settings = await entrant.contender.settings()
      this.#run.contenders[name] ??= { label, does, durable, lacks, settings }
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      this.#say(`${key} is ready after ${seconds} s`)
    } catch (error) {
      this.#fault(key, error)
    }
  }

  async #round<Cell>(round: number, game: Game<Cell>, rows: Rows<Cell>): Promise<void> {
    const keys = [...this.#entrants.keys()]
    const from = keys.length === 0 ? 0 : round % keys.length
    const inTurn = [...keys.slice(from), ...keys.slice(0, from)]
    for (const [place, cell] of game.cells.entries()) {
      const order = game.order(cell, 1 + round * game.cells.length + place)
      for (const contender of inTurn) {
        if (game.spares?.(contender, cell, round) === true) continue
        const turn = await this.#turn(contender, order)
        if (turn === null) continue
        rows.note(contender, cell, turn, round)
        game.heard(contender, cell, turn, round)
      }
    }
  }

  /** One turn of one contender; null when it is out, or goes out of the run by it. */
  async #turn(key: string, order: TurnOrder): Promise<Turn | null> {
    const entrant = this.#entrants.get(key)
    if (entrant === undefined) return null
    try {
      return await entrant.turn(order)
    } catch (error) {
      if (this.#ended !== undefined) return null
      this.#fault(key, error)
      this.#entrants.delete(key)
      await entrant[Symbol.asyncDispose]()
      return null
    }
  }

  #fault(key: string, error: unknown): void {
    const words = error instanceof Error ? error.message : String(error)
    const fault = words.startsWith(key) ? words : `${key}: ${words}`
    this.#out.add(key)
    this.#run.faults.push(fault)
    this.#say(`FAULT ${fault}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    const entrants = [...this.#entrants.values()]
    this.#entrants.clear()
    for (const entrant of entrants) await entrant[Symbol.asyncDispose]()
    Field.#open.delete(this)
  }
}

/** The turns of a game as they come in. */
class Rows<Cell> {
  readonly all: Played<Cell>[] = []
  readonly #rounds: number

  constructor({ rounds }: Game<Cell>) {
    this.#rounds = rounds
  }

  note(contender: string, cell: Cell, turn: Turn, round: number): void {
    let row = this.all.find((played) => played.contender === contender && played.cell === cell)
    if (row === undefined) {
      const turns = new Array<Turn | null>(this.#rounds).fill(null)
      row = { contender, cell, turns }
      this.all.push(row)
    }
    row.turns[round] = turn
  }
}
