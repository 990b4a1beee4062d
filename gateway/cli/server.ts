// Server: which NATS the CLI talks to, and what to do where there is none.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../actors/protocol/errors.ts'
import { sleep } from '../../actors/runtime/clock.ts'
import { type Config, natsUrlOf } from '../../actors/runtime/config.ts'
import type { Log } from '../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../actors/runtime/nats.ts'

/** Somebody waits at a terminal: one try, for a server that is not there will not come meanwhile. */
const WAIT_MS = 0
/** An address where nobody answers at all keeps the client trying for ten seconds by itself. */
const CONNECT_DEADLINE_MS = 2500

/** Where the embedded server of a data folder is reached, as deploy/embedded writes it. */
export interface Ports {
  url: string
  monitorUrl: string
}

/** The embedded server that runs on the data folder now; null when there is none. */
export async function embeddedPorts(config: Config): Promise<Ports | null> {
  try {
    const text = await readFile(join(config.dataDir, 'nats-ports.json'), 'utf8')
    const { url, monitorUrl } = JSON.parse(text) as Partial<Ports>
    return url === undefined || monitorUrl === undefined ? null : { url, monitorUrl }
  } catch {
    return null // No such file: the server runs elsewhere, or not at all.
  }
}

/**
 * The settings with the embedded server's own address, unless the caller named one: it may listen
 * on another port than the standard one.
 */
export async function withServer(
  config: Config,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Config> {
  const named = args.some((arg) => /^--nats-(url|port)\b/.test(arg))
  if (named || env.LEADBID_NATS_URL || env.LEADBID_NATS_PORT) return config
  const ports = await embeddedPorts(config)
  return ports === null ? config : Object.freeze({ ...config, natsUrl: ports.url })
}

/** Connects, or throws NO_NATS with the cure within three seconds. */
export async function connectCli(config: Config, log: Log): Promise<Link> {
  const deadline = new AbortController()
  try {
    return await Promise.race([
      connectNats(config, 'leadbid-cli', log, WAIT_MS),
      sleep(CONNECT_DEADLINE_MS, deadline.signal).then(() => {
        throw new Error(`no answer within ${CONNECT_DEADLINE_MS} ms`)
      }),
    ])
  } catch (cause) {
    const url = natsUrlOf(config)
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = /authoriz|authentic|credential|ENOENT/i.test(why)
      ? `NATS at ${url} does not let us in (${why}): set LEADBID_NATS_CREDS`
      : `no NATS at ${url}: start one with npm start, or set LEADBID_NATS_URL`
    throw new EngineError('NO_NATS', message, { cause })
  } finally {
    deadline.abort()
  }
}
