import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeployError } from './error.ts'
import type { Log } from './log.ts'

export type Ports = { url: string; monitorUrl: string }

export type SpawnOptions = {
  path: string
  conf: string
  port: number
  storeDir: string
  ownGroup: boolean
  log: Log
}

const POLL_MS = 20
const PROBE_DEADLINE_MS = 2_000
const TAIL_LINES = 20

/** One run of the nats-server binary, from spawn to exit. */
export class ServerProcess {
  readonly pid: number
  /** Resolves, never rejects, with the way it ended. */
  readonly exited: Promise<string>
  readonly #child: ChildProcess
  readonly #storeDir: string
  readonly #tail: string[] = []
  #ended: string | undefined

  private constructor(child: ChildProcess, pid: number, { storeDir, log }: SpawnOptions) {
    this.#child = child
    this.pid = pid
    this.#storeDir = storeDir
    this.exited = new Promise((settle) => {
      child.once('exit', (code, signal) => {
        this.#ended = signal ? `signal ${signal}` : `exit code ${code}`
        process.off('exit', this.#abandon)
        settle(this.#ended)
      })
    })
    process.on('exit', this.#abandon)
    this.#read(log)
  }

  /** Starts the binary; throws START_FAILED when the system cannot run it. Readiness is another matter: see `ready`. */
  static async spawn(options: SpawnOptions): Promise<ServerProcess> {
    const { path, conf, port, storeDir, ownGroup } = options
    await removePortsFiles(storeDir) // a killed server leaves its file, and its pid may come again
    const flags = ['-c', conf, '-p', `${port}`, '-m', '-1', '-sd', storeDir]
    const child = spawn(path, [...flags, '--ports_file_dir', storeDir], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: ownGroup,
    })
    return await new Promise((started, failed) => {
      child.once('error', (cause) => {
        failed(
          new DeployError('START_FAILED', `${path} cannot be run: ${cause.message}`, { cause }),
        )
      })
      child.once('spawn', () => {
        // The pid exists once 'spawn' was emitted; -1 only satisfies the type.
        started(new ServerProcess(child, child.pid ?? -1, options))
      })
    })
  }

  /** Waits until clients can connect and JetStream is up; throws START_FAILED at the deadline or when the server ends first. */
  async ready(options: { signal: AbortSignal; deadlineMs: number }): Promise<Ports> {
    const deadline = Date.now() + options.deadlineMs
    while (Date.now() < deadline) {
      options.signal.throwIfAborted()
      if (this.#ended !== undefined) throw this.#failure(`ended with ${this.#ended}`)
      const ports = await this.#readPorts()
      if (ports && (await healthy(ports.monitorUrl))) return ports
      await sleep(POLL_MS)
    }
    throw this.#failure(`not ready after ${options.deadlineMs} ms`)
  }

  /** Sends the signal, then SIGKILL at the deadline; resolves once the process has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL', deadlineMs: number): Promise<void> {
    if (this.#ended === undefined) this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs)
    await this.exited
    clearTimeout(timer)
    await removePortsFiles(this.#storeDir)
  }

  /** Last words when this process leaves without stopping its server: only a signal can still be sent. */
  readonly #abandon = (): void => {
    this.#child.kill('SIGTERM')
  }

  #read(log: Log): void {
    if (!this.#child.stderr) return
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#tail.push(line)
      if (this.#tail.length > TAIL_LINES) this.#tail.shift()
      if (/\[(WRN|ERR|FTL)\]/.test(line)) log.warn({ pid: this.pid, line }, 'nats-server says')
    })
  }

  async #readPorts(): Promise<Ports | undefined> {
    const files = await portsFiles(this.#storeDir)
    const file = files.find((name) => name.endsWith(`_${this.pid}.ports`))
    if (file === undefined) return undefined
    const text = await readFile(join(this.#storeDir, file), 'utf8')
    try {
      const { nats, monitoring }: { nats?: string[]; monitoring?: string[] } = JSON.parse(text)
      const [url, monitorUrl] = [nats?.[0], monitoring?.[0]]
      return url && monitorUrl ? { url, monitorUrl } : undefined
    } catch {
      return undefined // half written: the next look finds it whole
    }
  }

  #failure(what: string): DeployError {
    return new DeployError('START_FAILED', `nats-server ${what}: ${this.#tail.join(' | ')}`)
  }
}

async function healthy(monitorUrl: string): Promise<boolean> {
  const signal = AbortSignal.timeout(PROBE_DEADLINE_MS)
  const answer = await fetch(`${monitorUrl}/healthz`, { signal }).catch(() => undefined) // not listening yet
  await answer?.body?.cancel()
  return answer?.ok === true
}

async function portsFiles(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith('.ports'))
}

async function removePortsFiles(dir: string): Promise<void> {
  for (const name of await portsFiles(dir)) await rm(join(dir, name), { force: true })
}
