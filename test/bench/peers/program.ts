// Program: a peer's server, found where Debian puts it, started on a free loopback port with a
// folder of its own, and stopped by its process id.
//
//   P1. Nothing of the system is used or changed: no service, no configuration, no data folder.
//   P2. Its files lie beside those of the other contenders, on the same disk.
//   P3. What is started here is stopped here, however the run ends.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const STOP_DEADLINE_MS = 15_000
const OUTPUT_CHARS = 4000

/** A user a server may run as. */
export interface User {
  uid: number
  gid: number
}

export interface ProgramOptions {
  path: string
  args: readonly string[]
  /** What the program is to see as its own name. */
  argv0?: string
  user?: User | undefined
  /** Asks it to stop; the standard is SIGTERM. */
  stopSignal?: NodeJS.Signals
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL') // P3
})

export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #signal: NodeJS.Signals
  #output = ''

  constructor({ path, args, argv0, user, stopSignal = 'SIGTERM' }: ProgramOptions) {
    this.#signal = stopSignal
    this.#child = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(argv0 === undefined ? {} : { argv0 }),
      ...(user === undefined ? {} : user),
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    })
    running.add(this.#child)
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_CHARS)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#child.once('error', (error) => keep(Buffer.from(String(error))))
    this.#child.once('exit', () => running.delete(this.#child))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get #ended(): boolean {
    const { exitCode, signalCode, pid } = this.#child
    return exitCode !== null || signalCode !== null || pid === undefined
  }

  /** Waits until `probe` resolves; throws with what the program said when it ends or is late. */
  async ready(probe: () => Promise<unknown>, deadlineMs = 20_000): Promise<void> {
    const deadline = Date.now() + deadlineMs
    for (;;) {
      if (this.#ended) throw new Error(`${this.#child.spawnfile} ended at once:\n${this.#output}`)
      try {
        await probe()
        return
      } catch (cause) {
        if (Date.now() > deadline) {
          throw new Error(`${this.#child.spawnfile} is not ready:\n${this.#output}`, { cause })
        }
      }
      await sleep(30)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(this.#signal)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_DEADLINE_MS)
    await exited
    clearTimeout(timer)
  }
}

/** What has to be undone, in reverse. */
export class Undo implements AsyncDisposable {
  readonly #steps: (() => unknown)[] = []

  use<T extends AsyncDisposable>(resource: T): T {
    this.#steps.push(() => resource[Symbol.asyncDispose]())
    return resource
  }

  later(step: () => unknown): void {
    this.#steps.push(step)
  }

  /** Runs `build`; what it opened is closed again when it fails. */
  static async onFailure<T>(build: (undo: Undo) => Promise<T>): Promise<T> {
    const undo = new Undo()
    try {
      return await build(undo)
    } catch (error) {
      await undo[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step()
  }
}

/** The first of these programs there is, in `PATH` or in the folders named; null when there is none. */
export function findProgram(name: string, folders: readonly string[] = []): string | null {
  const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => dir !== '')
  for (const folder of [...path, '/usr/bin', '/usr/sbin', ...folders]) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return null
}

/** Folders of Debian's PostgreSQL, newest first. */
export function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).filter((name) => /^\d+$/.test(name))
    return versions.sort((a, b) => Number(b) - Number(a)).map((name) => join(root, name, 'bin'))
  } catch {
    return [] // There is no such folder: PostgreSQL is not installed.
  }
}

/** Whom a server that refuses to be root's runs as: undefined where this process is not root's. */
export function unprivileged(names: readonly string[]): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of names) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`none of the users ${names.join(', ')} exists to run a server as (add one)`)
}

/** A new folder that belongs to `user`; disposing removes it. */
export async function folderOf(
  name: string,
  user?: User,
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), `leadbid-bench-${name}-`))
  if (user !== undefined) await chown(path, user.uid, user.gid)
  return {
    path,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** Runs a tool to its end; throws with what it said. */
export async function runOnce(path: string, args: readonly string[], user?: User): Promise<string> {
  const { stdout } = await promisify(execFile)(path, [...args], {
    timeout: 60_000,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    ...(user === undefined ? {} : { ...user, cwd: '/' }),
  })
  return stdout.trim()
}
