// Lead: the machine every lead goes through, as one xstate definition. It is the drawing in
// DESIGN.md, the truth in arguments, and the source of the table that serves the hot path
// (lead-table.ts). A lead in an actor of its own would cost 3.5 kB and 10 µs a step.
//
//   L1. A lead is leased from where it waited, and a lease that ends without an outcome puts it
//       back exactly there.
//   L2. A live lead that misses is rescheduled while `reschedules < max`; the miss after the last
//       makes it stale. There is no way to a reschedule beyond `max`.
//   L3. The four ends are final: no event leaves them.
//   L4. A held lead is attempted by nobody until it is released or an outcome comes without an
//       attempt of ours; it is released to where its type waits.

import { assign, setup } from 'xstate'
import type { LeadType } from '../protocol/lead.ts'

/** Where a lead waits to be called, and so where a lease can return it to. */
export type Origin = 'waiting' | 'rescheduled' | 'callback' | 'stale'

export interface LeadContext {
  leadType: LeadType
  reschedules: number
  /** The campaign's `reschedule.max`. */
  max: number
  /** Where the open lease took it from; `waiting` while there is none. */
  origin: Origin
}

export type LeadMachineEvent =
  | { type: 'accept.live' }
  | { type: 'accept.rescheduled' }
  | { type: 'accept.stale' }
  | { type: 'award' }
  | { type: 'confirm' }
  | { type: 'return' }
  | { type: 'miss' }
  | { type: 'busy' }
  | { type: 'later' }
  | { type: 'callback' }
  | { type: 'hold' }
  | { type: 'release' }
  | { type: 'converted' }
  | { type: 'lost' }
  | { type: 'invalid' }
  | { type: 'suppressed' }
  | { type: 'retype.live' }
  | { type: 'retype.stale' }
  | { type: 'retype.rescheduled' }

const machine = setup({
  types: {
    context: {} as LeadContext,
    events: {} as LeadMachineEvent,
    input: {} as { max: number },
  },
  guards: {
    canReschedule: ({ context }) =>
      context.leadType === 'Live' && context.reschedules < context.max,
    isLive: ({ context }) => context.leadType === 'Live',
    fromWaiting: ({ context }) => context.origin === 'waiting',
    fromRescheduled: ({ context }) => context.origin === 'rescheduled',
    fromCallback: ({ context }) => context.origin === 'callback',
  },
  actions: {
    reschedule: assign({
      reschedules: ({ context }) => context.reschedules + 1,
      origin: 'waiting',
    }),
    exhaust: assign({ leadType: 'Stale', origin: 'waiting' }),
    close: assign({ origin: 'waiting' }),
    fromWaiting: assign({ origin: 'waiting' }),
    fromRescheduled: assign({ origin: 'rescheduled' }),
    fromCallback: assign({ origin: 'callback' }),
    fromStale: assign({ origin: 'stale' }),
    /** The customer says it is live again: as fresh as a new one. */
    freshen: assign({ leadType: 'Live', reschedules: 0 }),
    freshenOrigin: assign({
      leadType: 'Live',
      reschedules: ({ context }) => (context.leadType === 'Live' ? context.reschedules : 0),
      origin: ({ context }) => (context.origin === 'stale' ? 'waiting' : context.origin),
    }),
    age: assign({ leadType: 'Stale' }),
    ageOrigin: assign({
      leadType: 'Stale',
      origin: ({ context }) => (context.origin === 'callback' ? 'callback' : 'stale'),
    }),
    countReschedule: assign({ reschedules: ({ context }) => Math.max(1, context.reschedules) }),
    countRescheduleOrigin: assign({
      reschedules: ({ context }) => Math.max(1, context.reschedules),
      origin: ({ context }) => (context.origin === 'waiting' ? 'rescheduled' : context.origin),
    }),
  },
})

/** What a disposition does wherever the lead is; one that waits may be reached without an award. */
const outcomes = {
  miss: [
    { guard: 'canReschedule', target: 'rescheduled', actions: 'reschedule' },
    { target: 'stale', actions: 'exhaust' },
  ],
  later: [
    { guard: 'isLive', target: 'rescheduled', actions: 'close' },
    { target: 'stale', actions: 'close' },
  ],
  callback: { target: 'callback', actions: 'close' },
  hold: { target: 'held', actions: 'close' },
  converted: { target: 'converted', actions: 'close' },
  lost: { target: 'lost', actions: 'close' },
  invalid: { target: 'invalid', actions: 'close' },
  suppressed: { target: 'suppressed', actions: 'close' },
} as const

const back = [
  { guard: 'fromWaiting', target: 'waiting', actions: 'close' },
  { guard: 'fromRescheduled', target: 'rescheduled', actions: 'close' },
  { guard: 'fromCallback', target: 'callback', actions: 'close' },
  { target: 'stale', actions: 'close' },
] as const

const retypeLeased = {
  'retype.live': { actions: 'freshenOrigin' },
  'retype.stale': { actions: 'ageOrigin' },
  'retype.rescheduled': { actions: 'countRescheduleOrigin' },
} as const

export const leadMachine = machine.createMachine({
  id: 'lead',
  context: ({ input }) => ({
    leadType: 'Live',
    reschedules: 0,
    max: input.max,
    origin: 'waiting',
  }),
  initial: 'new',
  states: {
    new: {
      on: {
        'accept.live': 'waiting',
        'accept.rescheduled': { target: 'rescheduled', actions: 'countReschedule' },
        'accept.stale': { target: 'stale', actions: 'age' },
      },
    },
    waiting: {
      on: {
        award: { target: 'leased', actions: 'fromWaiting' },
        busy: 'waiting',
        ...outcomes,
        'retype.stale': { target: 'stale', actions: 'age' },
        'retype.rescheduled': { target: 'rescheduled', actions: 'countReschedule' },
      },
    },
    rescheduled: {
      on: {
        award: { target: 'leased', actions: 'fromRescheduled' },
        busy: 'rescheduled',
        ...outcomes,
        'retype.stale': { target: 'stale', actions: 'age' },
        'retype.rescheduled': 'rescheduled',
      },
    },
    callback: {
      on: {
        award: { target: 'leased', actions: 'fromCallback' },
        busy: 'callback',
        ...outcomes,
        'retype.live': { actions: 'freshen' },
        'retype.stale': { actions: 'age' },
      },
    },
    stale: {
      on: {
        award: { target: 'leased', actions: 'fromStale' },
        busy: 'stale',
        ...outcomes,
        'retype.live': { target: 'waiting', actions: 'freshen' },
      },
    },
    leased: {
      on: { confirm: 'confirmed', return: back, busy: back, ...outcomes, ...retypeLeased },
    },
    confirmed: { on: { return: back, busy: back, ...outcomes, ...retypeLeased } },
    held: {
      on: {
        ...outcomes,
        release: [{ guard: 'isLive', target: 'rescheduled' }, { target: 'stale' }],
        'retype.live': { actions: 'freshen' },
        'retype.stale': { actions: 'age' },
        'retype.rescheduled': { actions: 'countReschedule' },
      },
    },
    converted: { type: 'final' },
    lost: { type: 'final' },
    invalid: { type: 'final' },
    suppressed: { type: 'final' },
  },
})
