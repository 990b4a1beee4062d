// Process: how each of our processes starts, is told to stop, and ends.
//
// SIGTERM, SIGINT or the loss of a parent that forked it: stop intake, finish, leave, exit 0. A
// second signal forces. Past the deadline: say so, exit 1. Settings that cannot be used: exit 2.

import { ConfigError, EngineError } from '../protocol/errors.ts'
import { type Config, configHelp, readConfig } from './config.ts'
import { createLog, type Log } from './log.ts'
import { Startup } from './startup.ts'

const STOP_DEADLINE_MS = 10_000

export interface Running {
  /** Settles when the process has lost what it cannot live without. */
  closed: Promise<unknown>
  stop(): Promise<void>
  /** Told to the parent that forked this process once it runs. */
  info?: { [name: string]: unknown }
}

export async function runProcess(
  role: string,
  start: (config: Config, log: Log, startup: Startup) => Promise<Running>,
): Promise<void> {
  const config = configOrExit(role)
  const log = createLog({ role, host: config.hostId }, config.logLevel)
  // What nobody caught has left state nobody vouches for; the log on NATS is what counts.
  process.on('uncaughtException', (error) => {
    log.fatal({ error: error.message, stack: error.stack }, 'uncaught exception')
    process.exit(1)
  })
  let running: Running | null = null
  let stopping = false
  const stop = (reason: string) => {
    if (stopping) {
      log.warn({ reason }, 'forced to stop')
      process.exit(1)
    }
    stopping = true
    log.info({ reason }, 'stopping')
    // What a start took so far says of itself that it is gone: beats, claims, connections.
    if (running === null) process.exit(0)
    const deadline = setTimeout(() => {
      log.error({ deadlineMs: STOP_DEADLINE_MS }, 'not stopped in time')
      process.exit(1)
    }, STOP_DEADLINE_MS)
    running.stop().then(
      () => {
        clearTimeout(deadline)
        process.exit(0)
      },
      (error: unknown) => {
        log.error({ error: String(error) }, 'stop failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('disconnect', () => stop('parent is gone'))
  try {
    running = await start(config, log, new Startup(log))
  } catch (error) {
    log.fatal({ error: error instanceof Error ? error.message : String(error) }, 'start failed')
    process.exit(error instanceof EngineError && USAGE_CODES.has(error.code) ? 2 : 1)
  }
  void running.closed.then(() => {
    if (stopping) return
    log.fatal('nats connection closed for good')
    process.exit(1)
  })
  process.send?.({ type: 'started', ...running.info })
}

/** Errors that another start with the same settings would only repeat. */
const USAGE_CODES = new Set([
  'CONFIG',
  'SHARDS_FIXED',
  'NATS_TOO_OLD',
  'NOT_OUR_STREAM',
  'PORT_TAKEN',
])

function configOrExit(role: string): Config {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    process.stdout.write(helpOf(role))
    process.exit(0)
  }
  try {
    const { config, rest } = readConfig(args, process.env)
    const check = rest.indexOf('--check')
    if (check >= 0) rest.splice(check, 1)
    if (rest.length > 0) throw new ConfigError([`unknown argument ${rest.join(' ')}: see --help`])
    if (check >= 0) {
      process.stdout.write(`${JSON.stringify(withoutSecrets(config), null, 2)}\n`)
      process.exit(0)
    }
    return config
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(2)
  }
}

function helpOf(role: string): string {
  return `leadbid ${role}

Settings (flag, environment, meaning):
${configHelp()}

  npm run start:${role} -- --nats-url nats://127.0.0.1:4222
  npm run start:${role} -- --check     prints the settings as they would be used
`
}

/** Where the credentials lie, and a user or password within a URL, are nobody else's business. */
function withoutSecrets(config: Config): Config {
  const natsUrl = config.natsUrl?.replace(/\/\/[^@/]*@/g, '//…@') ?? null
  return { ...config, natsUrl, natsCreds: config.natsCreds && '…' }
}
