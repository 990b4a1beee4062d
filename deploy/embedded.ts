// A nats-server as a child of this process: started from nats.conf, watched, respawned, stopped.
// Knows nothing of streams or of the engine.
//
//   E1. Start, stop, kill and respawn run one at a time.
//   E2. The port found at the first start is kept: clients reconnect to where they were.
//   E3. A server that dies unasked is respawned with growing pauses, RESPAWNS_MAX times in a row; then `onLost` is told.
//   E4. Nothing is left behind: stop ends the child, leaving this process signals it, and a kill -9 of this process is
//       made good by the next start (`store-claim.ts`).
//   E5. A start or respawn that is under way gives up as soon as a stop is asked for.

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeployError, messageOf } from './error.ts'
import type { Log } from './log.ts'
import { findOrFetchServer, PROJECT_DIR } from './nats-server.ts'
import { type Ports, ServerProcess } from './server-process.ts'
import { StoreClaim } from './store-claim.ts'

export type EmbeddedOptions = {
  /** Client port on loopback; -1 takes any free one. */
  port: number
  /** Where JetStream stores; its parent folder gets `nats-ports.json`. */
  storeDir: string
  log: Log
  /** Default true; false tells `onLost` at the first death. */
  respawn?: boolean
  /** Default true: a terminal's Ctrl-C then reaches this process only, which stops its server last. */
  ownGroup?: boolean
  /** Called when the server is gone for good; default logs an error. */
  onLost?: (error: DeployError) => void
  /** Replaying a large store takes long; default 60 s. */
  readyDeadlineMs?: number
  /** Between SIGTERM and SIGKILL; default 10 s. */
  stopDeadlineMs?: number
}

const READY_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 10_000
const RESPAWNS_MAX = 8
const RESPAWN_PAUSE_MS = 250
const RESPAWN_PAUSE_MAX_MS = 5_000
/** A server that lived this long was healthy: its death begins a new row of respawns. */
const STEADY_MS = 30_000

export class EmbeddedServer implements AsyncDisposable {
  readonly #options: EmbeddedOptions
  readonly #storeDir: string
  readonly #portsFile: string
  #port: number
  #claim: StoreClaim | undefined
  #server: ServerProcess | undefined
  #ports: Ports | undefined
  #stopping = new AbortController()
  #queue: Promise<unknown> = Promise.resolve()
  #respawns = 0

  constructor(options: EmbeddedOptions) {
    this.#options = options
    this.#port = options.port
    this.#storeDir = resolve(options.storeDir)
    this.#portsFile = join(dirname(this.#storeDir), 'nats-ports.json')
  }

  get url(): string {
    return this.#known().url
  }

  /** Base of the monitoring endpoints; another one after each respawn. */
  get monitorUrl(): string {
    return this.#known().monitorUrl
  }

  /** Process id of the server; undefined while it is down. */
  get pid(): number | undefined {
    return this.#server?.pid
  }

  /** Resolves once clients can connect; throws PORT_TAKEN, STORE_TAKEN, SERVER_MISSING or START_FAILED. Harmless when running. */
  async start(): Promise<void> {
    if (this.#stopping.signal.aborted) this.#stopping = new AbortController()
    const { signal } = this.#stopping
    await this.#exclusive(async () => {
      if (this.#server) return
      await this.#launch(signal)
    })
  }

  /** Resolves once the server has ended; harmless before start, during it, and twice. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DeployError('STOPPED', 'nats-server was stopped while starting')) // E5
    await this.#exclusive(async () => {
      await this.#end('SIGTERM')
      if (!this.#claim) return // never started, or refused: the files there are another's
      await rm(this.#portsFile, { force: true })
      await this.#claim.release()
      this.#claim = undefined
    })
  }

  /** Kills the server as a crash would and leaves it down until `restart`. */
  async kill9(): Promise<void> {
    await this.#exclusive(async () => await this.#end('SIGKILL'))
  }

