// The searches of the model: configurations that must hold, and planted bugs that must not.

import type { Bounds, Property, Search } from './spin.ts'

/** A configuration that must hold, over every state. */
export interface Holding {
  name: string
  bounds: Bounds
}

/** What CI searches. */
export const QUICK: readonly Holding[] = [
  {
    name: "the campaign's shard changes hands",
    bounds: { NC: 2, NK: 1, NA: 1, EK: 1, DROPS: 0, OTHERS: 0 },
  },
  {
    name: "the contact's shard changes hands, two suppressions",
    bounds: { NC: 1, NK: 2, NA: 1, AWARDS: 1, EC: 1, DROPS: 0, OTHERS: 1 },
  },
  {
    name: 'both change hands, one award',
    bounds: { NC: 2, NK: 2, NA: 1, AWARDS: 1, DROPS: 0, OTHERS: 0 },
  },
  {
    name: 'two contractors, nobody suppressed',
    bounds: { NC: 2, NK: 1, NA: 2, EK: 1, DROPS: 0, STOPS: 0, OTHERS: 0 },
  },
  {
    name: 'one host dies with an append on its way',
    bounds: { NC: 2, NK: 1, NA: 1, AWARDS: 1, EK: 2, DROPS: 1, OTHERS: 0 },
  },
]

/** What is searched by hand: some five minutes, and 5 GB of memory. */
export const DEEP: readonly Holding[] = [
  {
    name: "the contact's shard changes hands, two suppressions and awards",
    bounds: { NC: 1, NK: 2, NA: 1, EC: 1, DROPS: 0, OTHERS: 1 },
  },
  {
    name: 'two contractors and a suppression',
    bounds: { NC: 2, NK: 1, NA: 2, EK: 1, DROPS: 0, OTHERS: 0 },
  },
  {
    name: "three hosts of the campaign's shard, one award",
    bounds: { NC: 3, NK: 1, NA: 1, AWARDS: 1, EC: 3, EK: 1, DROPS: 0, OTHERS: 0 },
  },
  {
    name: 'both change hands, one host dies',
    bounds: { NC: 2, NK: 2, NA: 1, AWARDS: 1, DROPS: 1, OTHERS: 0 },
  },
  {
    name: 'both change hands, two awards',
    bounds: { NC: 2, NK: 2, NA: 1, DROPS: 0, OTHERS: 0 },
  },
]

/** A planted bug with one property it must break. */
export interface Mutant {
  name: string
  mutant: string
  bounds: Bounds
  only: Property
}

const CAMPAIGN: Bounds = { NC: 2, NK: 1, NA: 1, EK: 1, DROPS: 0, OTHERS: 0 }
const CONTACT: Bounds = { NC: 1, NK: 2, NA: 1, EC: 1, DROPS: 0, OTHERS: 1 }
const CALLS: Bounds = { NC: 2, NK: 1, NA: 2, EK: 1, DROPS: 0, STOPS: 0, OTHERS: 0 }

const of = (name: string, mutant: string, bounds: Bounds, ...breaks: Property[]): Mutant[] =>
  breaks.map((only) => ({ name, mutant, bounds, only }))

export const MUTANTS: readonly Mutant[] = [
  ...of('an append without an expected sequence', 'M_NO_EXPECTED', CAMPAIGN, 'I1', 'I9'),
  ...of('a reply that does not wait for the append', 'M_REPLY_EARLY', CALLS, 'I1', 'I6'),
  ...of('a lost ack taken for a failure', 'M_LOST_ACK_FAILED', CAMPAIGN, 'I1'),
  ...of('a new token for an old decision', 'M_TOKEN_REFRESHED', CAMPAIGN, 'I1'),
  ...of('a new token for an old word of a contact', 'M_TOKEN_REFRESHED', CONTACT, 'I4'),
  ...of('a paused host that catches up and goes on', 'M_NOT_FENCED', CAMPAIGN, 'I9'),
  ...of('a confirm that does not ask the contact', 'M_CONTACT_NOT_ASKED', CONTACT, 'I4'),
  ...of("suppression judged by the campaign's copy", 'M_COPY_ONLY', CONTACT, 'I4'),
  ...of('a suppression acknowledged before its append', 'M_ACKED_EARLY', CONTACT, 'I4', 'I6'),
  ...of('a numbered entry that is skipped', 'M_GAP_SKIPPED', CONTACT, 'I4'),
  ...of('an entry told before it is durable', 'M_TOLD_EARLY', CONTACT, 'I4'),
  ...of('a second yes without asking the log: contact', 'M_NO_VERIFY', CONTACT, 'I4'),
  ...of('a second yes without asking the log: campaign', 'M_NO_VERIFY', CALLS, 'I1'),
  ...of('no rest after a confirmed call', 'M_NO_REST', CALLS, 'I1'),
]

/** The search that must find a mutant's bug, by its shortest way. */
export function hunt({ mutant, bounds, only }: Mutant): Search {
  return { mutant, bounds, only, shortest: true }
}
