// HTTP server: section 4 of the contract on loopback, with a limit on everything a caller can hold.
//
//   H1. No request crashes the process, and every fault has the error shape.
//   H2. Whatever is waited for has a deadline: headers, bodies, files, slow readers, the drain.
//   H3. `stop` refuses new connections at once, ends the event readers, lets requests in hand
//       finish, and is over within DRAIN_MS.

import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { EngineError } from '../../actors/protocol/errors.ts'
import type { Clock } from '../../actors/runtime/clock.ts'
import { ImportStore } from '../../actors/runtime/import-store.ts'
import type { Log } from '../../actors/runtime/log.ts'
import type { Link } from '../../actors/runtime/nats.ts'
import type { Answer } from '../auction/services.ts'
import { createApp, type Routes } from './app.ts'
import { Connections } from './connections.ts'
import { EventStream } from './events.ts'
import { importRoutes } from './imports.ts'
import type { Metrics } from './metrics.ts'
import { type Health, probeRoutes } from './probes.ts'
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

export interface HttpParts extends Health {
  /** 0: any free one. */
  port: number
  answer: Answer
  link: Link
  shards: number
  clock: Clock
  log: Log
  metrics: Metrics
}

export interface HttpService {
  readonly port: number
  stop(): Promise<void>
}

/** Listens on 127.0.0.1. Throws PORT_TAKEN when another process does already. */
export async function startHttp(parts: HttpParts): Promise<HttpService> {
  const { answer, link, shards, clock, log, metrics } = parts
  const events = new EventStream({ link, shards, log, metrics })
  const routes: Routes = {
    ...(await statusRoutes()),
    ...probeRoutes(parts, metrics),
    ...serviceRoutes(answer, metrics),
    ...importRoutes(await ImportStore.open(link), clock),
    '/api/events': { GET: (c) => events.open(c) },
  }
  const app = createApp(routes, { log, metrics })
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: UPLOAD_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: 2000,
    },
    // It would put its own Request and Response in place of everybody's.
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
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
  events: EventStream,
  log: Log,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  events.stop()
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
