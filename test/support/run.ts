// `npm test [-- <part of a path>]`: every test file, then the failures by name, then `N passed, N failed`.

import { join } from 'node:path'
import { messageOf } from '../../deploy/error.ts'
import { stderrLog } from '../../deploy/log.ts'
import { findOrFetchServer } from '../../deploy/nats-server.ts'
import { makeBundles } from './bundles.ts'
import { type FileResult, findTestFiles, killRunning, runFile } from './runner.ts'

function jobsOf(text: string | undefined): number {
  const jobs = Number(text || 1)
  if (Number.isInteger(jobs) && jobs >= 1) return jobs
  throw new Error(`LEADBID_TEST_JOBS is ${text} (a whole number of at least 1)`)
}

/**
 * Tests that reckon and start no server, and those from outside, which have seconds for what takes
 * milliseconds: they run beside the others and leave no core idle. The others depend on how fast a server
 * answers: of those one runs at a time.
 */
const PATIENT = [
  'acceptance/',
  'campaign/',
  'collections/',
  'policy/',
  'protocol/',
  'sim/',
  'simulation/',
  'spin/',
]
const isPatient = (file: string) => PATIENT.some((part) => file.startsWith(join('test', part)))

async function runAll(files: readonly string[], jobs: number): Promise<FileResult[]> {
  const env = await makeBundles(files)
  const patient = files.filter(isPatient)
  const others = files.filter((file) => !isPatient(file))
  const results: FileResult[] = []
  const work = async (waiting: string[]): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file, { env })
      results.push(result)
      print(result)
    }
  }
  // Whoever is through with the others helps with what is left.
  const lanes = () => [work(others).then(() => work(patient)), work(patient)]
  await Promise.all(Array.from({ length: jobs }, lanes).flat())
  return results
}

function print({ file, passed, failed, output, elapsedMs }: FileResult): void {
  if (failed.length > 0) console.log(output)
  else for (const [line] of output.matchAll(/^figures: .*$/gm)) console.log(`     ${line}`)
  const mark = failed.length > 0 ? 'FAIL' : 'ok  '
  const seconds = (elapsedMs / 1000).toFixed(1)
  console.log(`${mark} ${file}: ${passed.length} passed, ${failed.length} failed, ${seconds} s`)
}

function finish(results: readonly FileResult[]): void {
  let passed = 0
  let failed = 0
  for (const result of results) {
    passed += result.passed.length
    failed += result.failed.length
    for (const { name, message } of result.failed) {
      console.log(`FAIL ${result.file}: ${name}\n     ${message.replaceAll('\n', '\n     ')}`)
    }
  }
  if (failed > 0 || passed === 0) process.exitCode = 1
  console.log(`${passed} passed, ${failed} failed`)
}

// However it ends, also where nobody reads its output any more: files run in groups of their own.
process.on('exit', killRunning)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

try {
  const jobs = jobsOf(process.env.LEADBID_TEST_JOBS)
  const filter = process.argv[2] ?? ''
  const files = await findTestFiles(filter)
  if (files.length === 0) console.log(`no test file has "${filter}" in its path`)
  // Before the first file, so that no test's deadline is spent on a download.
  const { path, version, origin } = await findOrFetchServer({ log: stderrLog })
  console.log(`nats-server ${version} (${origin}): ${path}`)
  finish(await runAll(files, jobs))
} catch (error) {
  const failed = [{ name: 'the run itself', message: messageOf(error) }]
  finish([{ file: 'test/support/run.ts', passed: [], failed, output: '', elapsedMs: 0 }])
}
