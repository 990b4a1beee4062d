// Simulated JetStream: appends, reads and consumers of one process, as the engine uses them.
//
//   SJ1. An ordered consumer delivers every message of its subject once and in order, however late;
//        while its process cannot be reached it waits, as the client's own recovery would.
//   SJ2. A durable one hands out what nobody acknowledged, again after its wait or when it was made
//        anew; an acknowledgement removes the message from its work queue.

import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import { Feed } from './feed.ts'
import type { Proc } from './scheduler.ts'
import type { Message, SimStream } from './sim-log.ts'
import type { SimServer } from './sim-server.ts'

const BATCH = 64
const APPEND_TIMEOUT_MS = 2000

interface Delivered extends Message {
  info: { pending: number }
  ack: () => void
}

interface Durable {
  stream: SimStream
  filter: string
  ackWaitMs: number
  max: number
  cursor: number
  pending: Map<number, number>
}

const durablesOf = new WeakMap<SimServer, Map<string, Durable>>()

function durables(server: SimServer): Map<string, Durable> {
  const known = durablesOf.get(server) ?? new Map<string, Durable>()
  durablesOf.set(server, known)
  return known
}

export interface PublishOptions {
  timeout?: number
  expect?: { lastSubjectSequence?: number }
}

export type Publish = (
  subject: string,
  data: Uint8Array,
  options?: PublishOptions,
) => Promise<{ seq: number; duplicate: boolean; stream: string }>

export function publisher(server: SimServer, proc: Proc): Publish {
  return async (subject, data, { timeout = APPEND_TIMEOUT_MS, expect } = {}) => {
    const stream = server.stream(subject.startsWith('ev.') ? 'EVENTS' : 'INBOX')
    const bytes = Uint8Array.from(data)
    const append = () => {
      try {
        if (subject.startsWith('in.') && server.chance(server.weather.twice)) {
          server.count('message stored twice')
          stream.append(subject, bytes)
        }
        return stream.append(subject, bytes, expect?.lastSubjectSequence, proc)
      } catch (error) {
        // Whose record is there instead: a retry of what landed, or somebody who owns it no more?
        const landed = stream.next(subject, (expect?.lastSubjectSequence ?? 0) + 1)?.data
        const ours = landed !== undefined && Buffer.compare(landed, bytes) === 0
        server.count(ours ? 'append refused that had landed' : 'append of a former owner refused')
        throw error
      }
    }
    const seq = await server.call(proc, append, { timeoutMs: timeout, append: true })
    return { seq, duplicate: false, stream: stream.name }
  }
}

/** The parts of a JetStream client and manager that the engine uses. */
export function jetstreamOf(server: SimServer, proc: Proc) {
  const consumers = {
    get: async (name: string, options: string | OrderedOptions) => {
      const stream = server.stream(name)
      return typeof options === 'string'
        ? durable(server, proc, `${name}/${options}`)
        : ordered(server, proc, stream, options)
    },
  }
  const js = { publish: publisher(server, proc), consumers }
  const jsm = {
    streams: {
      getMessage: (name: string, query: Query) =>
        server.call(proc, () => find(server, name, query)),
      info: (name: string, { subjects_filter = '' } = {}) =>
        server.call(proc, () => {
          const stream = server.stream(name)
          const subjects = subjects_filter && stream.subjects(subjects_filter.replace(/[*>]$/, ''))
          const { lastSeq, messages } = stream
          return { state: { last_seq: lastSeq, bytes: 0, messages: messages.size, subjects } }
        }),
      purge: (name: string, { filter, seq }: { filter: string; seq?: number }) =>
        server.call(proc, () => server.stream(name).purge(filter, seq)),
    },
    consumers: {
      delete: (name: string, consumer: string) =>
        server.call(proc, () => {
          if (!durables(server).delete(`${name}/${consumer}`)) throw new Error('consumer not found')
          return true
        }),
      add: (name: string, { durable_name, filter_subject, ack_wait, max_ack_pending }: Added) =>
        server.call(proc, () => {
          durables(server).set(`${name}/${durable_name}`, {
            stream: server.stream(name),
            filter: filter_subject,
            ackWaitMs: ack_wait / 1_000_000,
            max: max_ack_pending,
            cursor: 1,
            pending: new Map(),
          })
        }),
    },
  }
  // Only what is used above is there; anything else would be called and fail at once.
  return { js: js as unknown as JetStreamClient, jsm: jsm as unknown as JetStreamManager }
}

interface Added {
  durable_name: string
  filter_subject: string
  ack_wait: number
  max_ack_pending: number
}

interface Query {
  seq?: number
  last_by_subj?: string
  next_by_subj?: string
}

function find(server: SimServer, name: string, query: Query): Message | null {
  const stream = server.stream(name)
  const { seq = 1, last_by_subj, next_by_subj } = query
  if (last_by_subj !== undefined) return stream.last(last_by_subj)
  if (next_by_subj !== undefined) return stream.next(next_by_subj, seq)
  return stream.messages.get(seq) ?? null
}

