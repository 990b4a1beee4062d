// `leadbid dispositions`: the standard catalogue, the codes no version of it knows yet, and every
// attempt of the log in standard codes.

import type {
  CatalogueEntryShown,
  CatalogueReply,
  UnmappedCode,
} from '../../actors/protocol/catalogue.ts'
import {
  type Catalogue,
  CHANNELS,
  type Channel,
  Dictionary,
} from '../../actors/protocol/dispositions.ts'
import { nearest, noMore, numberOf, readArgs, required, UsageError } from './args.ts'
import { ask, type Reply, show } from './ask.ts'
import { type Context, DONE } from './command.ts'
import { type Exported, exportAttempts } from './dispositions-export.ts'
import { plural, table } from './words.ts'

/** Somebody else may change the catalogue at the same time. */
const TRIES = 5

export const summary = 'show or map the standard dispositions, export attempts in them'

export const usage = `
usage: npx leadbid dispositions [--catalogue N]
       npx leadbid dispositions --unmapped
       npx leadbid dispositions --map CODE [--channel NAME] --to STANDARD --by NAME
       npx leadbid dispositions --export FILE.csv [--catalogue N]

Without flags: the newest catalogue, best rank first. A mapping makes a new version; what was
recorded before keeps what it was recorded as, and an export reads it by the version asked for.

  --catalogue N   this version (the newest)
  --unmapped      codes that came in and that the newest version does not know, the most frequent first
  --map CODE      makes a channel's code an alias of --to, on that channel or on all
  --channel NAME  ${CHANNELS.join(', ')}
  --export FILE   one row for each attempt with an outcome, read from the log, which stays as it is;
                  the first line says how many rows are unmapped, the second names the columns
  --json          one document on stdout

  npx leadbid dispositions
  npx leadbid dispositions --unmapped
  npx leadbid dispositions --map "zahlt morgen" --channel whatsapp --to PTP --by asha
  npx leadbid dispositions --export attempts.csv --catalogue 1
`

type Shown = Extract<CatalogueReply, { type: 'catalogue' }>
type Unmapped = Extract<CatalogueReply, { type: 'unmapped' }>

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, {
    catalogue: 'string',
    unmapped: 'boolean',
    map: 'string',
    channel: 'string',
    to: 'string',
    by: 'string',
    export: 'string',
    json: 'boolean',
  })
  noMore(rest, 0)
  const modes = (['unmapped', 'map', 'export'] as const).filter((mode) => flags[mode] !== undefined)
  if (modes.length > 1) throw new UsageError(`--${modes.join(' and --')} exclude each other`)
  const mode = modes[0]
  const { json } = flags
  const version = numberOf(flags.catalogue, '--catalogue', { min: 1 })
  if (version !== undefined && (mode === 'unmapped' || mode === 'map')) {
    throw new UsageError(`--catalogue does not go with --${mode}: that is of the newest`)
  }
  switch (mode) {
    case 'unmapped':
      return show(context, await ask(context, 'disposition.unmapped', {}), {
        json,
        print: (reply: Reply & Unmapped) => unmappedInWords(reply),
      })
    case 'map':
      return await map(context, flags)
    case 'export':
      return await exportTo(context, required(flags.export, '--export (a file)'), version, json)
    default:
      return show(context, await askCatalogue(context, version), { json, print: catalogueInWords })
  }
}

async function askCatalogue(context: Context, version?: number): Promise<Reply & Shown> {
  const reply = await ask(
    context,
    'disposition.catalogue',
    version === undefined ? {} : { version },
  )
  return reply as Reply & Shown // Or what `show` tells of any reply that is not good.
}

interface MapFlags {
  map?: string
  channel?: string
  to?: string
  by?: string
  json?: boolean
}

