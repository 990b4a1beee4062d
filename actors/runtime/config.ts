// Config: one frozen object a process, from flag > environment > default. All faults are told
// together, for fixing settings one restart at a time is how an evening is lost.

import { randomBytes } from 'node:crypto'
import { ConfigError } from '../protocol/errors.ts'
import { type HostId, OPAQUE_ID } from '../protocol/ids.ts'
import { COUNTRY_STANDARD, isCountry } from '../protocol/phone.ts'

export interface Config {
  /** null: the embedded server at `natsPort`. */
  readonly natsUrl: string | null
  readonly natsPort: number
  readonly natsCreds: string | null
  readonly dataDir: string
  readonly httpPort: number
  readonly hostId: HostId
  /** null: 4 for a new log, else what the log was made with. */
  readonly shards: number | null
  readonly replicas: number
  readonly timezone: string
  /** ISO 3166-1 alpha-2: whose national phone numbers are read. */
  readonly country: string
  readonly logLevel: string
  readonly clockOffsetMs: number
}

interface Setting<T> {
  readonly env: string
  readonly help: string
  readonly standard: () => T
  readonly read: (text: string) => T | undefined
  readonly cure: string
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const SETTINGS: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  natsUrl: {
    env: 'LEADBID_NATS_URL',
    help: 'NATS to use; none: the embedded server',
    standard: () => null,
    read: (text) => (/^(nats|tls|ws|wss):\/\/[^\s]+$/.test(text) ? text : undefined),
    cure: 'must be a URL such as nats://127.0.0.1:4222',
  },
  natsPort: {
    env: 'LEADBID_NATS_PORT',
    help: 'port of the embedded server (4222)',
    standard: () => 4222,
    read: integer(0, 65_535),
    cure: 'must be a port, 0 to 65535',
  },
  natsCreds: {
    env: 'LEADBID_NATS_CREDS',
    help: 'path of a NATS credentials file',
    standard: () => null,
    read: (text) => text,
    cure: 'must be a path',
  },
  dataDir: {
    env: 'LEADBID_DATA_DIR',
    help: 'where the embedded server and jobs keep data (.data)',
    standard: () => '.data',
    read: (text) => text,
    cure: 'must be a path',
  },
  httpPort: {
    env: 'LEADBID_HTTP_PORT',
    help: 'port of the HTTP API on 127.0.0.1 (8080; 0: any free)',
    standard: () => 8080,
    read: integer(0, 65_535),
    cure: 'must be a port, 0 to 65535',
  },
  hostId: {
    env: 'LEADBID_HOST_ID',
    help: 'name of this actor host, stable over restarts',
    standard: () => `host-${randomBytes(4).toString('hex')}` as HostId,
    read: (text) => (OPAQUE_ID.test(text) ? (text as HostId) : undefined),
    cure: 'must be 1 to 64 of A-Z a-z 0-9 - _',
  },
  shards: {
    env: 'LEADBID_SHARDS',
    help: 'shards of a new log (4); kept in the log for its life',
    standard: () => null,
    read: integer(1, 256),
    cure: 'must be an integer, 1 to 256',
  },
  replicas: {
    env: 'LEADBID_REPLICAS',
    help: 'replicas of streams and buckets (1; production: 3)',
    standard: () => 1,
    read: (text) => (/^[135]$/.test(text) ? Number(text) : undefined),
    cure: 'must be 1, 3 or 5',
  },
  timezone: {
    env: 'LEADBID_TIMEZONE',
    help: 'zone of campaigns that name none (UTC)',
    standard: () => 'UTC',
    read: (text) => (isZone(text) ? text : undefined),
    cure: 'must be an IANA time zone such as Asia/Kolkata',
  },
  country: {
    env: 'LEADBID_COUNTRY',
    help: 'country of phone numbers that name none, ISO 3166 (IN)',
    standard: () => COUNTRY_STANDARD,
    read: (text) => (isCountry(text) ? text : undefined),
    cure: 'must be a country of ISO 3166-1 alpha-2 in capitals, such as IN or US',
  },
  logLevel: {
    env: 'LEADBID_LOG_LEVEL',
    help: `one of ${LOG_LEVELS.join(', ')} (info)`,
    standard: () => 'info',
    read: (text) => (LOG_LEVELS.includes(text) ? text : undefined),
    cure: `must be one of ${LOG_LEVELS.join(', ')}`,
  },
  clockOffsetMs: {
    env: 'LEADBID_CLOCK_OFFSET_MS',
    help: 'shifts the clock, for tests only',
    standard: () => 0,
    read: integer(-4e12, 4e12),
    cure: 'must be an integer of milliseconds',
  },
}

/** The flag of a setting: `natsUrl` is `--nats-url`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/**
 * Reads the settings of this process. Throws ConfigError with every fault. Flags it does not know
 * are left to the caller, who gets them back in `rest`.
 */
export function readConfig(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): { config: Config; rest: string[] } {
  const faults: string[] = []
  const rest = [...args]
  const values: { [name: string]: unknown } = {}
  for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const flag = flagOf(name)
    const given = takeFlag(rest, flag, faults) ?? (env[setting.env] || undefined)
    const value = given === undefined ? setting.standard() : setting.read(given)
    if (value === undefined) {
      faults.push(`${setting.env} (${flag}) is ${JSON.stringify(given)}: ${setting.cure}`)
    }
    values[name] = value
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return { config: Object.freeze(values) as unknown as Config, rest }
}

/** Every setting with its flag, variable and meaning, for `--help`. */
export function configHelp(): string {
  return Object.entries(SETTINGS)
    .map(([name, { env, help }]) => `  ${flagOf(name).padEnd(20)} ${env.padEnd(24)} ${help}`)
    .join('\n')
}

/** The names of all environment variables that are read here. */
export const VARIABLES = Object.values(SETTINGS).map(({ env }) => env)

/** The URL to connect to: the given one, else the embedded server's. */
export function natsUrlOf(config: Config): string {
  return config.natsUrl ?? `nats://127.0.0.1:${config.natsPort}`
}

function takeFlag(rest: string[], flag: string, faults: string[]): string | undefined {
  const at = rest.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`))
  if (at < 0) return undefined
  const [arg = '', next] = rest.slice(at, at + 2)
  if (arg !== flag) {
    rest.splice(at, 1)
    return arg.slice(flag.length + 1)
  }
  if (next !== undefined && !next.startsWith('--')) {
    rest.splice(at, 2)
    return next
  }
  rest.splice(at, 1)
  faults.push(`${flag} needs a value`)
  return undefined
}

function integer(min: number, max: number): (text: string) => number | undefined {
  return (text) => {
    const value = Number(text)
    return /^-?\d+$/.test(text) && value >= min && value <= max ? value : undefined
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false // RangeError is how Intl says "no such zone".
  }
}
