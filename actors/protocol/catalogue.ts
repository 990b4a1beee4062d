// Catalogue: how the standard dispositions are read, mapped and changed. A change is a new version,
// and the versions before it stay: what was recorded under one is read by it for ever.

import { z } from 'zod'
import {
  type Catalogue,
  CHANNELS,
  type Channel,
  type Dictionary,
  type Disposition,
  EFFECTS,
  GROUPS,
  TERMINAL,
  UNMAPPED,
} from './dispositions.ts'
import type { CampaignId } from './ids.ts'
import { integer, number, text } from './schema.ts'

/** The most versions there may be: each change is one, and may hold many entries and aliases. */
export const VERSIONS_MAX = 10_000
/** Under which key the office publishes the newest version (`Catalogue`). */
export const CATALOGUE_KEY = 'catalogue'

const channel = z.enum(CHANNELS)
const version = integer(1, VERSIONS_MAX)
const yesOrNo = z.boolean('must be true or false')

const alias = z.strictObject({
  code: text(64).regex(/\S/, 'must not be blank'),
  channel: channel.optional(),
})

/** One entry of a change: what is absent stays as it is, null takes it away. */
const entry = z.strictObject({
  code: text(32).regex(/^[A-Z][A-Z0-9_]*$/, 'must be upper case letters, digits and _'),
  label: text(100).optional(),
  group: z.enum(GROUPS).optional(),
  rank: integer(1, 9998).optional(),
  human: yesOrNo.optional(),
  rpc: yesOrNo.optional(),
  effect: z.enum(EFFECTS).optional(),
  after_h: number(0, 8784).nullish(),
  suppresses: z.enum(['contact', 'account']).nullish(),
  hold_after: integer(1, 100).nullish(),
  /** Added to those it has. */
  aliases: z
    .array(alias, 'must be a list of aliases')
    .max(1000, 'must hold at most 1000 aliases')
    .optional(),
})
export type EntryChange = z.output<typeof entry>

/** Changes to the newest version: entries by their code, of each only what differs. */
export const catalogueSchema = z.strictObject({
  /** The version it changes; another one meanwhile is refused. */
  version,
  by: text(100),
  entries: z
    .array(entry, 'must be a list of entries')
    .min(1, 'must hold an entry')
    .max(500, 'must hold at most 500 entries'),
})
export type CatalogueChange = z.output<typeof catalogueSchema>

export const resolveSchema = z.strictObject({
  channel,
  code: text(64),
  version: version.optional(),
})
export type ResolveRequest = z.output<typeof resolveSchema>

export const catalogueShowSchema = z
  .strictObject({ version: version.optional() })
  .nullish()
  .transform((body) => body ?? {})

/** Of older versions the office alone knows; the newest is published, a moment late. */
export type CatalogueRequest =
  | { type: 'disposition.put'; change: CatalogueChange }
  /** Without a version: the newest. */
  | { type: 'disposition.catalogue'; version?: number }
  | { type: 'disposition.resolve'; channel: Channel; code: string; version: number }

/** A new version, whole. */
export interface CataloguePut {
  type: 'catalogue.put'
  campaign_id: CampaignId
  at: number
  by: string
  catalogue: Catalogue
}
export type CatalogueEvent = CataloguePut

export type CatalogueReply =
  | {
      type: 'disposition'
      channel: Channel
      code: string
      /** `UNMAPPED` where nobody mapped the code yet. */
      standard: string
      label?: string
      rank?: number
      group?: string
      version: number
    }
  /** Versions are counted from 1 to `newest`. */
  | { type: 'catalogue'; version: number; newest: number; entries: CatalogueEntryShown[] }
  /** The most frequent first; `more` beyond them. */
  | { type: 'unmapped'; codes: UnmappedCode[]; more?: number }

export interface CatalogueEntryShown extends Disposition {
  /** No attempt follows it. */
  terminal: boolean
  /** What happens next, in words. */
  next: string
}

/** A code of a channel that no catalogue knew when it came. */
export interface UnmappedCode {
  channel: Channel
  code: string
  count: number
  first_at: string
  last_at: string
}

/** What a channel's code stands for in a version. */
export function resolved(dictionary: Dictionary, channel: Channel, code: string): CatalogueReply {
  const { version } = dictionary.catalogue
  const found = dictionary.resolve(channel, code)
  if (found === undefined)
    return { type: 'disposition', channel, code, standard: UNMAPPED, version }
  const { code: standard, label, rank, group } = found
  return { type: 'disposition', channel, code, standard, label, rank, group, version }
}

/** A version as it is shown, best rank first. */
export function catalogueShown({ version, entries }: Catalogue, newest: number): CatalogueReply {
  const shown = entries.map((one) => ({
    ...one,
    terminal: TERMINAL.has(one.effect),
    next: nextOf(one),
  }))
  return { type: 'catalogue', version, newest, entries: shown.sort((a, b) => a.rank - b.rank) }
}

/** What happens to a lead after this disposition, in words. */
export function nextOf({ effect, after_h, suppresses, hold_after }: Disposition): string {
  const after = after_h === undefined ? '' : `in ${after_h} h`
  const next: { readonly [E in Disposition['effect']]: string } = {
    miss: 'again when the campaign’s rule for missed calls says, in the end stale',
    busy: 'again in half an hour, three times a day at most',
    later: `again ${after}`,
    again: 'again in half an hour, nothing is counted',
    callback:
      after === '' ? 'again when they asked for it, first of all' : `again ${after}, first of all`,
    promise: 'nothing until the promised day is over, then first of all unless it was paid',
    hold: 'held until somebody releases it',
    converted: 'over',
    lost: 'over',
    invalid: 'over, nobody is reached there',
    suppressed: 'over',
    none: 'nothing changes',
  }
  const whom = { contact: ', the person is suppressed', account: ', the account is suppressed' }
  const also = suppresses === undefined ? '' : whom[suppresses]
  const held = hold_after === undefined ? '' : `, held after ${hold_after} in a row`
  return `${next[effect]}${also}${held}`
}
