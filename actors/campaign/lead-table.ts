// Lead table: the lead machine as numbers, generated from it. A lead's whole machine state is one
// 16-bit integer, a step is one array read. Proven equal to the machine by a property test.

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

/** The machine's transitions for one `reschedule.max`. */
export class LeadTable {
  readonly #next: Int16Array

  private constructor(next: Int16Array) {
    this.#next = next
  }

  /** The configuration after `move`, or null where the machine has no such transition. */
  step(config: Config, move: Move): Config | null {
    const next = this.#next[config * MOVES.length + (moveIndex.get(move) ?? 0)]
    return next === undefined || next === ILLEGAL ? null : next
  }

  static #tables = new Map<number, LeadTable>()

  /** The table for a campaign's `reschedule.max`, generated from the machine on first use. */
  static for(max: number): LeadTable {
    let table = LeadTable.#tables.get(max)
    if (table === undefined) {
      table = new LeadTable(generate(max))
      LeadTable.#tables.set(max, table)
    }
    return table
  }
}

function generate(max: number): Int16Array {
  const next = new Int16Array(SIZE * MOVES.length).fill(ILLEGAL)
  for (const parts of configurations()) {
    const config = configOf(parts)
    for (const [index, move] of MOVES.entries()) {
      const to = machineStep(parts, move, max)
      if (to !== null) next[config * MOVES.length + index] = configOf(to)
    }
  }
  return next
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

/** Every configuration a row may be in; an origin means something only while leased. */
function* configurations(): Generator<Parts> {
  for (const state of STATES) {
    const leased = state === 'leased' || state === 'confirmed'
    for (const origin of leased ? ORIGINS : (['waiting'] as const)) {
      for (const leadType of ['Live', 'Stale'] as const) {
        for (let reschedules = 0; reschedules <= RESCHEDULES_MAX; reschedules++) {
          yield { state, origin, leadType, reschedules }
        }
      }
    }
  }
}
