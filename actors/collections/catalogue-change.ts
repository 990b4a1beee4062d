// Catalogue change: the next version of the standard dispositions, or what is wrong with a change.
//
//   CC1. Ranks order all entries: no two share one.
//   CC2. A code means one thing on a channel: an alias belongs to one entry, and is no other's code.
//   CC3. Entries and aliases are never taken away, so what was mapped once stays mapped.
//   CC4. The contract's codes do in every version what the contract says of them.

import type { CatalogueChange, EntryChange } from '../protocol/catalogue.ts'
import { pack } from '../protocol/codec.ts'
import {
  type Alias,
  aliasKey,
  type Catalogue,
  CHANNELS,
  CONTRACT_CODES,
  CONTRACT_EFFECTS,
  Dictionary,
  type Disposition,
  type Effect,
  type Group,
  sameCode,
  TERMINAL,
  UNMAPPED,
} from '../protocol/dispositions.ts'
import { type ErrorReply, errorReply } from '../protocol/replies.ts'

/** The most a version may take in the log and in the bucket, bytes. */
export const CATALOGUE_BYTES_MAX = 128 * 1024

const REQUIRED = ['label', 'group', 'rank', 'human', 'rpc', 'effect'] as const
/** Effects that take hours; `later` cannot do without. */
const HOURS: ReadonlySet<Effect> = new Set<Effect>(['later', 'callback'])
/** What ends a lead belongs to one group, and these groups must not go on as if nothing was said. */
const GROUP_OF: { readonly [E in Effect]?: Group } = {
  converted: 'resolved',
  suppressed: 'protected',
  invalid: 'invalid',
}
const EFFECTS_IN: { readonly [G in Group]?: readonly Effect[] } = {
  resolved: ['converted', 'hold'],
  protected: ['suppressed', 'hold'],
}

/** The version after `base`, or the first fault of the change with its place in it. */
export function nextCatalogue(
  base: Catalogue,
  { entries }: CatalogueChange,
): Catalogue | ErrorReply {
  const known = new Map(base.entries.map((entry) => [entry.code, entry]))
  const places = new Map<string, number>()
  for (const [i, change] of entries.entries()) {
    const path = `/entries/${i}`
    if (places.has(change.code)) return fault(`${path}/code`, 'must not repeat an entry')
    if (change.code === UNMAPPED) {
      return fault(`${path}/code`, `${UNMAPPED} is no disposition: choose another code`)
    }
    places.set(change.code, i)
    const missing = missingOf(known.get(change.code), change, path)
    if (missing !== null) return missing
    const entry = entryAfter(known.get(change.code), change)
    const wrong = faultOfEntry(entry, path)
    if (wrong !== null) return wrong
    known.set(change.code, entry)
  }
  const next: Catalogue = { version: base.version + 1, entries: [...known.values()] }
  return (
    faultOfRanks(next, places) ??
    faultOfNames(next, entries) ??
    faultOfContract(next, entries) ??
    faultOfSize(next) ??
    next
  )
}

function fault(path: string, reason: string): ErrorReply {
  return errorReply('INVALID', `${path}: ${reason}`, path)
}

function missingOf(
  known: Disposition | undefined,
  change: EntryChange,
  path: string,
): ErrorReply | null {
  const missing = REQUIRED.find((name) => (change[name] ?? known?.[name]) === undefined)
  if (missing === undefined) return null
  return fault(`${path}/${missing}`, `required: ${change.code} is a new entry`)
}

/** An entry as the change leaves it, its fields in one order. */
function entryAfter(known: Disposition | undefined, change: EntryChange): Disposition {
  // Nothing is missing: a new entry names all, and a known one has what the change leaves out.
  const required = { ...known, ...defined(change) } as Disposition
  const { label, group, rank, human, rpc, effect } = required
  const after_h = kept(change.after_h, known?.after_h)
  const suppresses = kept(change.suppresses, known?.suppresses)
  const hold_after = kept(change.hold_after, known?.hold_after)
  return {
    ...{ code: change.code, label, group, rank, human, rpc, effect },
    ...(after_h === undefined ? {} : { after_h }),
    ...(suppresses === undefined ? {} : { suppresses }),
    ...(hold_after === undefined ? {} : { hold_after }),
    aliases: aliasesAfter(known?.aliases ?? [], change),
  }
}

/** What is absent stays, null takes away. */
function kept<T>(change: T | null | undefined, known: T | undefined): T | undefined {
  return change === undefined ? known : (change ?? undefined)
}

function defined(change: EntryChange): Partial<EntryChange> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

function aliasesAfter(known: readonly Alias[], { code: own, aliases = [] }: EntryChange): Alias[] {
  const all = new Map(known.map((alias) => [aliasKey(alias.code, alias.channel), alias]))
  for (const { code: raw, channel } of aliases) {
    const code = raw.trim()
    const key = aliasKey(code, channel)
    if (all.has(key) || sameCode(code) === sameCode(own)) continue
    all.set(key, channel === undefined ? { code } : { code, channel })
  }
  return [...all.values()]
}

