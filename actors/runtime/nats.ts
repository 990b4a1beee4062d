// NATS: one set of connection options for all processes, and callbacks that cannot deafen one.
//
//   N1. A throw inside a subscription callback kills the client's read loop without a word: every
//       callback goes through `subscribe` here, which catches and logs.
//   N2. The client keeps trying to reconnect for ever; who needs an answer has a deadline.
//   N3. Nothing published while the link is down is kept: only an ack means anything.
//   N4. A server that is away may come, and is waited for; credentials it refuses, and a URL that is
//       none, stay what they are, and are told at once.

import { readFileSync } from 'node:fs'
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import { Bucket, type KV, Kvm } from '@nats-io/kv'
import { type ObjectStore, Objm } from '@nats-io/obj'
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from 'nats'
import { ConfigError } from '../protocol/errors.ts'
import { type Config, natsUrlOf } from './config.ts'
import type { Log } from './log.ts'

export type { JetStreamClient, JetStreamManager, Msg, NatsConnection, Subscription }

/** How long an append or another JetStream call may take before it counts as unanswered, ms. */
export const JETSTREAM_TIMEOUT_MS = 2000

/**
 * How long whoever reads a stream on waits for more before it asks again. The client looks as seldom for a
 * consumer that it did not find at once when a server came back, and by default that is half a minute.
 */
export const PULL_MS = 5000

export interface Link {
  nc: NatsConnection
  js: JetStreamClient
  jsm: JetStreamManager
  /** A bucket that `provision` made. */
  kv(bucket: string): Promise<KV>
  /** An object store that `provision` made; `check`: see that it is there. */
  objects(store: string, check?: boolean): Promise<ObjectStore>
  /** Whether the server is there right now; the client keeps looking for it when it is not. */
  connected(): boolean
}

/** How long a server that is still starting is waited for between two tries, ms. */
const PAUSE_MS = 150

/**
 * Connects, trying for up to `waitMs` while there is no server (0: once). Throws ConfigError at once
 * where trying again would not help (N4).
 */
export async function connectNats(
  config: Config,
  name: string,
  log: Log,
  waitMs = 15_000,
): Promise<Link> {
  const servers = natsUrlOf(config)
    .split(',')
    .map((url) => url.trim())
  const credentials = authenticatorOf(config)
  const started = performance.now()
  for (;;) {
    try {
      const nc = await connect({
        servers,
        name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 250,
        pingInterval: 5000,
        maxPingOut: 2,
        timeout: 2000,
        noAsyncTraces: true,
        ignoreAuthErrorAbort: false,
        ...credentials,
      })
      const connected = watchStatus(nc, log)
      const js = jetstream(nc, { timeout: JETSTREAM_TIMEOUT_MS })
      const jsm = await jetstreamManager(nc, { timeout: JETSTREAM_TIMEOUT_MS, checkAPI: false })
      return { nc, js, jsm, ...storesOf(js), connected }
    } catch (cause) {
      if (!isAway(cause)) throw misconfigured(cause)
      if (performance.now() - started >= waitMs) throw cause
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

function authenticatorOf({ natsCreds }: Config): { authenticator?: Authenticator } {
  if (natsCreds === null) return {}
  try {
    const authenticator = credsAuthenticator(readFileSync(natsCreds))
    authenticator('a nonce') // Throws where the file holds no credentials.
    return { authenticator }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError([
      `LEADBID_NATS_CREDS: ${why}: must be a file of NATS credentials this process may read`,
    ])
  }
}

/** In place of an error that a later try would only repeat, what to set. */
function misconfigured(error: unknown): unknown {
  if (error instanceof errors.AuthorizationError || hasExpired(error)) {
    return new ConfigError([
      `NATS refuses the credentials (${error.message}): set LEADBID_NATS_CREDS, or a user and password in LEADBID_NATS_URL, to ones it takes`,
    ])
  }
  if (codeOf(error) === 'ERR_INVALID_URL') {
    return new ConfigError(['LEADBID_NATS_URL: must be a URL such as nats://127.0.0.1:4222'])
  }
  return error
}

function hasExpired(error: unknown): error is Error {
  return error instanceof errors.UserAuthenticationExpiredError
}

/**
 * A bucket that is read from its leader. A replica may not have heard of what was just written, and
 * would say that it is not there: of a key that seals a person, that it was erased.
 */
async function openBucket(js: JetStreamClient, bucket: string): Promise<KV> {
  const kv = await new Kvm(js).open(bucket)
  if (kv instanceof Bucket) kv.direct = false
  return kv
}

/** The stores of a client; for who connects by itself. */
export function storesOf(js: JetStreamClient): Pick<Link, 'kv' | 'objects'> {
  return {
    kv: (bucket) => openBucket(js, bucket),
    objects: (store, check = true) => new Objm(js).open(store, check),
  }
}

function watchStatus(nc: NatsConnection, log: Log): () => boolean {
  let connected = true
  const watch = async () => {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') {
        connected = false
        if (!nc.isDraining() && !nc.isClosed()) log.warn('nats link lost')
      } else if (status.type === 'reconnect') {
        connected = true
        log.info('nats link restored')
      } else if (status.type === 'error') log.error({ error: String(status.error) }, 'nats error')
    }
  }
  watch().catch((error: unknown) => log.error({ error: String(error) }, 'nats status ended'))
  return () => connected && !nc.isClosed()
}

/** Subscribes with a callback that may throw or reject without harm to the connection (N1). */
export function subscribe(
  nc: NatsConnection,
  subject: string,
  log: Log,
  handle: (msg: Msg) => void | Promise<void>,
  options: { queue?: string } = {},
): Subscription {
  const failed = (error: unknown) => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    log.error({ subject, error: message, stack }, 'message handler failed')
  }
  return nc.subscribe(subject, {
    ...options,
    callback: (error, msg) => {
      if (error !== null) return failed(error)
      try {
        handle(msg)?.catch(failed)
      } catch (thrown) {
        failed(thrown)
      }
    },
  })
}

/**
 * Nobody is subscribed: the process behind the subject is gone, and the request was not seen. Of the
 * JetStream API: there is none, or nobody leads it.
 */
export function isNoResponders(error: unknown): boolean {
  return causes(error).some((cause) => cause instanceof errors.NoRespondersError)
}

export function isTimeout(error: unknown): boolean {
  return causes(error).some((cause) => cause instanceof errors.TimeoutError)
}

/** How deep the client wraps what it met. */
const CAUSES_MAX = 4

function causes(error: unknown): unknown[] {
  const found: unknown[] = []
  for (let at = error; at !== undefined && found.length < CAUSES_MAX; ) {
    found.push(at)
    at = at instanceof Error ? at.cause : undefined
  }
  return found
}

/** What the system says of an address nobody can be reached at now. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])
/** Answers of the JetStream API that more servers would change. */
const NO_SERVICE = 503
const NO_PEERS = 10_005

/** Whether the server, or its quorum, is not there now: the same may succeed later. */
export function isAway(error: unknown): error is Error {
  return (
    isTimeout(error) ||
    isNoResponders(error) ||
    error instanceof errors.ConnectionError ||
    (error instanceof JetStreamApiError &&
      (error.status === NO_SERVICE || error.code === NO_PEERS)) ||
    causes(error).some((cause) => UNREACHABLE.has(codeOf(cause)))
  )
}

/** The code of a system error; '' where it has none. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
