// `leadbid offers`: promotions and settlements: put one, a file of them at one instant, see prices.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { EngineError } from '../../actors/protocol/errors.ts'
import { BATCH_MAX, type OfferReply, type OfferShown } from '../../actors/protocol/offers.ts'
import { idOf, nearest, noMore, numberOf, readArgs, required, UsageError } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import type { Context } from './command.ts'
import { type RowOffer, readOffers } from './offer-rows.ts'
import { plural, table } from './words.ts'

export const summary = 'time-boxed prices and settlements: put, batch, list, price'

export const usage = `
usage: npx leadbid offers [list] [--key KEY] [--status S] [--after ID] [--limit N]
       npx leadbid offers put JSON | FILE.json
       npx leadbid offers batch FILE.csv [--starts-at TIME] [--ends-at TIME] [--zone ZONE] [--batch-id ID]
       npx leadbid offers price KEY [--warehouse W] [--customer N] [--campaign N] [--base PAISE] [--at TIME]
       npx leadbid offers end ID

An offer overrides fields of base data (price, title, settlement_amount ...) from starts_at until
before ends_at, by itself, while units are left. TIME has an offset (2026-01-26T00:00:00+05:30), or
is local to a zone (2026-01-26 00:00); a local end of 23:59:59, or a date alone, includes its last
second. Money is in the minor unit. Status is scheduled, active, exhausted or ended.

"batch" reads a .csv or .xlsx: columns key, qty, starts_at, ends_at, zone, priority, warehouse,
customer_id, campaign_id, offer_id; every other column is a field to override. All its offers come
into force at one instant, or none: the first fault is told by its line. The same file again changes
nothing.

  --json   the reply as the contract has it

  npx leadbid offers put '{"key": "sku-1", "fields": {"price": 9000}, "qty_total": 3,
    "starts_at": "2026-01-26 00:00", "ends_at": "2026-01-26 23:59:59", "zone": "Asia/Kolkata"}'
  npx leadbid offers batch republic-day.csv --starts-at 2026-01-26 --ends-at 2026-01-26 --zone Asia/Kolkata
  npx leadbid offers price sku-1 --warehouse Delhi --base 10000
  npx leadbid offers list --status active
`

/** Offers of one request. */
const PART = 500

type Replied<T extends OfferReply['type']> = Reply & Extract<OfferReply, { type: T }>

const ACTIONS: { readonly [name: string]: (args: string[], context: Context) => Promise<number> } =
  { list, put, batch, price, end }

export async function run(args: string[], context: Context): Promise<number> {
  const [name = ''] = args
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (action !== undefined) return await action(args.slice(1), context)
  if (name !== '' && !name.startsWith('-')) {
    const cure = nearest(name, Object.keys(ACTIONS)) ?? Object.keys(ACTIONS).join(', ')
    throw new UsageError(`unknown action ${JSON.stringify(name)}: use ${cure}`)
  }
  return await list(args, context)
}

async function list(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    key: 'string',
    status: 'string',
    after: 'string',
    limit: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const { key, status, after, limit } = flags
  const count = numberOf(limit, '--limit', { min: 1 })
  const reply = await ask(context, 'offer.list', { ...given({ key, status, after, limit: count }) })
  return show<Replied<'offers'>>(context, reply, { json: flags.json, print: offersInWords })
}

async function put(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { json: 'boolean' })
  const source = required(rest[0], 'the offer as JSON, or FILE.json,')
  noMore(rest, 1)
  const reply = await ask(context, 'offer.put', await readJson(source))
  const print = (offer: Replied<'offer'>) => table([offerInWords(offer)])
  return show<Replied<'offer'>>(context, reply, { json: flags.json, print })
}

async function batch(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    'starts-at': 'string',
    'ends-at': 'string',
    zone: 'string',
    'batch-id': 'string',
    json: 'boolean',
  })
  const file = required(rest[0], 'FILE')
  noMore(rest, 1)
  const { 'starts-at': starts_at, 'ends-at': ends_at, zone } = flags
  const rows = await readOffers(file, given({ starts_at, ends_at, zone }), BATCH_MAX)
  const reply = await sendBatch(context, rows, flags['batch-id'] ?? nameOf(rows))
  if (reply.type === 'error' && flags.json !== true) throw refused(file, rows, reply)
  const print = ({ batch_id, offers }: Replied<'activated'>) => [
    `${plural(offers, 'offer')} put as one: batch ${batch_id}`,
  ]
  return show<Replied<'activated'>>(context, reply, { json: flags.json, print })
}

