// HTTP server: section 4 of the contract on loopback, with a limit on everything a caller can hold.
//
//   H1. No request crashes the process, and every fault has the error shape.
//   H2. Whatever is waited for has a deadline: headers, bodies, files, slow readers, the drain.
//   H4. From the moment it listens the probes are answered; everything else is `unavailable` until there
//       is something to serve.
//   H3. `stop` refuses new connections at once, ends the event readers, lets requests in hand
//       finish, and is over within DRAIN_MS.

import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { EngineError } from '../../actors/protocol/errors.ts'
import type { Activity } from '../../actors/runtime/activity.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import { ImportStore } from '../../actors/runtime/import-store.ts'
import type { Log } from '../../actors/runtime/log.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import type { Admission, Bulk } from '../auction/admission.ts'
import type { Answer } from '../auction/services.ts'
import { type Ctx, createApp, type Routes } from './app.ts'
import { Connections } from './connections.ts'
import { EventStream } from './events.ts'
import { importRoutes } from './imports.ts'
import type { Metrics } from './metrics.ts'
import { type Health, probeRoutes } from './probes.ts'
import { waitResponse } from './responses.ts'
import { serviceRoutes } from './routes.ts'
import { statusRoutes } from './status.ts'

const HEADERS_TIMEOUT_MS = 10_000
/** The longest upload; a JSON body has its own, shorter deadline (body.ts). */
const UPLOAD_TIMEOUT_MS = 600_000
const KEEP_ALIVE_MS = 5000
/** Further connections are refused. */
const CONNECTIONS_MAX = 1024
const HEADER_BYTES_MAX = 32 * 1024
const DRAIN_MS = 10_000

/** What it takes to listen. */
export interface DoorParts extends Health {
  /** 0: any free one. */
  port: number
  log: Log
  metrics: Metrics
}

/** What is served behind it. */
export interface Served {
  answer: Answer
  /** Who says whether what takes long may begin; nobody: it may. */
  admission?: Pick<Admission, 'bulkRefusal'>
  /** What a file that is taken in makes room for. */
  calls?: Activity
  link: Link
  shards: number
  clock: Clock
}

export type HttpParts = DoorParts & Served

export interface HttpService {
  readonly port: number
  stop(): Promise<void>
}

export interface HttpDoor extends HttpService {
  /** Opens everything (H4); leaves nothing behind when it fails. */
  serve(served: Served): Promise<void>
}

/** Listens and serves at once. */
export async function startHttp(parts: HttpParts): Promise<HttpService> {
  const door = await openHttp(parts)
  try {
    await door.serve(parts)
  } catch (error) {
    await door.stop()
    throw error
  }
  return door
}

/** The routes and the event readers of what is served. */
async function routesOf(parts: DoorParts, served: Served) {
  const { log, metrics } = parts
  const { answer, link, shards, clock, admission, calls } = served
  const imports = await ImportStore.open(link)
  const events = new EventStream({ link, shards, log, metrics })
  const refusal = (what: Bulk) => admission?.bulkRefusal(what) ?? null
  const readEvents = (c: Ctx) => {
    const refused = refusal('export')
    return refused === null ? events.open(c) : waitResponse(refused)
  }
  const routes: Routes = {
    ...(await statusRoutes()),
    ...probeRoutes(parts, metrics),
    ...serviceRoutes(answer, metrics),
    ...importRoutes(imports, clock, () => refusal('import'), calls),
    '/api/events': { GET: readEvents },
  }
  return { events, routes }
}

const notYet = () => waitResponse({ type: 'unavailable', retry_after_ms: 1000 }, 'just starting')
const NOT_YET: Routes = { '/*': { GET: notYet, POST: notYet, PUT: notYet, DELETE: notYet } }

/** Listens on 127.0.0.1 (H4). Throws PORT_TAKEN when another process does already. */
export async function openHttp(parts: DoorParts): Promise<HttpDoor> {
  const { log, metrics } = parts
  let app = createApp({ ...probeRoutes(parts, metrics), ...NOT_YET }, { log, metrics })
  let events: EventStream | null = null
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: UPLOAD_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: 2000,
    },
    // It would put its own Request and Response in place of everybody's.
    getRequestListener((...request) => app.fetch(...request), { overrideGlobalObjects: false }),
  )
  const connections = new Connections(server)
  server.maxConnections = CONNECTIONS_MAX
  server.on('clientError', refuse)
  await listen(server, parts.port)
  server.on('error', (error) => log.error({ name: error.name }, 'http server error'))
  const { port } = server.address() as AddressInfo // It listens on a port, not on a pipe.
  log.info({ port }, 'http listening')
  let stopping: Promise<void> | undefined
  return {
    port,
    async serve(served) {
      const opened = await routesOf(parts, served)
      events = opened.events
      app = createApp(opened.routes, { log, metrics })
    },
    stop: () => {
      stopping ??= stop(server, connections, events, log)
      return stopping
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const why = taken ? 'another process listens there' : `cannot be used (${cause.code})`
      const message = `LEADBID_HTTP_PORT is ${port}: ${why}, set another port or 0 for any free one`
      reject(new EngineError(taken ? 'PORT_TAKEN' : 'PORT_UNUSABLE', message, { cause }))
    })
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

async function stop(
  server: Server,
  connections: Connections,
  events: EventStream | null,
  log: Log,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  events?.stop()
  connections.drain()
  const late = setTimeout(() => {
    log.warn({ drainMs: DRAIN_MS }, 'http requests cut off')
    server.closeAllConnections()
  }, DRAIN_MS)
  await closed
  clearTimeout(late)
}

const REFUSALS: { readonly [code: string]: readonly [status: string, code: string, why: string] } =
  {
    HPE_HEADER_OVERFLOW: [
      '431 Request Header Fields Too Large',
      'TOO_LARGE',
      `headers are larger than ${HEADER_BYTES_MAX} bytes`,
    ],
    ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'TIMEOUT', 'request did not come in time'],
  }
const NOT_HTTP = ['400 Bad Request', 'MALFORMED', 'request is not HTTP/1.1'] as const

/** What never became a request is answered in the error shape too. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, code, message] = REFUSALS[error.code ?? ''] ?? NOT_HTTP
  const body = JSON.stringify({ error: { code, message } })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
