// Dispositions: the standard catalogue of what an attempt can end in, the same on every channel, and
// how a channel's own code is read by it.
//
//   D1. A code names one entry whatever its case and the marks at its end (`STOP.`); what a channel
//       calls an outcome is an alias of it, of that channel or of all. An entry's own code goes before
//       any alias, and a channel's own alias before one of all channels.
//   D2. An event keeps both: the code as it was sent, and the standard one with the catalogue's
//       version, its rank and what it did. A later catalogue changes no event.
//   D3. Two orders are not to be confused: `rank` says which disposition is the best of a cycle, the
//       groups' precedence which one is in effect (protected > resolved > standing > last).

export const CHANNELS = ['call', 'sms', 'whatsapp', 'email', 'field', 'debit'] as const
export type Channel = (typeof CHANNELS)[number]

export const GROUPS = [
  'resolved',
  'positive',
  'contact',
  'negative',
  'no_contact',
  'not_counted',
  'invalid',
  'protected',
] as const
export type Group = (typeof GROUPS)[number]

/** What a disposition does to its lead; the lead machine has one event for each but `none`. */
export const EFFECTS = [
  /** Not reached: rescheduled by the campaign's cadence, at its end stale. */
  'miss',
  /** Again soon, the same day at most so often. */
  'busy',
  /** Again after `after_h` hours; no reschedule is counted. */
  'later',
  /** Again after half an hour; nothing is counted. */
  'again',
  /** At the time that was asked for, or after `after_h` hours; before all else then. */
  'callback',
  /** Nothing until the promised date has passed; then before all else, unless it was paid. */
  'promise',
  /** No attempts until somebody releases it. */
  'hold',
  'converted',
  'lost',
  'invalid',
  'suppressed',
  /** The lead stays as it is: nobody knows yet what the code means. */
  'none',
] as const
export type Effect = (typeof EFFECTS)[number]

/** Effects no attempt follows. */
export const TERMINAL: ReadonlySet<Effect> = new Set<Effect>([
  'converted',
  'lost',
  'invalid',
  'suppressed',
])

/** A channel's own name of an outcome. */
export interface Alias {
  readonly code: string
  /** Absent: whatever the channel. */
  readonly channel?: Channel
}

export interface Disposition {
  /** Upper case, as reports show it. */
  readonly code: string
  readonly label: string
  readonly group: Group
  /** 1 is the best; no two entries share one. */
  readonly rank: number
  /** Somebody was spoken to. */
  readonly human: boolean
  /** The right party was spoken to: the borrower or the lead itself. */
  readonly rpc: boolean
  readonly effect: Effect
  /** Hours until the next attempt, for effects that take them. */
  readonly after_h?: number
  /** Whom it suppresses besides ending its lead: the person reached, or the account. */
  readonly suppresses?: 'contact' | 'account'
  /** After so many of it in a row the account is held for somebody to look at. */
  readonly hold_after?: number
  readonly aliases: readonly Alias[]
}

export interface Catalogue {
  readonly version: number
  readonly entries: readonly Disposition[]
}

/** What an event keeps of the entry its code was read by. */
export interface Standard {
  code: string
  version: number
  rank: number
  group: Group
  human: boolean
  rpc: boolean
  effect: Effect
  after_h?: number
  suppresses?: 'contact' | 'account'
  hold_after?: number
}

type Row = Omit<Disposition, 'aliases' | 'rank'> & { any?: string[]; aliases?: Alias[] }

