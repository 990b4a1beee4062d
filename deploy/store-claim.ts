// Who runs a nats-server on a store folder: a pid file that names the server and the process that started it.
//
//   S1. One live owner a store: the server itself takes no lock, and two of them on one folder corrupt it.
//   S2. A server whose owner is gone (killed without a chance to stop it) is stopped before another one starts.
//   S3. Only a process that is provably ours is stopped: its command line names nats-server and this very store.
//       Without /proc nothing can be proved, so nothing is stopped; the port being taken then tells the operator.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeployError } from './error.ts'
import type { Log } from './log.ts'

type Claim = { owner: number; ownerStart: string; pid?: number }

const ORPHAN_STOP_MS = 5_000
const POLL_MS = 20

export class StoreClaim {
  readonly #file: string
  readonly #own: Claim

  private constructor(file: string, own: Claim) {
    this.#file = file
    this.#own = own
  }

  /** Takes the store for this process, stopping an orphaned server first (S2); throws STORE_TAKEN while its owner lives (S1). */
  static async take(storeDir: string, log: Log): Promise<StoreClaim> {
    await mkdir(storeDir, { recursive: true })
    const file = join(storeDir, 'nats-server.pid')
    const own: Claim = { owner: process.pid, ownerStart: (await startOf(process.pid)) ?? '' }
    const before = await read(file)
    if (before) {
      if (await lives(before.owner, before.ownerStart)) {
        throw new DeployError(
          'STORE_TAKEN',
          `store ${storeDir} is in use by process ${before.owner} (stop it, or set LEADBID_DATA_DIR to another folder)`,
        )
      }
      if (before.pid !== undefined) await stopOrphan(before.pid, storeDir, log)
      await rm(file, { force: true })
    }
    await writeFile(file, JSON.stringify(own), { flag: 'wx' }) // of two that start at once, one fails here
    return new StoreClaim(file, own)
  }

  /** Notes the running server, so that a successor can find it (S2). */
  async record(pid: number): Promise<void> {
    const text = JSON.stringify({ ...this.#own, pid })
    await writeFile(`${this.#file}.next`, text)
    await rename(`${this.#file}.next`, this.#file)
  }

  async release(): Promise<void> {
    await rm(this.#file, { force: true })
  }
}

async function read(file: string): Promise<Claim | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined) // no file: nobody was here
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { owner, ownerStart, pid } = value as Record<string, unknown> // each field is checked below
    if (typeof owner !== 'number' || typeof ownerStart !== 'string') return undefined
    return { owner, ownerStart, ...(typeof pid === 'number' ? { pid } : {}) }
  } catch {
    return { owner: 0, ownerStart: '' } // half written when its owner died: an owner that cannot be alive
  }
}

/** The start time in the kernel's ticks tells a process from a later one with the same number. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined) // gone, or no /proc
  // The second field is the program's name in brackets and may hold spaces; the start time is the 20th after it.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

async function lives(pid: number, start: string): Promise<boolean> {
  if (pid <= 0) return false
  if (start !== '') return (await startOf(pid)) === start
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // no such process
  }
}

async function isOurs(pid: number, storeDir: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') // gone, or no /proc
  const args = line.split('\0')
  return basename(args[0] ?? '').includes('nats-server') && args.includes(storeDir)
}

async function stopOrphan(pid: number, storeDir: string, log: Log): Promise<void> {
  if (!(await isOurs(pid, storeDir))) return // S3; also where it is long gone
  log.warn({ pid, storeDir }, 'stopping orphaned nats-server')
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    trySignal(pid, signal)
    for (let waitedMs = 0; waitedMs < ORPHAN_STOP_MS; waitedMs += POLL_MS) {
      if (!(await isOurs(pid, storeDir))) return
      await sleep(POLL_MS)
    }
  }
  throw new DeployError('STORE_TAKEN', `store ${storeDir}: nats-server ${pid} does not stop`)
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended between the look and the signal, which is what was wanted.
  }
}
