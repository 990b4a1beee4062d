// `suite()`: uvu's order and output behind a ledger that believes nothing it has not seen.
// uvu alone passes a run whose `before` threw, whose suite was never run, or which had no tests.
//
//   T1. Every declared test ends as passed or failed; what has no outcome when the process ends has failed.
//   T2. A failing hook fails the run: the tests behind a failed `before` fail without being run.
//   T3. A suite without tests, without `run()`, and a file without suites fail.
//   T4. An error outside any test, and one after the last test, fail the file.
//   T5. Nothing waits for ever: tests and hooks have a deadline, and so has the end of the process after the last test.
//   T6. There is no way to leave a test out: no `only`, no `skip`.

import { suite as uvuSuite } from 'uvu'
import { asError, Ledger } from './ledger.ts'

export type TestOptions = { deadlineMs?: number }
type Step = () => unknown
type Hook = ((step: Step) => void) & { each: (step: Step) => void }
export type Suite = ((name: string, step: Step, options?: TestOptions) => void) & {
  before: Hook
  after: Hook
  run: () => void
}

const DEADLINE_MS = 60_000
const ledger = new Ledger()

/** Declares a suite; end the file with `.run()` on it. `deadlineMs` is for each test and hook, default 60 s. */
export function suite(name: string, options: TestOptions = {}): Suite {
  const inner = uvuSuite(name)
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS
  const entry = ledger.declareSuite(name)
  const hooks = { before: [], after: [], beforeEach: [], afterEach: [] } as Record<HookName, Step[]>
  let broken: Error | undefined

  // Hooks are run here rather than by uvu, which swallows or trips over what they throw (T2).
  inner.before(async () => {
    const errors = await runInTurn(hooks.before, deadlineMs)
    broken = errors[0]
    if (broken) ledger.fail(`${name}: before`, broken)
  })

  const test = (testName: string, step: Step, testOptions: TestOptions = {}): void => {
    const outcome = ledger.declareTest(entry, `${name}: ${testName}`)
    const ownDeadlineMs = testOptions.deadlineMs ?? deadlineMs
    // uvu runs a suite again when another one is declared late; a test counts once.
    const once = memoize(async () => {
      const errors = broken ? [new Error('not run: `before` failed', { cause: broken })] : []
      if (!broken) {
        errors.push(...(await runInTurn(hooks.beforeEach, deadlineMs)))
        if (errors.length === 0) errors.push(...(await runInTurn([step], ownDeadlineMs)))
        errors.push(...(await runAll(hooks.afterEach, deadlineMs)))
      }
      const [first, ...others] = errors
      outcome.settle(first, others)
      if (first) throw plain(first)
    })
    inner(testName, once)
  }

  const finish = memoize(async () => {
    for (const error of await runAll(hooks.after, deadlineMs)) ledger.fail(`${name}: after`, error)
    entry.finished()
  })

  return Object.assign(test, {
    before: hook(hooks, 'before'),
    after: hook(hooks, 'after'),
    run: () => {
      entry.ran()
      inner.after(finish)
      inner.run()
    },
  })
}

type HookName = 'before' | 'after' | 'beforeEach' | 'afterEach'

function hook(hooks: Record<HookName, Step[]>, name: 'before' | 'after'): Hook {
  const add = (step: Step): void => {
    hooks[name].push(step)
  }
  const each = (step: Step): void => {
    hooks[`${name}Each`].push(step)
  }
  return Object.assign(add, { each })
}

/** Set-up stops at the first failure: later steps build on earlier ones. */
async function runInTurn(steps: readonly Step[], deadlineMs: number): Promise<Error[]> {
  for (const step of steps) {
    const errors = await runAll([step], deadlineMs)
    if (errors.length > 0) return errors
  }
  return []
}

/** Clean-up goes on after a failure: what one step holds, the next cannot release. */
async function runAll(steps: readonly Step[], deadlineMs: number): Promise<Error[]> {
  const errors: Error[] = []
  for (const step of steps) {
    try {
      await beforeDeadline(step, deadlineMs)
    } catch (error) {
      errors.push(asError(error))
    }
  }
  return errors
}

async function beforeDeadline(step: Step, deadlineMs: number): Promise<void> {
  const { promise, cancel } = deadline(deadlineMs)
  try {
    await Promise.race([step(), promise])
  } finally {
    cancel()
  }
}

function deadline(ms: number): { promise: Promise<never>; cancel: () => void } {
  let cancel = (): void => {}
  const promise = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`not settled after ${ms} ms`)), ms)
    cancel = () => clearTimeout(timer)
  })
  return { promise, cancel }
}

function memoize(step: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined
  return async () => {
    result ??= step()
    await result
  }
}

/** uvu diffs assertion errors itself and fails over some values; node's message holds a diff already. */
function plain(error: Error): Error {
  const shown = new Error(describe(error))
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line))
  const own = frames.filter((line) => !/node_modules\/uvu|support\/suite\.ts/.test(line))
  shown.stack = `\n${own.join('\n')}` // uvu drops the first line, the message
  return shown
}

function describe(error: Error): string {
  const cause =
    error.cause === undefined ? '' : `\n    caused by: ${describe(asError(error.cause))}`
  return `${error.message}${cause}`
}
