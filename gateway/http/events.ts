// Events: the journal as server-sent events.
//
//   E1. A reader sees each event of what it asked for once and in the order of the log. The id of
//       an event is its record's sequence and its place in it, so a reader resumes between two
//       events of one record.
//   E2. A reader holds no more than READ_AHEAD records and one record's text here; the log waits
//       for it. One that takes nothing for SLOW_MS is cut off, and resumes where it stopped.
//   E3. Nothing sealed leaves: events go out as `readable` shows them.

import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { isContactEvent } from '../../actors/protocol/events.ts'
import { shardOf } from '../../actors/protocol/ids.ts'
import { readable } from '../../actors/protocol/readable.ts'
import { decodeRecord } from '../../actors/protocol/record.ts'
import { EVENTS, eventsSubject } from '../../actors/protocol/subjects.ts'
import type { Log } from '../../actors/runtime/log.ts'
import { type Link, PULL_MS } from '../../actors/runtime/nats.ts'
import type { Ctx } from './app.ts'
import { askedOf, type Wanted, wantedOf } from './event-range.ts'
import type { Metrics } from './metrics.ts'
import { waitResponse } from './responses.ts'

const READERS_MAX = 64
/** Records asked for ahead of a reader, each at most 256 KB. */
const READ_AHEAD = 32
const SLOW_MS = 30_000
/** The server forgets the consumer of a gateway that died after this, ms. */
const CONSUMER_IDLE_MS = 120_000
/** Proxies drop what is silent for a minute. */
const HEARTBEAT_MS = 15_000
/** How soon a browser asks again, ms. */
const RETRY_MS = 2000

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no',
}

export interface EventsParts {
  link: Link
  shards: number
  log: Log
  metrics: Metrics
  /** Tests shorten these. */
  heartbeatMs?: number
  slowMs?: number
}

interface Reader {
  out: ServerResponse
  messages: ConsumerMessages
  /** The id up to which everything wanted was sent. */
  position: string
}

export class EventStream {
  readonly #parts: EventsParts
  readonly #readers = new Set<Reader>()
  #stopped = false

  constructor(parts: EventsParts) {
    this.#parts = parts
  }

  /** Answers `GET /api/events`; the response goes on until the reader, the log or we end it. */
  async open(c: Ctx): Promise<Response> {
    if (c.req.method === 'HEAD') return new Response(null, { headers: HEADERS })
    if (this.#stopped || this.#readers.size >= READERS_MAX) {
      const why = this.#stopped ? 'the gateway is stopping' : `${READERS_MAX} readers are connected`
      return waitResponse({ type: 'unavailable', retry_after_ms: 5000 }, why)
    }
    const { link, shards } = this.#parts
    const asked = askedOf(c)
    const last = (await link.jsm.streams.info(EVENTS)).state.last_seq
    const wanted = wantedOf(asked, last)
    const shard = wanted.campaign === null ? '*' : shardOf(wanted.campaign, shards)
    const consumer = await link.js.consumers.get(EVENTS, {
      filter_subjects: [eventsSubject(shard)],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: wanted.seq,
      inactive_threshold: CONSUMER_IDLE_MS,
    })
    const messages = await consumer.consume({ max_messages: READ_AHEAD, expires: PULL_MS })
    this.#run({ out: c.env.outgoing as ServerResponse, messages, position: '' }, wanted)
    return RESPONSE_ALREADY_SENT
  }

  /** Ends all readers; they come back to another gateway, or to us after a restart. */
  stop(): void {
    this.#stopped = true
    for (const { out, messages } of this.#readers) {
      messages.stop()
      out.end()
    }
  }

  #run(reader: Reader, wanted: Wanted): void {
    const { metrics, log, heartbeatMs = HEARTBEAT_MS } = this.#parts
    const { out, messages } = reader
    this.#readers.add(reader)
    metrics.readers(this.#readers.size)
    out.writeHead(200, HEADERS)
    out.write(`retry: ${RETRY_MS}\n\n`)
    const heart = setInterval(() => beat(reader), heartbeatMs)
    out.on('close', () => messages.stop())
    out.on('error', () => messages.stop()) // a broken connection closes as well
    this.#copy(reader, wanted)
      .catch((error: unknown) => {
        const name = error instanceof Error ? error.name : typeof error
        log.warn({ name, position: reader.position }, 'event reader ended')
      })
      .finally(() => {
        clearInterval(heart)
        messages.stop()
        out.end()
        this.#readers.delete(reader)
        metrics.readers(this.#readers.size)
      })
  }

  async #copy(reader: Reader, wanted: Wanted): Promise<void> {
    const { slowMs = SLOW_MS, log } = this.#parts
    for await (const message of reader.messages) {
      const text = textOf(message, wanted)
      reader.position = String(message.seq)
      if (text === '' || reader.out.destroyed || reader.out.write(text)) continue
      if (await drained(reader.out, slowMs)) continue
      log.info({ position: reader.position }, 'event reader too slow')
      reader.out.destroy() // what was written and not taken is in its way: it resumes by id
      return
    }
  }
}

/** A comment keeps the connection open; the id lets a filtered reader resume past what it skipped. */
function beat({ out, position }: Reader): void {
  if (out.writableNeedDrain) return
  out.write(position === '' ? ': \n\n' : `: \nid: ${position}\n\n`)
}

function textOf(message: JsMsg, { seq, seen, campaign, types }: Wanted): string {
  let text = ''
  for (const [index, event] of decodeRecord(message.data).events.entries()) {
    if (message.seq === seq && index <= seen) continue
    // A contact's events may name the campaign, and lie here only where the contact lives.
    const ofCampaign = event.campaign_id === campaign && !isContactEvent(event)
    if (campaign !== null && !ofCampaign) continue
    if (types !== null && !types.has(event.type)) continue
    const shown = JSON.stringify(readable(event, message.seq))
    text += `id: ${message.seq}.${index}\nevent: ${event.type}\ndata: ${shown}\n\n`
  }
  return text
}

/** Whether the reader took what was written within `ms`; true as well when it went away. */
function drained(out: ServerResponse, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (taken: boolean) => () => {
      clearTimeout(timer)
      out.off('drain', done)
      out.off('close', done)
      resolve(taken)
    }
    const done = settle(true)
    const timer = setTimeout(settle(false), ms)
    out.once('drain', done)
    out.once('close', done)
  })
}
