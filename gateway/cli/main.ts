// Main: the frame of the CLI. Finds the command, reads the settings, keeps the rules every command
// follows: results on stdout, all else on stderr, exit 0 done, 1 failed, 2 misused.

import { readFile } from 'node:fs/promises'
import { ConfigError, EngineError } from '../../actors/protocol/errors.ts'
import { configHelp, readConfig } from '../../actors/runtime/config.ts'
import { createLog } from '../../actors/runtime/log.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { nearest, UsageError } from './args.ts'
import { type Command, type Context, DONE, FAILED, MISUSED } from './command.ts'
import { connectCli, withServer } from './server.ts'

/** Loaded one at a time: `next` need not wait for what `import` is made of. */
const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  next: () => import('./next.ts'),
  import: () => import('./import.ts'),
  'put-campaign': () => import('./put-campaign.ts'),
  attempt: () => import('./attempt.ts'),
  disposition: () => import('./disposition.ts'),
  dispositions: () => import('./dispositions.ts'),
  pay: () => import('./pay.ts'),
  suppress: () => import('./suppress.ts'),
  show: () => import('./show.ts'),
  model: () => import('./model.ts'),
  agents: () => import('./agents.ts'),
  offers: () => import('./offers.ts'),
  allocate: () => import('./allocate.ts'),
  buckets: () => import('./buckets.ts'),
  quarantine: () => import('./quarantine.ts'),
  requeue: () => import('./requeue.ts'),
  replay: () => import('./replay.ts'),
  audit: () => import('./audit.ts'),
  'accept-rollback': () => import('./accept-rollback.ts'),
  backtest: () => import('./backtest.ts'),
  doctor: () => import('./doctor.ts'),
  simulate: () => import('./simulate.ts'),
  pacing: () => import('./pacing.ts'),
  bench: () => import('./bench.ts'),
}

/** Where the frame prints; tests hand in their own. */
export interface Io {
  stdout: (line: string) => void
  stderr: (line: string) => void
  env: NodeJS.ProcessEnv
}

/** Runs one command line and returns its exit code; it does not throw. */
export async function leadbid(argv: readonly string[], io: Io = terminal()): Promise<number> {
  const json = argv.includes('--json')
  try {
    return await run(argv, io)
  } catch (error) {
    const misused = error instanceof UsageError || error instanceof ConfigError
    const message = error instanceof Error ? error.message : String(error)
    for (const line of message.split('\n')) io.stderr(`leadbid: ${line}`)
    if (error instanceof UsageError) io.stderr(`see: npx leadbid ${commandOf(argv)}--help`)
    if (!(error instanceof EngineError) && error instanceof Error) io.stderr(error.stack ?? '')
    const code = error instanceof EngineError ? error.code : 'FAILED'
    // Who asked for one JSON document gets one, whatever happened.
    if (json) io.stdout(JSON.stringify({ type: 'error', code, message }))
    return misused ? MISUSED : FAILED
  }
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  const [name = '', ...args] = argv
  if (name === '--help' || name === '-h' || name === 'help') return await help(args[0], io)
  if (name === '--version') return await version(io)
  const command = await load(name)
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(helpOf(command))
    return DONE
  }
  return await runCommand(command, args, io)
}

async function runCommand(command: Command, args: string[], io: Io): Promise<number> {
  const { config: read, rest } = readConfig(args, io.env)
  const config = await withServer(read, args, io.env)
  const log = createLog({ role: 'cli' }, config.logLevel)
  let link: Promise<Link> | undefined
  const context: Context = {
    config,
    log,
    stdout: io.stdout,
    note: io.stderr,
    link: () => {
      link ??= connectCli(config, log)
      return link
    },
  }
  try {
    return await command.run(rest, context)
  } finally {
    const made = await link?.catch(() => undefined) // Who asked for the link has its error.
    await made?.nc.close()
  }
}

async function load(name: string): Promise<Command> {
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (found !== undefined) return await found()
  const names = Object.keys(COMMANDS)
  if (name === '') throw new UsageError(`which command? One of ${names.join(', ')}`)
  const near = nearest(name, names)
  const cure = near === undefined ? `use one of ${names.join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`unknown command ${JSON.stringify(name)}: ${cure}`)
}

async function help(name: string | undefined, io: Io): Promise<number> {
  if (name !== undefined && !name.startsWith('-')) {
    io.stdout(helpOf(await load(name)))
    return DONE
  }
  const lines = [
    'Which lead should this contractor call now?',
    '',
    'usage: npx leadbid <command>',
    '',
  ]
  for (const [command, loading] of Object.entries(COMMANDS)) {
    lines.push(`  ${command.padEnd(14)}${(await loading()).summary}`)
  }
  lines.push('', 'npx leadbid <command> --help tells the flags of a command, with examples.')
  lines.push('Every command takes --json: one JSON document on stdout, and nothing else there.')
  lines.push('Exit codes: 0 done, 1 failed, 2 misused.', '', 'Settings, as flag or variable:')
  io.stdout([...lines, configHelp()].join('\n'))
  return DONE
}

function helpOf({ summary, usage }: Command): string {
  const settings = 'Settings (--nats-url, --data-dir and others): npx leadbid --help'
  return [summary, '', usage.trim(), '', settings].join('\n')
}

async function version(io: Io): Promise<number> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  io.stdout((JSON.parse(text) as { version: string }).version)
  return DONE
}

/** The command of a command line as `--help` wants it: with a space behind, or nothing. */
function commandOf([name = '']: readonly string[]): string {
  return Object.hasOwn(COMMANDS, name) ? `${name} ` : ''
}

function terminal(): Io {
  // A reader that has seen enough (`| head`) closes the pipe: that is its right, and no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? DONE : FAILED)
  })
  return {
    stdout: (line) => process.stdout.write(`${line}\n`),
    stderr: (line) => process.stderr.write(`${line}\n`),
    env: process.env,
  }
}