function faultOfEntry(entry: Disposition, path: string): ErrorReply | null {
  const { effect, group, human, rpc } = entry
  if (rpc && !human) return fault(`${path}/human`, 'must be true where "rpc" is')
  const needed = GROUP_OF[effect]
  if (needed !== undefined && group !== needed) {
    return fault(`${path}/group`, `must be ${needed} with effect ${effect}`)
  }
  const allowed = EFFECTS_IN[group]
  if (allowed !== undefined && !allowed.includes(effect)) {
    return fault(`${path}/effect`, `must be ${allowed.join(' or ')} in group ${group}`)
  }
  return faultOfDetails(entry, path)
}

/** Of what only some effects take. */
function faultOfDetails(
  { effect, after_h, suppresses, hold_after }: Disposition,
  path: string,
): ErrorReply | null {
  const unfit = (name: string) =>
    fault(`${path}/${name}`, `does not go with effect ${effect}: set it to null`)
  if (after_h !== undefined && !HOURS.has(effect)) return unfit('after_h')
  if (effect === 'later' && after_h === undefined) {
    return fault(`${path}/after_h`, 'required with effect later: hours to the next attempt')
  }
  const ends = effect === 'suppressed' || effect === 'converted'
  if (suppresses !== undefined && !ends) return unfit('suppresses')
  if (effect === 'suppressed' && suppresses === undefined) {
    return fault(`${path}/suppresses`, 'required with effect suppressed: contact or account')
  }
  const over = TERMINAL.has(effect) || effect === 'hold'
  return hold_after !== undefined && over ? unfit('hold_after') : null
}

/** CC1. */
function faultOfRanks(
  { entries }: Catalogue,
  places: ReadonlyMap<string, number>,
): ErrorReply | null {
  const holders = new Map<number, string>()
  for (const { rank, code } of entries) {
    const holder = holders.get(rank)
    holders.set(rank, code)
    if (holder === undefined) continue
    // The base's ranks differ, so one of the two is of the change: the later in it is told.
    const place = Math.max(places.get(code) ?? -1, places.get(holder) ?? -1)
    const other = places.get(code) === place ? holder : code
    const cure = `choose another, or give ${other} another rank in the same change`
    return fault(`/entries/${place}/rank`, `${rank} is the rank of ${other}: ${cure}`)
  }
  return null
}

/** CC2. */
function faultOfNames(next: Catalogue, changes: readonly EntryChange[]): ErrorReply | null {
  const claims = new Map<string, string>()
  const codes = new Map(next.entries.map(({ code }) => [sameCode(code), code]))
  for (const { code, aliases } of next.entries) {
    for (const alias of aliases) {
      const key = aliasKey(alias.code, alias.channel)
      const owner = codes.get(sameCode(alias.code)) ?? claims.get(key)
      claims.set(key, code)
      if (owner === undefined || owner === code) continue
      return fault(pathOf(alias, [code, owner], changes), taken(alias, [owner, code]))
    }
  }
  return null
}

function taken({ code, channel }: Alias, [one, other]: [string, string]): string {
  const where = channel === undefined ? 'on all channels' : `on ${channel}`
  return `${JSON.stringify(code)} cannot mean ${one} and ${other} ${where}: map it to one of them`
}

/** The place in the change that claims the alias, or else brings an entry of that code. */
function pathOf(alias: Alias, owners: string[], changes: readonly EntryChange[]): string {
  const key = aliasKey(alias.code, alias.channel)
  for (let i = changes.length - 1; i >= 0; i--) {
    const { code, aliases = [] } = changes[i] as EntryChange // i is one of its places.
    if (!owners.includes(code)) continue
    const at = aliases.findIndex((one) => aliasKey(one.code, one.channel) === key)
    if (at >= 0) return `/entries/${i}/aliases/${at}`
    if (sameCode(code) === sameCode(alias.code)) return `/entries/${i}/code`
  }
  return '/entries'
}

/** CC4. */
function faultOfContract(next: Catalogue, changes: readonly EntryChange[]): ErrorReply | null {
  const dictionary = new Dictionary(next)
  for (const code of CONTRACT_CODES) {
    const effect = CONTRACT_EFFECTS[code]
    for (const channel of CHANNELS) {
      const found = dictionary.resolve(channel, code)
      const i = changes.findIndex((change) => change.code === found?.code)
      if (found?.effect !== effect) {
        const mapped = changes[i]?.aliases?.findIndex((one) => sameCode(one.code) === code) ?? -1
        const path = `/entries/${i}/${mapped < 0 ? 'effect' : `aliases/${mapped}`}`
        return fault(path, `${code} is a code of the contract, and its effect is ${effect}`)
      }
      if (code === 'callback' && found.after_h !== undefined) {
        const reason = 'must be null: with the contract’s code callback the time is asked for'
        return fault(`/entries/${i}/after_h`, reason)
      }
    }
  }
  return null
}

function faultOfSize(next: Catalogue): ErrorReply | null {
  if (pack(next).length <= CATALOGUE_BYTES_MAX) return null
  return fault('/entries', `the catalogue would take more than ${CATALOGUE_BYTES_MAX} bytes`)
}
