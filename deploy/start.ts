// `npm start`: everything on one machine. An embedded nats-server (unless LEADBID_NATS_URL names
// one), an actor host, a gateway and a worker; with an empty data folder also the sample, and a
// first award with its reasons.

import { join, resolve } from 'node:path'
import { ConfigError } from '../actors/protocol/errors.ts'
import type { HostId } from '../actors/protocol/ids.ts'
import { type Config, configHelp, readConfig } from '../actors/runtime/config.ts'
import { createLog } from '../actors/runtime/log.ts'
import { connectNats } from '../actors/runtime/nats.ts'
import { whenAskedToEnd } from './asked-to-end.ts'
import { Child } from './child.ts'
import { EmbeddedServer } from './embedded.ts'
import { messageOf } from './error.ts'
import { stderrLog } from './log.ts'
import { welcome } from './welcome.ts'

/** The single host of a machine keeps its name, so that a restart takes its shards back at once. */
const HOST_ID = 'local' as HostId

async function run(config: Config): Promise<number> {
  const log = stderrLog
  let end: (code: number) => void = () => {}
  const ended = new Promise<number>((settle) => {
    end = settle
  })
  whenAskedToEnd(() => end(0))
  const stops: (() => Promise<void>)[] = []
  try {
    const server = config.natsUrl === null ? await embedded(config, end) : null
    if (server !== null) stops.unshift(() => server.stop())
    const url = config.natsUrl ?? (server as EmbeddedServer).url
    const env = {
      LEADBID_NATS_URL: url,
      LEADBID_DATA_DIR: resolve(config.dataDir),
      LEADBID_HOST_ID: process.env.LEADBID_HOST_ID ?? HOST_ID,
      LEADBID_LOG_LEVEL: process.env.LEADBID_LOG_LEVEL ?? 'warn',
    }
    const child = (name: string, main: string) => {
      const onHopeless = () => end(2)
      const made = new Child({ name, main, env, log, onHopeless })
      stops.unshift(() => made.stop())
      return made.start()
    }
    await child('actor host', 'actors/main.ts')
    // The worker is stopped first, for it tells the gateway what became of its calls; then the
    // gateway: what is being answered is, and nothing new comes in.
    const [gateway] = await Promise.all([
      child('gateway', 'gateway/main.ts'),
      child('worker', 'actors/jobs/main.ts'),
    ])
    const pino = createLog({ role: 'start' }, 'error')
    const link = await connectNats({ ...config, natsUrl: url }, 'start', pino)
    stops.unshift(() => link.nc.close())
    await welcome(link, {
      url,
      http: Number(gateway.http),
      dataDir: config.dataDir,
      mayLoadSample: server !== null,
      clockOffsetMs: config.clockOffsetMs,
    })
    const code = await ended
    process.stdout.write('\nStopping: finishing what is in hand.\n')
    return code
  } finally {
    for (const stop of stops)
      await stop().catch((error: unknown) => console.error(messageOf(error)))
  }
}

async function embedded(config: Config, end: (code: number) => void): Promise<EmbeddedServer> {
  const server = new EmbeddedServer({
    port: config.natsPort === 0 ? -1 : config.natsPort,
    storeDir: join(resolve(config.dataDir), 'nats'),
    log: stderrLog,
    onLost: (error) => {
      console.error(messageOf(error))
      end(1)
    },
  })
  await server.start()
  return server
}

const args = process.argv.slice(2)
if (args.includes('--help')) {
  process.stdout.write(`npm start runs everything on one machine.\n\nSettings:\n${configHelp()}\n`)
} else {
  try {
    const { config, rest } = readConfig(args, process.env)
    if (rest.length > 0) throw new ConfigError([`unknown argument ${rest.join(' ')}: see --help`])
    process.exitCode = await run(config)
  } catch (error) {
    console.error(messageOf(error))
    process.exitCode = error instanceof ConfigError ? 2 : 1
  }
}
