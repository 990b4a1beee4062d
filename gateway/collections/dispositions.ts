// Dispositions: the standard catalogue as channels and people ask for it. The newest version is read
// near the caller, an older one from the office; what no version knows yet, every shard counts.

import {
  catalogueSchema,
  catalogueShown,
  catalogueShowSchema,
  resolved,
  resolveSchema,
  type UnmappedCode,
} from '../../actors/protocol/catalogue.ts'
import type { CommandReply } from '../../actors/protocol/commands.ts'
import { aliasKey, type Dictionary } from '../../actors/protocol/dispositions.ts'
import type { Reply } from '../../actors/protocol/replies.ts'
import { emptySchema } from '../../actors/protocol/requests.ts'
import { parse } from '../../actors/protocol/schema.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import type { Ctx, Handler, Services } from './service.ts'

/** The most codes of one answer; `more` says how many there are beyond them. */
const UNMAPPED_SHOWN = 1000
/** `Ctx.leftMs` ends at 10. */
const READ_POLL_MS = 10

const resolve: Handler = async ({ body }, ctx) => {
  const { dictionary } = ctx
  const { channel, code, version = dictionary.catalogue.version } = parse(resolveSchema, body)
  if (version === dictionary.catalogue.version) return resolved(dictionary, channel, code)
  return ctx.office({ type: 'disposition.resolve', channel, code, version })
}

/** Asks the office, for who reads it may change it; the newest that is published where it is away. */
const showCatalogue: Handler = async ({ body }, ctx) => {
  const { version } = parse(catalogueShowSchema, body)
  const type = 'disposition.catalogue'
  const reply = await ctx.office(version === undefined ? { type } : { type, version })
  const { catalogue } = ctx.dictionary
  if (reply.type !== 'unavailable' || (version ?? catalogue.version) !== catalogue.version) {
    return reply
  }
  return catalogueShown(catalogue, catalogue.version)
}

/** Done twice it changes nothing more, so it may be asked again. */
const put: Handler = async ({ body }, ctx) => {
  const reply = await ctx.office({ type: 'disposition.put', change: parse(catalogueSchema, body) })
  if (reply.type === 'catalogue') await read(reply.version, ctx)
  return reply
}

/** Waits until this gateway reads codes by a version: whoever changed it sees the change here. */
async function read(version: number, ctx: Ctx): Promise<void> {
  while (ctx.dictionary.catalogue.version < version && ctx.leftMs > READ_POLL_MS) {
    await sleep(READ_POLL_MS)
  }
}

const unmapped: Handler = async ({ body }, ctx) => {
  parse(emptySchema, body)
  const answers = await ctx.all({ type: 'unmapped' })
  return answers === null ? ctx.unavailable() : gathered(answers, ctx.dictionary)
}

/** What the shards counted, together: what was mapped meanwhile is left out. */
export function gathered(answers: readonly CommandReply[], dictionary: Dictionary): Reply {
  const all = new Map<string, UnmappedCode>()
  for (const code of answers.flatMap((one) => (one.type === 'unmapped' ? one.codes : []))) {
    if (dictionary.resolve(code.channel, code.code) !== undefined) continue
    const key = aliasKey(code.code, code.channel)
    all.set(key, together(all.get(key), code))
  }
  const sorted = [...all.values()].sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
  const codes = sorted.slice(0, UNMAPPED_SHOWN)
  const more = sorted.length - codes.length
  return more === 0 ? { type: 'unmapped', codes } : { type: 'unmapped', codes, more }
}

/** Times are all of one form, so that texts compare as they do. */
function together(known: UnmappedCode | undefined, one: UnmappedCode): UnmappedCode {
  if (known === undefined) return one
  return {
    ...known,
    count: known.count + one.count,
    first_at: known.first_at < one.first_at ? known.first_at : one.first_at,
    last_at: known.last_at > one.last_at ? known.last_at : one.last_at,
  }
}

export const services: Services = {
  'disposition.resolve': resolve,
  'disposition.catalogue': showCatalogue,
  'disposition.put': put,
  'disposition.unmapped': unmapped,
}