/** An entry of catalogue 1; `any` are its names on all channels. */
const ROWS: readonly Row[] = [
  entry('PAID', 'Paid in full, verified', 'resolved', 'converted', 'rpc', {
    suppresses: 'account',
    any: ['PIF'],
  }),
  entry('SETTLED', 'Settled', 'resolved', 'converted', 'rpc', {
    suppresses: 'account',
    any: ['SIF'],
  }),
  entry('CONV', 'Converted', 'resolved', 'converted', 'rpc', { any: ['converted', 'SALE'] }),
  entry('PPAID', 'Part paid', 'positive', 'callback', 'rpc', { after_h: 168 }),
  entry('PLAN', 'Payment plan agreed', 'positive', 'promise', 'rpc', { any: ['PP', 'PPA'] }),
  entry('PTP', 'Promise to pay', 'positive', 'promise', 'rpc', {
    any: ['will_pay', 'PROMISE', 'Promised', 'PRP', 'Will pay tomorrow'],
  }),
  entry('CLMPD', 'Claims to have paid', 'positive', 'callback', 'rpc', {
    after_h: 48,
    any: ['CP'],
  }),
  entry('INT', 'Interested', 'positive', 'callback', 'rpc', { after_h: 24 }),
  entry('CB', 'Callback asked for', 'contact', 'callback', 'human', {
    any: ['callback', 'CALLBK', 'CBHOLD'],
  }),
  entry('NIP', 'Negotiating, needs time', 'contact', 'later', 'rpc', { after_h: 48 }),
  entry('LANG', 'Language barrier', 'contact', 'later', 'human', { after_h: 1 }),
  entry('HUP', 'Hung up', 'contact', 'later', 'human', { after_h: 22, any: ['DHU'] }),
  entry('TPC', 'Third party, message left', 'contact', 'later', 'human', {
    after_h: 4,
    any: ['LM'],
  }),
  entry('DISP', 'Disputes the debt', 'negative', 'hold', 'rpc', { any: ['D', 'DIS'] }),
  entry('RTP', 'Refuses to pay', 'negative', 'later', 'rpc', {
    after_h: 72,
    hold_after: 2,
    any: ['NC'],
  }),
  entry('NI', 'Not interested', 'negative', 'lost', 'rpc', { any: ['not_interested'] }),
  entry('BPTP', 'Broken promise', 'negative', 'callback', 'none', { after_h: 0, any: ['PGD'] }),
  entry('VM', 'Voicemail', 'no_contact', 'miss', 'none', {
    any: ['voicemail', 'A', 'AA', 'AM', 'AL'],
  }),
  entry('RNR', 'Ringing, no response', 'no_contact', 'miss', 'none', {
    any: ['no_answer', 'NA', 'NO_REPLY'],
  }),
  entry('BUSY', 'Busy', 'no_contact', 'busy', 'none', { any: ['B', 'BRPC'] }),
  entry('NRCH', 'Switched off or unreachable', 'no_contact', 'miss', 'none', {
    any: ['PSO', 'ST', 'unreachable'],
  }),
  entry('FAIL', 'Failed or abandoned by us', 'not_counted', 'again', 'none', {
    any: ['DROP', 'ADC', 'CG', 'abandoned', 'failed'],
  }),
  entry('WN', 'Wrong number', 'invalid', 'invalid', 'human', { any: ['wrong_number'] }),
  entry('NOS', 'Out of service', 'invalid', 'invalid', 'none', {
    // Diallers mean a disconnected number; where people write it, DC is "debt cleared" as often.
    aliases: [of('call', 'DC')],
  }),
  entry('DEC', 'Deceased', 'protected', 'suppressed', 'human', {
    suppresses: 'account',
    any: ['DCD', 'deceased'],
  }),
  entry('LEGAL', 'Bankruptcy, attorney or court', 'protected', 'suppressed', 'human', {
    suppresses: 'account',
  }),
  entry('DNC', 'Asked not to be contacted', 'protected', 'suppressed', 'rpc', {
    suppresses: 'contact',
    any: ['do_not_contact', 'DNCL', 'STOP', 'unsubscribe', 'UNSUB', 'opt out', 'optout'],
  }),
]

function entry(
  code: string,
  label: string,
  group: Group,
  effect: Effect,
  reached: 'rpc' | 'human' | 'none',
  more: Pick<Row, 'after_h' | 'suppresses' | 'hold_after' | 'any' | 'aliases'> = {},
): Row {
  const human = reached !== 'none'
  return { code, label, group, human, rpc: reached === 'rpc', effect, ...more }
}

function of(channel: Channel, code: string): Alias {
  return { code, channel }
}

