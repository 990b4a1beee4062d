// NATS itself: responders that do no work, which tell what the messages and the sync cost alone.
//
//   echo    answers with what it was sent
//   relay   asks `echo`, then appends one synced record, then answers: two hops and one fsync

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from 'nats'
import { startServer } from '../../support/server.ts'
import type { Contender, ContenderKind } from './contender.ts'
import { Undo } from './program.ts'

export type ResponderName = 'echo' | 'relay'

/** The stream `relay` appends to, and its subject. */
const STREAM = { name: 'BENCH', subjects: ['bench.append'] }

class Responder implements Contender {
  readonly driver
  readonly #version: string
  readonly #undo: Undo

  private constructor(name: ResponderName, url: string, version: string, undo: Undo) {
    this.driver = { kind: 'nats', url, subject: `bench.${name}` } as const
    this.#version = version
    this.#undo = undo
  }

  static async start(name: ResponderName): Promise<Responder> {
    return await Undo.onFailure(async (undo) => {
      const server = undo.use(await startServer())
      const nc = await connect({ servers: server.url })
      undo.later(() => nc.close())
      await (await jetstreamManager(nc)).streams.add(STREAM)
      await respond(server.url, 'echo', undo)
      if (name === 'relay') await respond(server.url, 'relay', undo)
      return new Responder(name, server.url, nc.info?.version ?? 'unknown', undo)
    })
  }

  async settings(): Promise<Record<string, string>> {
    return { 'nats-server': this.#version }
  }

  async fill(): Promise<void> {}

  async settle(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo[Symbol.asyncDispose]()
  }
}

/** Starts a responder as a process of its own; resolves once it listens. */
async function respond(url: string, name: ResponderName, undo: Undo): Promise<void> {
  const child = fork(join(import.meta.dirname, 'responder.ts'), [url, name], {
    execArgv: ['--import', 'tsx'],
  })
  undo.later(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`responder ${name} ended with ${code} before it listened`)
  })
  failed.catch(() => {}) // Told by the race below while that is open; later it is no news.
  await Promise.race([once(child, 'message'), failed])
}

const kind = (name: ResponderName, more: Pick<ContenderKind, 'label' | 'does' | 'durable'>) => ({
  ...more,
  lacks: null,
  hasLeads: false,
  missing: () => null,
  start: () => Responder.start(name),
})

export const echoKind: ContenderKind = kind('echo', {
  label: 'NATS echo',
  does: 'no work: one process answers with what it was sent',
  durable: 'nothing is kept',
})

export const relayKind: ContenderKind = kind('relay', {
  label: 'NATS relay + append',
  does: 'no work: two hops, and one append to a stream',
  durable: 'each append synced on its own before the reply',
})
