// `leadbid doctor`: is everything set up so that the engine can keep its promises?

import { noMore, readArgs, UsageError } from './args.ts'
import { type Check, fail, messageOf } from './check.ts'
import { checkGateway, checkOwners } from './check-engine.ts'
import { checkMarks } from './check-marks.ts'
import { checkQuarantine } from './check-quarantine.ts'
import { checkRetention } from './check-retention.ts'
import { checkClock, checkSync, checkVersion } from './check-server.ts'
import { checkStreams } from './check-streams.ts'
import { type Context, DONE, FAILED } from './command.ts'
import { embeddedPorts } from './server.ts'
import { table } from './words.ts'

export const summary = 'check the server, the log, the hosts and the gateway'

export const usage = `
usage: npx leadbid doctor [--monitor-url URL] [--json]

Each check is ok, a warning, or a FAIL with its cure. Exit code 1 when one fails.

  --monitor-url URL   the server's monitoring; found by itself for the embedded server
  --json              {ok, checks: [{name, level, message, cure?}]}

  npx leadbid doctor
  npx leadbid doctor --nats-url nats://10.0.0.5:4222 --monitor-url http://10.0.0.5:8222
`

export async function run(args: string[], context: Context): Promise<number> {
  const { flags, rest } = readArgs(args, { 'monitor-url': 'string', json: 'boolean' })
  noMore(rest, 0)
  const checks = await examine(context, monitorOf(flags['monitor-url']))
  const well = checks.every(({ level }) => level !== 'FAIL')
  const lines = flags.json === true ? [JSON.stringify({ ok: well, checks })] : inWords(checks)
  for (const line of lines) context.stdout(line)
  return well ? DONE : FAILED
}

async function examine(context: Context, monitorUrl: string | null): Promise<Check[]> {
  const { config } = context
  let link: Awaited<ReturnType<Context['link']>>
  try {
    link = await context.link()
  } catch (error) {
    return [fail('server', messageOf(error), 'nothing else can be looked at without it')]
  }
  const monitor = monitorUrl ?? (await embeddedPorts(config))?.monitorUrl ?? null
  return [
    checkVersion(link),
    await checkSync(link, monitor),
    ...(await checkStreams(link, config)),
    await checkMarks(context),
    await checkRetention(context),
    await checkClock(link),
    await checkOwners(link),
    await checkGateway(context),
    await checkQuarantine(context),
  ]
}

function monitorOf(text: string | undefined): string | null {
  if (text === undefined) return null
  if (/^https?:\/\/\S+$/.test(text)) return text
  throw new UsageError(`--monitor-url is ${JSON.stringify(text)}: such as http://127.0.0.1:8222`)
}

function inWords(checks: readonly Check[]): string[] {
  const lines = checks.map(({ level, name, message }) => [level, name, message])
  const cures = checks.map(({ cure }) => cure)
  return table(lines).flatMap((line, i) => {
    const cure = cures[i]
    return cure === undefined ? [line] : [line, `          cure: ${cure}`]
  })
}