interface OrderedOptions {
  filter_subjects: string | string[]
  opt_start_seq?: number
}

async function ordered(server: SimServer, proc: Proc, stream: SimStream, options: OrderedOptions) {
  const filter = [options.filter_subjects].flat()[0] ?? ''
  let cursor = options.opt_start_seq ?? 1
  await server.call(proc, () => undefined)
  return {
    info: () =>
      server.call(proc, () => ({
        num_pending: stream.pending(filter, cursor),
        num_ack_pending: 0,
      })),
    delete: () => server.call(proc, () => true),
    consume: async ({ callback }: { callback?: (message: Delivered) => void } = {}) => {
      const feed = new Feed<Delivered>()
      const deliver = callback ?? ((message: Delivered) => feed.push(message))
      const pump = () => {
        if (feed.ended || !server.reaches(proc)) return
        // A stream that was restored ends before where this reader was.
        cursor = Math.min(cursor, stream.lastSeq + 1)
        const batch: Delivered[] = []
        while (batch.length < BATCH) {
          const message = stream.next(filter, cursor)
          if (message === null) break
          cursor = message.seq + 1
          batch.push({ ...message, info: { pending: 1 }, ack: () => {} })
        }
        const last = batch.at(-1)
        if (last === undefined) return
        last.info.pending = stream.pending(filter, cursor)
        server.toProc(proc, () => {
          for (const message of batch) if (!feed.ended) deliver(message)
        })
        if (batch.length === BATCH) server.scheduler.at(0.1, server.proc, pump)
      }
      feed.onStop = listen(server, proc, stream, pump, () => feed.drop())
      server.scheduler.at(server.weather.latencyMs, server.proc, pump)
      return feed
    },
  }
}

/** Pumps after every append and every heal, until the function it returns is called. */
function listen(
  server: SimServer,
  proc: Proc,
  stream: SimStream,
  pump: () => void,
  close: () => void,
) {
  const soon = () => server.scheduler.at(0, server.proc, pump)
  const unheal = server.onHealed(pump)
  stream.listeners.add(soon)
  server.opened(proc, close)
  return () => {
    stream.listeners.delete(soon)
    unheal()
  }
}

async function durable(server: SimServer, proc: Proc, name: string) {
  await server.call(proc, () => undefined)
  return {
    info: () =>
      server.call(proc, () => {
        const held = durables(server).get(name)
        if (held === undefined) throw new Error('consumer not found')
        return {
          num_pending: held.stream.pending(held.filter, held.cursor),
          num_ack_pending: held.pending.size,
        }
      }),
    fetch: async ({ max_messages, expires }: { max_messages: number; expires: number }) => {
      const feed = new Feed<Delivered>()
      const until = server.scheduler.now + expires
      let left = max_messages
      const pump = () => {
        const held = durables(server).get(name)
        if (feed.ended || held === undefined || server.scheduler.now > until) return
        if (!server.reaches(proc)) return
        const batch = take(server, held, left)
        left -= batch.length
        if (batch.length === 0) return
        const messages = batch.map((message) => ({
          ...message,
          info: { pending: 0 },
          ack: () => acknowledging(server, proc, name, message.seq),
        }))
        const [again] = messages
        if (again !== undefined && server.chance(server.weather.twice)) {
          server.count('message handed out twice')
          messages.push(again)
        }
        const whole = left === 0
        server.toProc(proc, () => {
          for (const message of messages) feed.push(message)
          if (whole) feed.stop()
        })
      }
      server.toServer(proc, () => {
        const held = durables(server).get(name)
        if (held === undefined || feed.ended) return
        feed.onStop = listen(server, proc, held.stream, pump, () => feed.drop())
        pump()
      })
      setTimeout(() => feed.stop(), expires + 50)
      return feed
    },
  }
}

/** What is due again first, then what is new. */
function take(server: SimServer, held: Durable, most: number): Message[] {
  const { now } = server.scheduler
  const batch: Message[] = []
  for (const [seq, at] of held.pending) {
    if (batch.length >= most) return batch
    const message = held.stream.messages.get(seq)
    if (message === undefined) held.pending.delete(seq)
    else if (now - at > held.ackWaitMs) {
      held.pending.set(seq, now)
      batch.push(message)
      server.count('redelivered')
    }
  }
  while (batch.length < most && held.pending.size < held.max) {
    const message = held.stream.next(held.filter, held.cursor)
    if (message === null) break
    held.cursor = message.seq + 1
    held.pending.set(message.seq, now)
    batch.push(message)
  }
  return batch
}

/** An ack of a work queue is no call: nobody hears that it was lost. */
function acknowledging(server: SimServer, proc: Proc, name: string, seq: number): void {
  const lost = server.chance(server.weather.lostAck)
  if (lost) server.count('lost ack of a message')
  server.toServer(proc, () => {
    if (!lost) acknowledge(server, name, seq)
  })
}

function acknowledge(server: SimServer, name: string, seq: number): void {
  const held = durables(server).get(name)
  if (held?.pending.delete(seq) === true) held.stream.remove(seq)
}