  /** Ends the server if it runs and starts it again on the same port and store. */
  async restart(): Promise<void> {
    const { signal } = this.#stopping
    await this.#exclusive(async () => {
      await this.#end('SIGTERM')
      await this.#launch(signal)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #known(): Ports {
    if (this.#ports) return this.#ports
    throw new DeployError('NOT_STARTED', 'nats-server has no address yet (await start() first)')
  }

  /** E1: each step waits for the one before, whatever became of it. */
  async #exclusive<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(step)
    this.#queue = turn.catch(() => {}) // the caller of that step has the error
    return await turn
  }

  async #launch(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { log, ownGroup = true, readyDeadlineMs = READY_DEADLINE_MS } = this.#options
    const binary = await findOrFetchServer({ log, signal })
    this.#claim ??= await StoreClaim.take(this.#storeDir, log)
    try {
      await assertPortFree(this.#port)
      await mkdir(this.#storeDir, { recursive: true })
      const server = await ServerProcess.spawn({
        path: binary.path,
        conf: join(PROJECT_DIR, 'nats.conf'),
        port: this.#port,
        storeDir: this.#storeDir,
        ownGroup,
        log,
      })
      try {
        await this.#claim.record(server.pid)
        this.#ports = await server.ready({ signal, deadlineMs: readyDeadlineMs })
      } catch (error) {
        await server.end('SIGKILL', 0)
        await assertPortFree(this.#port) // taken since the first look: say that instead
        throw error
      }
      this.#adopt(server, this.#ports)
      const where = { ...this.#ports, pid: server.pid }
      await writeFile(this.#portsFile, `${JSON.stringify(where)}\n`)
      log.info({ ...where, version: binary.version }, 'nats-server ready')
    } catch (error) {
      if (!this.#server && this.#respawns === 0) {
        await this.#claim.release()
        this.#claim = undefined
      }
      throw error
    }
  }

  #adopt(server: ServerProcess, ports: Ports): void {
    this.#server = server
    this.#port = Number(new URL(ports.url).port) // E2
    const since = Date.now()
    void server.exited.then((why) => {
      if (this.#server !== server) return // ended by us
      this.#server = undefined
      if (Date.now() - since >= STEADY_MS) this.#respawns = 0
      this.#died(why)
    })
  }

  #died(why: string): void {
    const { log, respawn = true } = this.#options
    log.warn({ why, respawn }, 'nats-server died')
    if (!respawn) {
      this.#lost(new DeployError('SERVER_LOST', `nats-server died: ${why}`))
      return
    }
    const { signal } = this.#stopping
    void this.#exclusive(async () => await this.#respawn(signal))
  }

  async #respawn(signal: AbortSignal): Promise<void> {
    let cause: unknown
    while (!signal.aborted && !this.#server) {
      const attempt = ++this.#respawns
      if (attempt > RESPAWNS_MAX) {
        const message = `nats-server died ${RESPAWNS_MAX} times in a row`
        this.#lost(new DeployError('SERVER_LOST', message, { cause }))
        return
      }
      try {
        const pauseMs = Math.min(RESPAWN_PAUSE_MS * 2 ** (attempt - 1), RESPAWN_PAUSE_MAX_MS)
        await sleep(pauseMs, undefined, { signal })
        await this.#launch(signal)
      } catch (error) {
        if (signal.aborted) return
        cause = error
        this.#options.log.warn({ attempt, error: messageOf(error) }, 'nats-server not respawned')
      }
    }
  }

  #lost(error: DeployError): void {
    if (this.#options.onLost) this.#options.onLost(error)
    else this.#options.log.error({ error: error.message }, 'nats-server lost')
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#server
    this.#server = undefined // from here on its end is no surprise
    await server?.end(signal, this.#options.stopDeadlineMs ?? STOP_DEADLINE_MS)
  }
}

/** Throws PORT_TAKEN when another program listens there; -1 is always free. */
async function assertPortFree(port: number): Promise<void> {
  if (port < 0) return
  await new Promise<void>((free, taken) => {
    const probe = createServer()
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE' ? 'is taken by another program' : `is unusable (${cause.code})`
      const cure = 'set LEADBID_NATS_PORT to a free port, or stop that program'
      taken(new DeployError('PORT_TAKEN', `port ${port} ${why} (${cure})`, { cause }))
    })
    probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => free()))
  })
}
