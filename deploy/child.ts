// Child: one of our processes under this one: started, restarted when it dies, stopped in order.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from './log.ts'
import { PROJECT_DIR } from './nats-server.ts'
import { optionsOf } from './program.ts'

const START_DEADLINE_MS = 30_000
const STOP_DEADLINE_MS = 12_000
const PAUSE_MS = 500
const PAUSE_MAX_MS = 10_000
/** A process that says it must not be started again with the same settings. */
const EXIT_MISUSED = 2

export interface ChildOptions {
  name: string
  /** Its main file, from the project's folder. */
  main: string
  env: Record<string, string>
  log: Log
  /** Told when it ended in a way that a restart would only repeat. */
  onHopeless: (name: string) => void
}

export class Child {
  readonly #options: ChildOptions
  #process: ChildProcess | undefined
  #stopping = false
  #pauseMs = PAUSE_MS

  constructor(options: ChildOptions) {
    this.#options = options
  }

  /** Starts it; resolves with what it tells of itself once it runs. */
  async start(): Promise<Record<string, unknown>> {
    const { name, main, env } = this.#options
    const child = fork(main, [], {
      cwd: PROJECT_DIR,
      execArgv: [...optionsOf(main)],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A group of its own: Ctrl-C reaches the parent alone, which stops them in order.
      detached: true,
    })
    this.#process = child
    child.once('exit', (code) => void this.#ended(child, code))
    const started = new AbortController()
    const timer = setTimeout(() => started.abort(), START_DEADLINE_MS)
    try {
      const exited = once(child, 'exit', { signal: started.signal }).then(([code]) => {
        throw new Error(`${name} ended with exit code ${code} before it had started`)
      })
      const [message] = await Promise.race([
        once(child, 'message', { signal: started.signal }),
        exited,
      ])
      return message as Record<string, unknown>
    } catch (error) {
      if (!started.signal.aborted) throw error
      const s = START_DEADLINE_MS / 1000
      throw new Error(`${name} has not started in ${s} s: its log says what it waits for`)
    } finally {
      clearTimeout(timer)
      started.abort()
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
    await exited
    clearTimeout(timer)
  }

  async #ended(child: ChildProcess, code: number | null): Promise<void> {
    if (this.#stopping || this.#process !== child) return
    const { name, log, onHopeless } = this.#options
    if (code === EXIT_MISUSED) return onHopeless(name)
    log.error({ name, code }, 'process ended, starting it again')
    await sleep(this.#pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS)
    if (this.#stopping) return
    await this.start().catch((error: unknown) =>
      log.error({ name, error: String(error) }, 'not started'),
    )
  }
}
