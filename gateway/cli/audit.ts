// `leadbid audit`: holds the log to what the engine promises.

import { audit } from '../../actors/shard/audit/audit.ts'
import { CHECKS, type Findings, type Invariant } from '../../actors/shard/audit/findings.ts'
import { SnapshotStore } from '../../actors/shard/snapshot.ts'
import { noMore, readArgs } from './args.ts'
import { type Context, DONE, FAILED } from './command.ts'
import { logShards } from './log-shards.ts'
import { plural, table } from './words.ts'

export const summary = 'check the whole log against what the engine promises'

export const usage = `
usage: npx leadbid audit [--json]

Reads the whole log and folds it twice, by the engine's code and by another written from the
contract alone, and checks:

${table(Object.entries(CHECKS).map(([name, promise]) => [name, promise])).join('\n')}

It may run beside a working engine: what is appended meanwhile is left for the next audit. In
memory are one shard's leads at a time. Exit code 1 when anything does not hold.

  --json   {ok, checked: {invariant: checks}, violations: [{invariant, shard, seq, detail}]}

  npx leadbid audit
  npx leadbid audit --json > audit.json
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { json: 'boolean' })
  noMore(rest, 0)
  const { log } = context
  const link = await context.link()
  const shards = await logShards(link)
  const snapshots = await SnapshotStore.open(link, log)
  const findings = await audit({ link, shards, snapshots, log })
  const lines = flags.json === true ? [JSON.stringify(inJson(findings))] : inWords(findings)
  for (const line of lines) context.stdout(line)
  return findings.found === 0 ? DONE : FAILED
}

function inJson({ found, checked, violations }: Findings): object {
  const more = found - violations.length
  return { ok: found === 0, checked, violations, ...(more === 0 ? {} : { more_violations: more }) }
}

function inWords({ found, checked, violations }: Findings): string[] {
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
  for (const { invariant, shard, seq, detail } of violations) {
    lines.push(`${invariant}: shard ${shard}, seq ${seq}: ${detail}`)
  }
  if (found > violations.length) lines.push(`and ${found - violations.length} more`)
  lines.push(found === 0 ? 'the log holds' : plural(found, 'violation'))
  return lines
}