async function map(context: Context, flags: MapFlags): Promise<number> {
  const code = required(flags.map, '--map (a code)')
  const to = required(flags.to, '--to (a standard code)').toUpperCase()
  const by = required(flags.by, '--by (who decided it)')
  const channel = channelOf(flags.channel)
  const { json } = flags
  const where = channel === undefined ? 'on all channels' : `on ${channel}`
  const alias = channel === undefined ? { code } : { code, channel }
  const entries = [{ code: to, aliases: [alias] }]
  for (let left = TRIES; ; left--) {
    const newest = await askCatalogue(context)
    if (newest.type !== 'catalogue') return show(context, newest, { json, print: catalogueInWords })
    checkStandard(to, newest)
    const reply = await ask(context, 'disposition.put', { version: newest.version, by, entries })
    // An alias more contradicts nothing that somebody else has just changed, or is refused for it.
    if (reply.code === 'VERSION_CONFLICT' && left > 1) continue
    const said = ({ version }: Reply & Shown) => [
      version === newest.version
        ? `${JSON.stringify(code)} ${where} is ${to} already, in catalogue ${version}`
        : `${JSON.stringify(code)} ${where} is ${to} from catalogue ${version} on`,
    ]
    return show(context, reply, { json, print: said })
  }
}

function checkStandard(to: string, { entries }: Shown): void {
  const codes = entries.map((entry) => entry.code)
  if (codes.includes(to)) return
  const near = nearest(to, codes)
  const cure = near === undefined ? `use one of ${codes.join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`--to is ${JSON.stringify(to)}, no standard code: ${cure}`)
}

async function exportTo(
  context: Context,
  file: string,
  version: number | undefined,
  json: boolean | undefined,
): Promise<number> {
  const catalogue = await askCatalogue(context, version)
  if (catalogue.type !== 'catalogue') {
    return show(context, catalogue, { json, print: catalogueInWords })
  }
  const dictionary = new Dictionary(catalogue satisfies Catalogue)
  const exported = await exportAttempts(await context.link(), dictionary, file)
  if (json === true) context.stdout(JSON.stringify({ type: 'exported', ...exported }))
  else for (const line of exportedInWords(exported)) context.stdout(line)
  return DONE
}

/** The channel a flag names, undefined where it was not given. */
export function channelOf(given: string | undefined): Channel | undefined {
  const channel = CHANNELS.find((one) => one === given)
  if (given === undefined || channel !== undefined) return channel
  throw new UsageError(
    `unknown channel ${JSON.stringify(given)}: use one of ${CHANNELS.join(', ')}`,
  )
}

function catalogueInWords({ version, newest, entries }: Shown): string[] {
  const rows = entries.map((entry) => [
    String(entry.rank),
    entry.code,
    entry.label,
    entry.group,
    entry.rpc ? 'the right party' : entry.human ? 'somebody' : 'nobody',
    entry.next,
    aliasesInWords(entry),
  ])
  const heading = ['rank', 'code', 'label', 'group', 'reached', 'what happens next', 'aliases']
  const place = version === newest ? 'the newest' : `the newest is ${newest}`
  return [`catalogue ${version} (${place})`, ...table([heading, ...rows])]
}

function aliasesInWords({ aliases }: CatalogueEntryShown): string {
  return aliases
    .map(({ code, channel }) => (channel === undefined ? code : `${code} (${channel})`))
    .join(', ')
}

function unmappedInWords({ codes, more }: Unmapped): string[] {
  if (codes.length === 0) return ['every code that came in is mapped']
  const heading = ['channel', 'code', 'count', 'first', 'last']
  const rows = codes.map(({ channel, code, count, first_at, last_at }: UnmappedCode) => [
    channel,
    JSON.stringify(code),
    String(count),
    first_at,
    last_at,
  ])
  const rest = more === undefined ? [] : [`and ${plural(more, 'code')} more`]
  return [...table([heading, ...rows]), ...rest]
}

function exportedInWords({ file, catalogue, seq, rows, unmapped }: Exported): string[] {
  return [
    `${plural(rows, 'attempt')} of the log up to sequence ${seq} in ${file}, by catalogue ${catalogue}`,
    unmapped === 0
      ? 'all of them are mapped'
      : `${unmapped} of them unmapped: see npx leadbid dispositions --unmapped`,
  ]
}
