// Check server: is this a nats-server that keeps what it acknowledges?

import { EVENTS } from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { compareVersions, MINIMUM_SERVER } from '../../actors/runtime/streams.ts'
import { type Check, fail, messageOf, ok, warn } from './check.ts'

const MONITOR_TIMEOUT_MS = 2000
/** Beyond this, calling hours and leases are off by what a person notices. */
const SKEW_MAX_MS = 2000

const SYNC_CURE =
  'set sync_interval: always in the jetstream block of the server, as nats.conf does, and restart it'

export function checkVersion(link: Link): Check {
  const version = link.nc.info?.version ?? '0'
  const said = `nats-server ${version} at ${link.nc.getServer()}`
  return compareVersions(version, MINIMUM_SERVER) >= 0
    ? ok('server', said)
    : fail('server', said, `upgrade it to ${MINIMUM_SERVER} or newer`)
}

/** Whether an ack means "on disk": only the server's monitoring tells. */
export async function checkSync(link: Link, monitorUrl: string | null): Promise<Check> {
  const name = 'sync_always'
  if (monitorUrl === null) {
    const cure = 'pass --monitor-url http://HOST:8222, the address of its monitoring'
    return warn(name, 'unknown: where the server is monitored is not known', cure)
  }
  let varz: Varz
  try {
    varz = await readVarz(monitorUrl)
  } catch (error) {
    const cure = 'pass the right --monitor-url, or turn monitoring on'
    return warn(name, `unknown: ${monitorUrl} does not answer (${messageOf(error)})`, cure)
  }
  if (varz.server_id !== link.nc.info?.server_id) {
    const cure = 'pass the --monitor-url of the server that LEADBID_NATS_URL names'
    return warn(name, `unknown: ${monitorUrl} belongs to another server`, cure)
  }
  return varz.jetstream?.config?.sync_always === true
    ? ok(name, 'an ack means that the disk has it')
    : fail(name, 'the server acknowledges what a power cut takes back', SYNC_CURE)
}

interface Varz {
  server_id?: string
  jetstream?: { config?: { sync_always?: boolean } }
}

async function readVarz(monitorUrl: string): Promise<Varz> {
  const response = await fetch(new URL('/varz', monitorUrl), {
    signal: AbortSignal.timeout(MONITOR_TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return (await response.json()) as Varz
}

/** This machine's clock against the server's, give or take the way there and back. */
export async function checkClock(link: Link): Promise<Check> {
  const name = 'clock'
  const before = Date.now()
  // Its own time stands in every answer; the client's types leave it out for this one.
  const info: { ts?: unknown } = await link.jsm.streams.info(EVENTS).catch(() => ({}))
  const after = Date.now()
  const server = typeof info.ts === 'string' ? Date.parse(info.ts) : Number.NaN
  if (Number.isNaN(server)) {
    return warn(name, 'unknown: the server did not tell its time', 'see the check of the stream')
  }
  const off = server < before ? before - server : Math.max(0, server - after)
  const said = `${off} ms off the server's`
  return off <= SKEW_MAX_MS
    ? ok(name, said)
    : fail(name, said, 'let NTP set the clocks of both machines')
}