/** Sends a batch in parts; what comes back last, or the first that is no success. */
async function sendBatch(
  context: Context,
  rows: readonly RowOffer[],
  batch_id: string,
): Promise<Reply> {
  for (let from = 0; ; from += PART) {
    const offers = rows.slice(from, from + PART).map(({ offer }) => offer)
    const more = from + PART < rows.length
    const reply = await ask(context, 'offer.batch', { batch_id, offers, from, more })
    if (!more || reply.type !== 'staged') return located(reply, from)
  }
}

/** A fault by its place in the batch instead of its request. */
function located(reply: Reply, from: number): Reply {
  if (reply.type !== 'error' || typeof reply.path !== 'string') return reply
  const path = reply.path.replace(/^\/offers\/(\d+)/, (_, i) => `/offers/${Number(i) + from}`)
  return { ...reply, path }
}

function refused(file: string, rows: readonly RowOffer[], reply: Reply): EngineError {
  const [, place, field = ''] = /^\/offers\/(\d+)(.*)$/.exec(String(reply.path)) ?? []
  const line = place === undefined ? undefined : rows[Number(place)]?.line
  const message = String(reply.message).replace(/^\/offers\/\d+[^:]*: /, `${field.slice(1)}: `)
  const where = line === undefined ? file : `${file}:${line}`
  return new EngineError('REFUSED', `${where}: ${message} (${reply.code})`)
}

/** The same for the same offers, so that a file that is sent again is known. */
function nameOf(rows: readonly RowOffer[]): string {
  const hash = createHash('sha256')
  for (const { offer } of rows) hash.update(JSON.stringify(offer))
  return `f${hash.digest('base64url').slice(0, 20)}`
}

async function price(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    warehouse: 'string',
    customer: 'string',
    campaign: 'string',
    base: 'string',
    at: 'string',
    json: 'boolean',
  })
  const key = required(rest[0], 'KEY')
  noMore(rest, 1)
  const { warehouse, at } = flags
  const where = given({
    warehouse,
    customer_id: flags.customer && idOf(flags.customer, '--customer'),
    campaign_id: flags.campaign && idOf(flags.campaign, '--campaign'),
  })
  const base = given({ price: numberOf(flags.base, '--base', { min: 0 }) })
  const reply = await ask(context, 'offer.price', {
    items: [{ key, where, base }],
    ...given({ at }),
  })
  return show<Replied<'prices'>>(context, reply, { json: flags.json, print: pricesInWords })
}

async function end(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { json: 'boolean' })
  const offer_id = required(rest[0], 'ID')
  noMore(rest, 1)
  const reply = await ask(context, 'offer.end', { offer_id })
  const print = (offer: Replied<'offer'>) => table([offerInWords(offer)])
  return show<Replied<'offer'>>(context, reply, { json: flags.json, print })
}

async function readJson(source: string): Promise<object> {
  const where = source.trimStart().startsWith('{') ? 'the argument' : source
  try {
    const text = where === source ? await readFile(source, 'utf8') : source
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${where} cannot be read: ${why}`)
  }
  throw new UsageError(`${where} must be one offer: {"key": ..., "fields": {...}, ...}`)
}

/** What of these was said. */
function given(fields: { [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function offersInWords({ offers, next }: Replied<'offers'>): string[] {
  if (offers.length === 0) return ['no such offers: everything is at its base']
  const more = next === undefined ? [] : [`more: --after ${next}`]
  return [...table(offers.map(offerInWords)), ...more]
}

function offerInWords(offer: OfferShown): string[] {
  const { offer_id, key, status, scope, starts_at, ends_at, qty_total, left, priority } = offer
  const places = Object.entries(scope).map(([name, value]) => `${name} ${value}`)
  return [
    offer_id,
    key,
    status,
    `${starts_at} to ${ends_at}`,
    qty_total === undefined ? 'no end of units' : `${left} of ${qty_total} left`,
    places.join(', ') || 'everywhere',
    `priority ${priority}`,
    fieldsInWords(offer.fields),
  ]
}

function pricesInWords({ prices }: Replied<'prices'>): string[] {
  return prices.map(({ key, fields, offer_id, ends_at, left }) => {
    if (offer_id === undefined) return `${key}: base, no offer counts ${fieldsInWords(fields)}`
    const units = left === undefined ? '' : `, ${left} left`
    return `${key}: ${fieldsInWords(fields)} by offer ${offer_id} until ${ends_at}${units}`
  })
}

function fieldsInWords(fields: OfferShown['fields']): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
