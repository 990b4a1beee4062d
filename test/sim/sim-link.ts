// Simulated link: what a process of the engine has of NATS, as `connectNats` would give it.

import { errors, type NatsConnection } from 'nats'
import * as subjects from '../../actors/protocol/subjects.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import { HOST_TTL_MS, PRESENCE_TTL_MS } from '../../actors/runtime/streams.ts'
import type { Proc } from './scheduler.ts'
import { jetstreamOf } from './sim-jetstream.ts'
import { kvOf, SimBucket } from './sim-kv.ts'
import { objectsOf } from './sim-objects.ts'
import type { Headers, Respond, Sent, SimServer } from './sim-server.ts'

const NO_HEADERS: Headers = new Map()
/** Nobody waits for an answer to it. */
const SILENT = { headers: NO_HEADERS, respond: () => {} }
const TTLS: { readonly [bucket: string]: number } = {
  [subjects.HOSTS_BUCKET]: HOST_TTL_MS,
  [subjects.PRESENCE_BUCKET]: PRESENCE_TTL_MS,
}

/** Everything durable, and the server before it. */
export class SimStores {
  readonly server: SimServer
  readonly buckets = new Map<string, SimBucket>()

  constructor(server: SimServer) {
    this.server = server
  }

  bucket(name: string): SimBucket {
    const { scheduler } = this.server
    const known = this.buckets.get(name)
    const bucket =
      known ?? new SimBucket(name, TTLS[name] ?? Number.POSITIVE_INFINITY, () => scheduler.now)
    this.buckets.set(name, bucket)
    return bucket
  }

  linkOf(proc: Proc): Link {
    const { server } = this
    return {
      nc: connectionOf(server, proc),
      ...jetstreamOf(server, proc),
      kv: async (name) => kvOf(server, this.bucket(name), proc),
      objects: async (name) => objectsOf(server, name, proc),
      connected: () => server.up && proc.cut === 'none',
    }
  }
}

type Payload = string | Uint8Array | undefined
interface RequestOptions {
  timeout?: number
  headers?: Headers
}

function connectionOf(server: SimServer, proc: Proc): NatsConnection {
  const nc = {
    info: { max_payload: 1 << 20, version: '2.15.1' },
    isClosed: () => false,
    publish: (subject: string, data?: Payload) => {
      const bytes = bytesOf(data)
      server.toServer(proc, () => server.route(subject, { ...SILENT, data: bytes }))
    },
    request: (subject: string, data?: Payload, options: RequestOptions = {}) =>
      request(server, proc, subject, bytesOf(data), options),
    subscribe: (subject: string, options: SubscribeOptions) =>
      subscribe(server, proc, subject, options),
  }
  // Only what is used above is there; anything else would be called and fail at once.
  return nc as unknown as NatsConnection
}

function request(
  server: SimServer,
  proc: Proc,
  subject: string,
  data: Uint8Array,
  { timeout = 1000, headers = NO_HEADERS }: RequestOptions,
): Promise<ReturnType<typeof messageOf>> {
  return new Promise((resolve, reject) => {
    let reply = ''
    const timer = setTimeout(() => {
      server.closeInbox(reply)
      reject(new errors.TimeoutError())
    }, timeout)
    const answer = (run: () => void) => {
      server.closeInbox(reply)
      server.toProc(proc, () => {
        clearTimeout(timer)
        run()
      })
    }
    server.toServer(proc, () => {
      const respond: Respond = (bytes) =>
        answer(() => resolve(messageOf(subject, { ...SILENT, data: bytes })))
      reply = server.openInbox(respond)
      const reached = server.route(subject, { data, headers, respond, reply })
      if (reached === 0) answer(() => reject(new errors.NoRespondersError(subject)))
    })
  })
}

interface SubscribeOptions {
  queue?: string
  callback: (error: Error | null, message: ReturnType<typeof messageOf>) => void
}

function subscribe(
  server: SimServer,
  proc: Proc,
  subject: string,
  { queue = '', callback }: SubscribeOptions,
) {
  let ended = false
  const end = server.subscribe({
    proc,
    subject,
    queue: queue === '' ? null : queue,
    deliver: (sent) => {
      if (!ended) callback(null, messageOf(subject, sent))
    },
  })
  return {
    unsubscribe: () => {
      ended = true
      server.toServer(proc, end)
    },
    // What the server has sent already is still delivered before this resolves. A client that was
    // cut off does not subscribe again to what it drained, so that no loss keeps it subscribed.
    drain: async () => {
      for (;;) {
        try {
          await server.call(proc, end, { timeoutMs: 500 })
          return
        } catch {
          // Lost on its way: again.
        }
      }
    },
  }
}

function messageOf(subject: string, { data, headers, respond, reply }: Sent) {
  return {
    subject,
    data,
    headers,
    reply,
    respond: (answer?: Payload) => {
      respond(bytesOf(answer))
      return true
    },
    string: () => Buffer.from(data).toString(),
    json: () => JSON.parse(Buffer.from(data).toString()),
  }
}

function bytesOf(data: Payload): Uint8Array {
  if (data === undefined) return new Uint8Array(0)
  return typeof data === 'string' ? Buffer.from(data) : Uint8Array.from(data)
}
