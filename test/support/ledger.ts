import { writeFileSync } from 'node:fs'

/** What one test file reports: the names of its tests by outcome. */
export type Report = {
  passed: string[]
  failed: { name: string; message: string }[]
}

type SuiteEntry = { name: string; tests: number; state: 'declared' | 'running' | 'finished' }
type TestEntry = { name: string; outcome: 'none' | 'passed' | 'failed' }

/** How long a file may live after its last test: something it opened is still open. */
const LINGER_MS = 5_000

/** Keeps what was declared against what was seen, and has the last word on the exit code; see the invariants in `suite.ts`. */
export class Ledger {
  readonly #suites: SuiteEntry[] = []
  readonly #tests: TestEntry[] = []
  readonly #failed: Report['failed'] = []
  #lingering: NodeJS.Timeout | undefined

  constructor() {
    // T4: node would end the process here; going on lets the rest be told as well.
    process.on('uncaughtException', (error, origin) => {
      this.fail(origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught error', error)
    })
    process.on('exit', () => this.#close())
  }

  declareSuite(name: string): { ran: () => void; finished: () => void; entry: SuiteEntry } {
    const entry: SuiteEntry = { name, tests: 0, state: 'declared' }
    this.#suites.push(entry)
    clearTimeout(this.#lingering)
    return {
      entry,
      ran: () => {
        entry.state = 'running'
      },
      finished: () => {
        entry.state = 'finished'
        if (this.#suites.every(({ state }) => state === 'finished')) this.#linger()
      },
    }
  }

  declareTest(
    suite: { entry: SuiteEntry },
    name: string,
  ): { settle: (error: Error | undefined, others: readonly Error[]) => void } {
    const test: TestEntry = { name, outcome: 'none' }
    suite.entry.tests++
    this.#tests.push(test)
    return {
      settle: (error, others) => {
        test.outcome = error ? 'failed' : 'passed'
        if (!error) return
        const message = [error, ...others].map(({ message }) => message).join('\n')
        this.#failed.push({ name, message })
      },
    }
  }

  /** Notes a failure that belongs to no single test. */
  fail(name: string, error: unknown): void {
    const { message, stack } = asError(error)
    this.#failed.push({ name, message })
    process.exitCode = 1
    process.stderr.write(`\nFAIL ${name}\n${stack ?? message}\n`)
  }

  /** T5: the timer does not hold the process; it only fires when something else does. */
  #linger(): void {
    this.#lingering = setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ')
      this.fail(
        'end of the file',
        new Error(`still alive ${LINGER_MS} ms after its tests: ${open}`),
      )
      process.exit(1)
    }, LINGER_MS).unref()
  }

  #close(): void {
    if (this.#suites.length === 0) this.fail('file', new Error('declares no suite'))
    for (const { name, tests, state } of this.#suites) {
      if (tests === 0) this.fail(name, new Error('has no tests'))
      if (state === 'declared')
        this.fail(name, new Error('was never run (end the file with .run())'))
      if (state === 'running') this.fail(name, new Error('did not finish'))
    }
    for (const { name, outcome } of this.#tests) {
      if (outcome === 'none') this.fail(name, new Error('was not run to its end'))
    }
    if (this.#failed.length > 0) process.exitCode = 1
    const file = process.env.LEADBID_TEST_REPORT
    if (!file) return
    const passed = this.#tests.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name)
    const report: Report = { passed, failed: this.#failed }
    writeFileSync(file, JSON.stringify(report))
  }
}

export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  return new Error(`thrown: ${String(thrown)}`)
}
