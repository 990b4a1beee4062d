// Slow disk: every sync of the server to its disk takes longer, by as much as a test says. Done by
// strace, which holds the system call back; that takes the right to trace another process.
//
//   SD1. While the disk is slow nobody is answered late: an award that does not come in time is
//        `unavailable`, and asked again by its id it is the same.
//   SD2. With the disk as it was, all goes on by itself.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { NotDone } from './not-done.ts'
import { awardsGoOn, broken, type Stage, toldBetween } from './stage.ts'

const SYNCS = 'fsync,fdatasync,sync_file_range'
/** What each sync takes longer, ms: felt by callers; longer than an append waits; than a host may be silent. */
const DELAYS_MS = [300, 1200, 3500]
const SLOW_MS = 6000
/** How long a tracer may take to hold every thread, or to let go, ms. */
const ATTACH_MS = 5000

export async function slowDisk(stage: Stage): Promise<void> {
  for (const delayMs of DELAYS_MS) await slow(stage, delayMs)
}

async function slow(stage: Stage, delayMs: number): Promise<void> {
  const fault = { kind: `each sync takes ${delayMs} ms more`, target: 'nats', deafens: false }
  const pid = stage.cluster.server.pid ?? 0
  let told = new Map<string, number>()
  await broken(stage, fault, async () => {
    const tracer = await SlowSyncs.of(pid, delayMs)
    const from = performance.now()
    await sleep(SLOW_MS)
    told = toldBetween(stage, from, performance.now())
    await tracer.stop()
  })
  const refused = (told.get('unavailable') ?? 0) + (told.get('overloaded') ?? 0)
  const felt = delayMs < 1000 || refused > 0
  stage.expect(felt, `SD1: with ${delayMs} ms a sync nobody was told unavailable`)
  await awardsGoOn(stage)
}

/** A tracer that holds the syncs of a process back. */
class SlowSyncs {
  readonly #tracer: ChildProcess

  private constructor(tracer: ChildProcess) {
    this.#tracer = tracer
  }

  /** Throws NotDone where there is no strace, or it may not trace. */
  static async of(pid: number, delayMs: number): Promise<SlowSyncs> {
    if (spawnSync('strace', ['-V']).error !== undefined) {
      throw new NotDone('there is no strace: install the package of that name')
    }
    const inject = `inject=${SYNCS}:delay_enter=${delayMs * 1000}`
    const flags = ['-f', '-o', '/dev/null', '-e', `trace=${SYNCS}`, '-e', inject]
    const tracer = spawn('strace', [...flags, '-p', String(pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const attached = new Promise<string>((resolve) => {
      let said = ''
      tracer.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (/attached/.test(said)) resolve('attached')
      })
      tracer.once('exit', () => resolve(said))
    })
    const late = sleep(ATTACH_MS, 'it does not attach', { ref: false })
    const how = await Promise.race([attached, late])
    if (how === 'attached') return new SlowSyncs(tracer)
    tracer.kill('SIGKILL')
    throw new NotDone(`strace may not trace the server: ${how.trim()}`)
  }

  /** Lets the process go on at its own speed. */
  async stop(): Promise<void> {
    const ended = once(this.#tracer, 'exit')
    this.#tracer.kill('SIGINT')
    const timer = setTimeout(() => this.#tracer.kill('SIGKILL'), ATTACH_MS)
    await ended
    clearTimeout(timer)
  }
}