/** Catalogue 1. Codes and groups after what ACA, VICIdial, Collect! and Genesys publish; the ranks are ours. */
export const CATALOGUE_1: Catalogue = {
  version: 1,
  entries: ROWS.map(({ any = [], aliases = [], ...row }, i) => ({
    ...row,
    rank: i + 1,
    aliases: [...any.map((code) => ({ code })), ...aliases],
  })),
}

/** The codes of the contract, and what each does in every catalogue: the cadence is theirs. */
export const CONTRACT_EFFECTS = {
  no_answer: 'miss',
  busy: 'busy',
  callback: 'callback',
  converted: 'converted',
  not_interested: 'lost',
  wrong_number: 'invalid',
  do_not_contact: 'suppressed',
} as const satisfies { readonly [code: string]: Effect }
export type ContractCode = keyof typeof CONTRACT_EFFECTS

/** Each an alias of a standard one. */
export const CONTRACT_CODES = [
  'no_answer',
  'busy',
  'callback',
  'converted',
  'not_interested',
  'wrong_number',
  'do_not_contact',
] as const satisfies readonly ContractCode[]

/** Stands for a code no catalogue knew: it is kept, and changes nothing. */
export const UNMAPPED = 'UNMAPPED'

/** One look-up for all codes and aliases of a catalogue. */
export class Dictionary {
  readonly catalogue: Catalogue
  readonly #own = new Map<string, Disposition>()
  readonly #aliases = new Map<string, Disposition>()

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue
    for (const found of catalogue.entries) {
      this.#own.set(sameCode(found.code), found)
      for (const { code, channel } of found.aliases)
        this.#aliases.set(aliasKey(code, channel), found)
    }
  }

  /** The entry a channel's code stands for (D1); undefined where nobody mapped it yet. */
  resolve(channel: Channel, code: string): Disposition | undefined {
    return this.own(code) ?? this.alias(code, channel) ?? this.alias(code)
  }

  /** The entry of that very code. */
  own(code: string): Disposition | undefined {
    return this.#own.get(sameCode(code))
  }

  /** The entry with this alias, of that channel or, without one, of all. */
  alias(code: string, channel?: Channel): Disposition | undefined {
    return this.#aliases.get(aliasKey(code, channel))
  }

  /** What an event keeps of a code: UNMAPPED where nobody mapped it. */
  standard(channel: Channel, code: string): Standard {
    const found = this.resolve(channel, code)
    return found === undefined ? unmapped(this.catalogue.version) : standardOf(found, this)
  }
}

/** Marks people end a word with, such as `STOP.`; a code of marks alone keeps them. */
const ENDING = /(?<=[^\s.,:;!?\u2026])[\s.,:;!?\u2026]+$/u

/** Codes are the same whatever their case, the blanks around them and the marks at their end. */
export function sameCode(code: string): string {
  return code.trim().replace(ENDING, '').toLowerCase()
}

/** Aliases with one key are the same alias. */
export function aliasKey(code: string, channel?: Channel): string {
  return `${channel ?? '*'} ${sameCode(code)}`
}

function standardOf(found: Disposition, { catalogue }: Dictionary): Standard {
  const { code, rank, group, human, rpc, effect, after_h, suppresses, hold_after } = found
  const standard: Standard = { code, version: catalogue.version, rank, group, human, rpc, effect }
  if (after_h !== undefined) standard.after_h = after_h
  if (suppresses !== undefined) standard.suppresses = suppresses
  if (hold_after !== undefined) standard.hold_after = hold_after
  return standard
}

function unmapped(version: number): Standard {
  return {
    code: UNMAPPED,
    version,
    rank: 9999,
    group: 'not_counted',
    human: false,
    rpc: false,
    effect: 'none',
  }
}

export const DICTIONARY_1 = new Dictionary(CATALOGUE_1)

/** The standard disposition of an event; of one from before there were any, by catalogue 1. */
export function standardIn(event: { code: string; channel: Channel; as?: Standard }): Standard {
  return event.as ?? DICTIONARY_1.standard(event.channel, event.code)
}
