// Runs test files, each in a process of its own, and believes their reports only as far as they go.
//
//   R1. A file without a report, or with an exit code other than 0, counts as at least one failure.
//   R2. At its deadline a file's whole process group is killed, and so is what a finished file left behind.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../deploy/nats-server.ts'
import { type Bundles, testArguments } from './bundles.ts'
import type { Report } from './ledger.ts'

export type FileResult = Report & { file: string; output: string; elapsedMs: number }

const FILE_DEADLINE_MS = 300_000
const OUTPUT_CHARS_MAX = 200_000
const HEAD_BYTES = 512
const running = new Set<ChildProcess>()

/** The test files whose path holds `filter`, in order of their paths. */
export async function findTestFiles(filter = ''): Promise<string[]> {
  const entries = await readdir(join(PROJECT_DIR, 'test'), { recursive: true })
  const files = entries.filter((entry) => entry.endsWith('.test.ts')).map((e) => join('test', e))
  return files.filter((file) => file.includes(filter)).sort()
}

/** Runs one file (a path from the project root); never rejects over what the file does. */
export async function runFile(
  file: string,
  { deadlineMs, env = {} }: { deadlineMs?: number; env?: Partial<Bundles> } = {},
): Promise<FileResult> {
  const since = performance.now()
  const dir = await mkdtemp(join(tmpdir(), 'leadbid-report-'))
  try {
    const limitMs = deadlineMs ?? (await deadlineOf(file))
    const reportFile = join(dir, 'report.json')
    const { ending, output } = await runProcess(
      file,
      { ...env, LEADBID_TEST_REPORT: reportFile },
      limitMs,
    )
    const report = await readReport(reportFile)
    const failed = [...(report?.failed ?? [])]
    if (!report) failed.push({ name: file, message: `left no report (${ending})` })
    else if (failed.length === 0 && ending !== 'exit code 0') {
      failed.push({ name: file, message: `passed its tests, yet ended with ${ending}` })
    }
    const elapsedMs = performance.now() - since
    return { file, passed: report?.passed ?? [], failed, output, elapsedMs }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Kills what is running; for a runner that is itself told to end. */
export function killRunning(): void {
  for (const child of running) killGroup(child)
}

async function runProcess(
  file: string,
  env: { LEADBID_TEST_REPORT: string } & Partial<Bundles>,
  deadlineMs: number,
): Promise<{ ending: string; output: string }> {
  const child = spawn(process.execPath, testArguments(file, env), {
    cwd: PROJECT_DIR,
    env: { ...cleanEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, for R2
  })
  running.add(child)
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  let late = false
  const timer = setTimeout(() => {
    late = true
    killGroup(child)
  }, deadlineMs)

  const ending = await new Promise<string>((ended) => {
    let how = 'no exit'
    child.once('error', (error) => ended(`no start: ${error.message}`))
    child.once('exit', (code, signal) => {
      how = signal ? `signal ${signal}` : `exit code ${code}`
      killGroup(child) // what it left behind would hold the pipes open, and 'close' away
    })
    child.once('close', () => ended(how))
  })
  clearTimeout(timer)
  running.delete(child)
  return { ending: late ? `killed at its deadline of ${deadlineMs} ms` : ending, output }
}

/** An operator's settings must not steer the tests; which binary to use is the one thing that may come from outside. */
function cleanEnv(): NodeJS.ProcessEnv {
  const own = (name: string): boolean =>
    name.startsWith('LEADBID_') && name !== 'LEADBID_NATS_SERVER'
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own(name)))
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The whole group has ended, which is what was wanted.
  }
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report // written by `ledger.ts` in one call
  } catch {
    return undefined // R1 makes a failure of it
  }
}

/** `// deadline: 600 s` in the first lines of a file raises (or lowers) its deadline. */
async function deadlineOf(file: string): Promise<number> {
  await using handle = await open(join(PROJECT_DIR, file))
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  const match = /^\/\/ deadline: (\d+) s$/m.exec(buffer.toString('utf8', 0, bytesRead))
  return match ? Number(match[1]) * 1000 : FILE_DEADLINE_MS
}
