// Lead table: the lead machine as numbers, generated from it. A lead's whole machine state is one
// 16-bit integer, a step is one array read. Proven equal to the machine by a property test.
//
// A step is asked of the machine when a lead first takes it, and read from the table ever after: all
// of them at once take a tenth of a second, in which nobody is served.

import { transition } from 'xstate'
import type { LeadState } from '../protocol/events.ts'
import type { LeadType } from '../protocol/lead.ts'
import { type LeadMachineEvent, leadMachine, type Origin } from './lead.ts'

export type Move = LeadMachineEvent['type']

const STATES = [
  'new',
  'waiting',
  'rescheduled',
  'callback',
  'stale',
  'leased',
  'confirmed',
  'converted',
  'lost',
  'invalid',
  'suppressed',
  // Behind the ends, for configurations of older snapshots keep their numbers.
  'held',
] as const
const ORIGINS: readonly Origin[] = ['waiting', 'rescheduled', 'callback', 'stale']
export const MOVES: readonly Move[] = [
  'accept.live',
  'accept.rescheduled',
  'accept.stale',
  'award',
  'confirm',
  'return',
  'miss',
  'busy',
  'callback',
  'converted',
  'lost',
  'invalid',
  'suppressed',
  'retype.live',
  'retype.stale',
  'retype.rescheduled',
  'later',
  'hold',
  'release',
]

/** The most reschedules a campaign may set, and so the largest count a configuration holds. */
const RESCHEDULES_MAX = 10
const RESCHEDULE_SPAN = 16
const SIZE = STATES.length * ORIGINS.length * 2 * RESCHEDULE_SPAN
const ILLEGAL = -1
const UNKNOWN = -2

/** A lead's machine state as one integer; stored in rows and snapshots, so its form is fixed. */
export type Config = number

interface Parts {
  state: (typeof STATES)[number]
  origin: Origin
  leadType: LeadType
  reschedules: number
}

export function configOf(parts: Parts): Config {
  const state = STATES.indexOf(parts.state)
  const origin = ORIGINS.indexOf(parts.origin)
  const type = parts.leadType === 'Live' ? 0 : 1
  return ((state * ORIGINS.length + origin) * 2 + type) * RESCHEDULE_SPAN + parts.reschedules
}

/** The configuration of a lead that was never accepted. */
export const NEW: Config = configOf({
  state: 'new',
  origin: 'waiting',
  leadType: 'Live',
  reschedules: 0,
})

export function stateOf(config: Config): LeadState {
  // `new` is not a state a row can be in: rows begin with the event that accepts the lead.
  return STATES[Math.floor(config / (ORIGINS.length * 2 * RESCHEDULE_SPAN))] as LeadState
}

export function originOf(config: Config): Origin {
  return ORIGINS[Math.floor(config / (2 * RESCHEDULE_SPAN)) % ORIGINS.length] as Origin
}

export function leadTypeOf(config: Config): LeadType {
  return Math.floor(config / RESCHEDULE_SPAN) % 2 === 0 ? 'Live' : 'Stale'
}

export function reschedulesOf(config: Config): number {
  return config % RESCHEDULE_SPAN
}

export function isTerminal(config: Config): boolean {
  return config >= FIRST_TERMINAL && config < FIRST_HELD
}

const FIRST_TERMINAL = configOf({
  state: 'converted',
  origin: 'waiting',
  leadType: 'Live',
  reschedules: 0,
})

const FIRST_HELD = configOf({
  state: 'held',
  origin: 'waiting',
  leadType: 'Live',
  reschedules: 0,
})

const moveIndex = new Map(MOVES.map((move, index) => [move, index]))

/** The machine's transitions for one `reschedule.max`, as far as they were asked for. */
export class LeadTable {
  readonly #max: number
  readonly #next = new Int16Array(SIZE * MOVES.length).fill(UNKNOWN)

  private constructor(max: number) {
    this.#max = max
  }

  /** The configuration after `move`, or null where the machine has no such transition. */
  step(config: Config, move: Move): Config | null {
    const place = config * MOVES.length + (moveIndex.get(move) ?? 0)
    let next = this.#next[place] ?? ILLEGAL
    if (next === UNKNOWN) {
      next = this.#ask(config, move)
      this.#next[place] = next
    }
    return next === ILLEGAL ? null : next
  }

  #ask(config: Config, move: Move): number {
    const parts = partsOf(config)
    const to = parts === null ? null : machineStep(parts, move, this.#max)
    return to === null ? ILLEGAL : configOf(to)
  }

  static #tables = new Map<number, LeadTable>()

  /** The table for a campaign's `reschedule.max`. */
  static for(max: number): LeadTable {
    let table = LeadTable.#tables.get(max)
    if (table === undefined) {
      table = new LeadTable(max)
      LeadTable.#tables.set(max, table)
    }
    return table
  }
}

/** What a configuration stands for; null for a number no row may have. */
function partsOf(config: Config): Parts | null {
  const state = STATES[Math.floor(config / (ORIGINS.length * 2 * RESCHEDULE_SPAN))]
  const origin = originOf(config)
  const reschedules = reschedulesOf(config)
  // An origin means something only while leased.
  const isLeased = state === 'leased' || state === 'confirmed'
  if (state === undefined || reschedules > RESCHEDULES_MAX) return null
  if (!isLeased && origin !== 'waiting') return null
  return { state, origin, leadType: leadTypeOf(config), reschedules }
}

/** One step of the machine itself; null where it refuses the event. */
export function machineStep(parts: Parts, move: Move, max: number): Parts | null {
  const snapshot = leadMachine.resolveState({
    value: parts.state,
    context: {
      leadType: parts.leadType,
      reschedules: parts.reschedules,
      max,
      origin: parts.origin,
    },
  })
  if (!snapshot.can({ type: move })) return null
  const [after] = transition(leadMachine, snapshot, { type: move })
  const { leadType, reschedules, origin } = after.context
  return { state: after.value, origin, leadType, reschedules }
}
