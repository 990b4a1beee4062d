// Dispositions: the first catalogue of outcomes an attempt can end in, the same on every channel.

/** What a disposition does to its lead; the lead machine has one event for each. */
export type Effect = 'miss' | 'busy' | 'callback' | 'converted' | 'lost' | 'invalid' | 'suppressed'

export interface Disposition {
  readonly code: string
  readonly label: string
  readonly effect: Effect
  /** The contractor spoke to somebody. */
  readonly human: boolean
}

/** Catalogue version 1. */
export const CATALOGUE: readonly Disposition[] = [
  { code: 'no_answer', label: 'No answer', effect: 'miss', human: false },
  { code: 'busy', label: 'Busy', effect: 'busy', human: false },
  { code: 'callback', label: 'Call back later', effect: 'callback', human: true },
  { code: 'converted', label: 'Converted', effect: 'converted', human: true },
  { code: 'not_interested', label: 'Not interested', effect: 'lost', human: true },
  { code: 'wrong_number', label: 'Wrong number', effect: 'invalid', human: true },
  { code: 'do_not_contact', label: 'Do not contact', effect: 'suppressed', human: true },
]

const byCode = new Map(CATALOGUE.map((entry) => [entry.code, entry]))

export function dispositionOf(code: string): Disposition | undefined {
  return byCode.get(code)
}

export const CHANNELS = ['call', 'sms', 'whatsapp', 'email', 'field', 'debit'] as const
export type Channel = (typeof CHANNELS)[number]
