// Machine: what figures were measured on, and how long its disk takes to sync.

import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../deploy/log.ts'
import { findOrFetchServer, PROJECT_DIR } from '../../deploy/nats-server.ts'
import { quantile } from './stats.ts'

export interface Machine {
  cores: number
  cpu: string
  memoryGb: number
  kernel: string
  node: string
  natsServer: string
  commit: string
  /** Files differ from the commit. */
  changed: boolean
  /** Of the folder all stores lie in. */
  fileSystem: string
  fsyncP50Ms: number
  fsyncP99Ms: number
  /** Before anything was started. */
  load: number
}

const SYNCS = 400
const SYNC_BYTES = 200
const SYNC_MAX_MS = 3000
/** Load beyond which figures are those of the other programs as well. */
const QUIET = 0.5

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlay',
}

export async function machineOf(): Promise<Machine> {
  const [load = 0] = loadavg()
  const [first] = cpus()
  const { version } = await findOrFetchServer({ log: silentLog })
  const { type } = statfsSync(tmpdir())
  return {
    cores: cpus().length,
    cpu: first?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    natsServer: version,
    commit: git('rev-parse', '--short', 'HEAD') || 'unknown',
    changed: git('status', '--porcelain') !== '',
    fileSystem: FILE_SYSTEMS[type] ?? `type ${type.toString(16)}`,
    ...fsyncTimes(),
    load,
  }
}

/** What is wrong with this machine for measuring, in words. */
export function doubts({ load, fileSystem }: Machine): string[] {
  const words: string[] = []
  if (load > QUIET) {
    words.push(
      `the load was ${load.toFixed(1)} before the run: other programs are in these figures`,
    )
  }
  if (fileSystem === 'tmpfs') {
    words.push(`stores lie in memory (${tmpdir()} is a tmpfs): a sync costs nothing; set TMPDIR`)
  }
  return words
}

export function describe(machine: Machine): string {
  const { cores, cpu, memoryGb, kernel, node, natsServer, commit, changed } = machine
  const sync = `${machine.fsyncP50Ms.toFixed(2)} ms (p99 ${machine.fsyncP99Ms.toFixed(2)} ms)`
  return [
    `${cores} × ${cpu}, ${memoryGb} GB, Linux ${kernel}`,
    `node ${node}, nats-server ${natsServer}, commit ${commit}${changed ? ' with changes' : ''}`,
    `${SYNC_BYTES} bytes appended and synced on ${machine.fileSystem} in ${sync}; load ${machine.load.toFixed(1)}`,
  ].join('\n')
}

/** A clone without git, or a copy without history, still has figures. */
function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: PROJECT_DIR, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return ''
  }
}

function fsyncTimes(): { fsyncP50Ms: number; fsyncP99Ms: number } {
  const dir = mkdtempSync(join(tmpdir(), 'leadbid-bench-sync-'))
  const file = openSync(join(dir, 'probe'), 'a')
  const times: number[] = []
  const bytes = Buffer.alloc(SYNC_BYTES, 1)
  const began = performance.now()
  try {
    for (let i = 0; i < SYNCS && performance.now() - began < SYNC_MAX_MS; i++) {
      const started = performance.now()
      writeSync(file, bytes)
      fsyncSync(file)
      times.push(performance.now() - started)
    }
  } finally {
    closeSync(file)
    rmSync(dir, { recursive: true })
  }
  times.sort((a, b) => a - b)
  return { fsyncP50Ms: quantile(times, 0.5), fsyncP99Ms: quantile(times, 0.99) }
}
