// `leadbid audit`: holds the log to what the engine promises.

import type { ShardId } from '../../actors/protocol/ids.ts'
import { audit } from '../../actors/shard/audit/audit.ts'
import {
  CHECKS,
  type Findings,
  type Invariant,
  type Violation,
} from '../../actors/shard/audit/findings.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { noMore, numberOf, readArgs, UsageError } from './args.ts'
import { type Context, DONE, FAILED } from './command.ts'
import { logShards } from './log-shards.ts'
import { plural, table } from './words.ts'

/** So often is said how far it is, on stderr; a short audit says nothing. */
const PROGRESS_MS = 2000

export const summary = 'check the whole log against what the engine promises'

export const usage = `
usage: npx leadbid audit [--shard N] [--json]

Reads the whole log and folds it twice, by the engine's code and by another written from the
contract alone, and checks:

${table(Object.entries(CHECKS).map(([name, promise]) => [name, promise])).join('\n')}

What a log cannot tell is named as not judged. For what does not hold the fewest records that show
it are printed, and the command that prints them whole.

It may run beside a working engine, and asks it for nothing: what is appended meanwhile is left for
the next audit. In memory are one shard's leads at a time; how far it is comes on stderr.
Exit code 0: all holds; 1: something does not, or the log cannot be read; 2: misused.

  --shard N  this shard alone: sooner done, but what shards make of each other is not judged
  --json     {ok, until_seq, checked: {invariant: checks}, events: {records, events, applied,
             set_aside}, not_judged: {what: why}, violations: [{invariant, shard, seq, detail,
             records?: [{seq, at, about, what}], see?}]}

  npx leadbid audit
  npx leadbid audit --shard 2
  npx leadbid audit --json > audit.json
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { shard: 'string', json: 'boolean' })
  noMore(rest, 0)
  const asked = numberOf(flags.shard, '--shard', { min: 0 })
  const { log } = context
  const link = await context.link()
  const shards = await logShards(link)
  if (asked !== undefined && asked >= shards) {
    throw new UsageError(`--shard is ${asked}: the log has ${shards}, from 0 to ${shards - 1}`)
  }
  const snapshots = await SnapshotStore.open(link, log)
  const findings = await audit({
    link,
    shards,
    snapshots,
    log,
    ...(asked === undefined ? {} : { only: asked as ShardId }),
    progress: teller(context),
  })
  const lines = flags.json === true ? [JSON.stringify(inJson(findings))] : inWords(findings)
  for (const line of lines) context.stdout(line)
  return findings.found === 0 ? DONE : FAILED
}

function teller({ note }: Context): (part: string, seq: number, untilSeq: number) => void {
  let told = performance.now()
  return (part, seq, untilSeq) => {
    const now = performance.now()
    if (now - told < PROGRESS_MS) return
    told = now
    note(`audit: ${part}: ${seq} of ${untilSeq} (${Math.floor((100 * seq) / untilSeq)} %)`)
  }
}

function inJson({ found, checked, violations, ...rest }: Findings): object {
  const { untilSeq: until_seq, accounted: events, notJudged: not_judged } = rest
  const more = found - violations.length
  const told = { ok: found === 0, until_seq, checked, events, not_judged, violations }
  return more === 0 ? told : { ...told, more_violations: more }
}

function inWords({ found, checked, violations, ...rest }: Findings): string[] {
  const { untilSeq, accounted, notJudged } = rest
  const names = Object.keys(CHECKS) as Invariant[]
  const broken = new Set(violations.map(({ invariant }) => invariant))
  const lines = table(
    names.map((name) => [
      broken.has(name) ? 'FAIL' : checked[name] === 0 ? '-' : 'ok',
      name,
      String(checked[name]).padStart(9),
      CHECKS[name],
    ]),
  )
  const { records, events, applied, set_aside } = accounted
  lines.push(
    '',
    `up to seq ${untilSeq}: ${plural(records, 'record')}, ${plural(events, 'event')}: ${applied} applied, ${set_aside} set aside`,
    'not judged:',
    ...table(Object.entries(notJudged).map(([what, why]) => [what, why])),
  )
  for (const violation of violations) lines.push(...inDetail(violation))
  if (found > violations.length) lines.push(`and ${found - violations.length} more`)
  lines.push('', found === 0 ? 'the log holds' : plural(found, 'violation'))
  return lines
}

function inDetail({ invariant, shard, seq, detail, records = [], see }: Violation): string[] {
  const shown = table(
    records.map((record) => [`${record.seq}`, record.at, record.about, record.what]),
  )
  return [
    '',
    `${invariant}: shard ${shard}, seq ${seq}: ${detail}`,
    ...shown.map((line) => `  ${line}`),
    ...(see === undefined ? [] : [`    see: ${see}`]),
  ]
}
