// NATS: one set of connection options for all processes, and callbacks that cannot deafen one.
//
//   N1. A throw inside a subscription callback kills the client's read loop without a word: every
//       callback goes through `subscribe` here, which catches and logs.
//   N2. The client keeps trying to reconnect for ever; who needs an answer has a deadline.
//   N3. Nothing published while the link is down is kept: only an ack means anything.

import { readFileSync } from 'node:fs'
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import { type ObjectStore, Objm } from '@nats-io/obj'
import {
  connect,
  credsAuthenticator,
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from 'nats'
import { type Config, natsUrlOf } from './config.ts'
import type { Log } from './log.ts'

export type { JetStreamClient, JetStreamManager, Msg, NatsConnection, Subscription }

/** How long an append or another JetStream call may take before it counts as unanswered, ms. */
export const JETSTREAM_TIMEOUT_MS = 2000

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

/** Connects, waiting up to `waitMs` for a server that is still starting. */
export async function connectNats(
  config: Config,
  name: string,
  log: Log,
  waitMs = 15_000,
): Promise<Link> {
  const servers = natsUrlOf(config)
    .split(',')
    .map((url) => url.trim())
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
        ...(config.natsCreds === null
          ? {}
          : { authenticator: credsAuthenticator(readFileSync(config.natsCreds)) }),
      })
      const connected = watchStatus(nc, log)
      const js = jetstream(nc, { timeout: JETSTREAM_TIMEOUT_MS })
      const jsm = await jetstreamManager(nc, { timeout: JETSTREAM_TIMEOUT_MS, checkAPI: false })
      return { nc, js, jsm, ...storesOf(js), connected }
    } catch (cause) {
      if (performance.now() - started > waitMs) throw cause
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
  }
}

/** The stores of a client; for who connects by itself. */
export function storesOf(js: JetStreamClient): Pick<Link, 'kv' | 'objects'> {
  return {
    kv: (bucket) => new Kvm(js).open(bucket),
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

/** Nobody is subscribed: the process behind the subject is gone, and the request was not seen. */
export function isNoResponders(error: unknown): boolean {
  return (
    error instanceof errors.NoRespondersError || cause(error) instanceof errors.NoRespondersError
  )
}

export function isTimeout(error: unknown): boolean {
  return error instanceof errors.TimeoutError || cause(error) instanceof errors.TimeoutError
}

function cause(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}
