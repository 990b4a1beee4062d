// A gateway's HTTP side on a real log, with a stand-in behind `answer`, which is our own interface:
// it checks requests with the contract's own parsers and answers what the test tells it to.

import { InputError } from '../../../actors/protocol/errors.ts'
import { parseLead } from '../../../actors/protocol/lead.ts'
import type { Reply } from '../../../actors/protocol/replies.ts'
import { errorReply } from '../../../actors/protocol/replies.ts'
import * as requests from '../../../actors/protocol/requests.ts'
import { parse } from '../../../actors/protocol/schema.ts'
import { settingsSchema } from '../../../actors/protocol/settings.ts'
import type { Clock } from '../../../actors/runtime/clock.ts'
import { readConfig } from '../../../actors/runtime/config.ts'
import { createLog, type Log } from '../../../actors/runtime/log.ts'
import { connectNats, type Link } from '../../../actors/runtime/nats.ts'
import { provision } from '../../../actors/runtime/streams.ts'
import type { Answer, Call } from '../../../gateway/auction/services.ts'
import { createMetrics, type Metrics } from '../../../gateway/http/metrics.ts'
import { type HttpParts, startHttp } from '../../../gateway/http/server.ts'
import { startServer, type TestServer } from '../../support/server.ts'

/** 2026-01-05T06:00:00Z. */
export const T0 = Date.UTC(2026, 0, 5, 6)

export interface Harness {
  nats: TestServer
  link: Link
  shards: number
  metrics: Metrics
  /** Lines of the log so far. */
  logged: string[]
  /** What was asked of `answer`, newest last. */
  calls: Call[]
  url: string
  port: number
  /** What `answer` replies when the request itself is good. */
  reply: (call: Call) => Reply | Uint8Array | Promise<Reply | Uint8Array>
  health: { ready: boolean; reasons: string[]; live: boolean }
  parts: HttpParts
  stopHttp(): Promise<void>
  stop(): Promise<void>
}

export async function startHarness(): Promise<Harness> {
  const nats = await startServer()
  const { config } = readConfig(['--nats-url', nats.url], {})
  const logged: string[] = []
  const log: Log = createLog({ role: 'gateway' }, 'info', { write: (line) => logged.push(line) })
  const link = await connectNats(config, 'gateway', log)
  const { shards } = await provision(link, config)
  const clock: Clock = { now: () => T0 }
  const metrics = createMetrics()
  const calls: Call[] = []
  const health = { ready: true, reasons: [] as string[], live: true }
  const answer: Answer = async (call) => {
    calls.push(call)
    return checked(call) ?? (await harness.reply(call))
  }
  const parts: HttpParts = {
    port: 0,
    answer,
    link,
    shards,
    clock,
    log,
    metrics,
    ready: () => ({ ready: health.ready, reasons: health.reasons }),
    live: () => health.live,
  }
  const http = await startHttp(parts)
  const harness: Harness = {
    nats,
    link,
    shards,
    metrics,
    logged,
    calls,
    url: `http://127.0.0.1:${http.port}`,
    port: http.port,
    reply: () => ({ type: 'skipped' }),
    health,
    parts,
    stopHttp: () => http.stop(),
    async stop() {
      await http.stop()
      await link.nc.close()
      await nats.stop()
    },
  }
  return harness
}

/** The error reply to a request the contract refuses, as the engine's own desk gives it. */
function checked({ service, body }: Call): Reply | null {
  try {
    check(service, body)
    return null
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return errorReply(error.code, error.message, error.path)
  }
}

function check(service: Call['service'], body: unknown): void {
  switch (service) {
    case 'lead.next':
      return void requests.parseNext(body)
    case 'lead.confirm':
    case 'lead.extend':
      return void parse(requests.awardOnlySchema, body)
    case 'lead.skip':
      return void parse(requests.skipSchema, body)
    case 'lead.disposition':
      return void requests.parseDisposition(body)
    case 'lead.ingest':
      return void parse(requests.ingestSchema, body)
    case 'lead.show':
      return void parse(requests.showSchema, body)
    case 'campaign.show':
      return void parse(requests.campaignShowSchema, body)
    case 'campaign.put':
      return void parse(settingsSchema, body)
    default:
      return
  }
}

/** What a desk that owns the leads would say to an ingest: each lead accepted or rejected. */
export function ingested({ body }: Call): Reply {
  const { leads } = body as { leads: unknown[] }
  const rejected = leads.flatMap((lead, index) => {
    const result = parseLead(lead)
    return result.ok ? [] : [{ index, ...result.fault }]
  })
  const accepted = leads.length - rejected.length
  return { type: 'ingested', accepted, updated: 0, unchanged: 0, rejected }
}

export interface Answered {
  status: number
  headers: Headers
  body: unknown
}

/** One request; a body that is not a text or bytes goes out as JSON. */
export async function ask(
  harness: Harness,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined
  const response = await fetch(harness.url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  return {
    status: response.status,
    headers: response.headers,
    body: type.startsWith('application/json') ? JSON.parse(text) : text,
  }
}

/** The error of an answer in the error shape. */
export function errorOf({ body }: Answered): { code: string; message: string; path?: string } {
  return (body as { error: { code: string; message: string; path?: string } }).error
}
