const PARENT_POLL_MS = 250
/** Signals closer together than this are one under npm. */
const FORWARDED_MS = 1000

/**
 * Calls `end` once, at the first SIGINT or SIGTERM; the second signal forces the exit with code 1.
 *
 * Under `npm run` the end of npm counts as well: npm hands a signal to the shell between it and this process, and many
 * shells die of it without passing it on, which would leave this process running with nobody to stop it. Where none is
 * between them, Ctrl-C comes twice, from the terminal and from npm: that is one request, and not the second signal.
 */
export function whenAskedToEnd(end: (why: string) => void): void {
  let asked = false
  let askedAt = 0
  const isUnderNpm = process.env.npm_lifecycle_event !== undefined
  const ask = (why: string): void => {
    if (asked) return
    asked = true
    askedAt = performance.now()
    end(why)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const isForwarded = isUnderNpm && performance.now() - askedAt < FORWARDED_MS
      if (asked && !isForwarded) process.exit(1)
      ask(signal)
    })
  }
  if (!isUnderNpm) return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) ask('npm ended')
  }, PARENT_POLL_MS).unref()
}
