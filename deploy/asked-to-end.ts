const PARENT_POLL_MS = 250

/**
 * Calls `end` once, at the first SIGINT or SIGTERM; the second signal forces the exit with code 1.
 *
 * Under `npm run` the end of npm counts as well: npm hands a signal to the shell between it and this process, and many
 * shells die of it without passing it on, which would leave this process running with nobody to stop it.
 */
export function whenAskedToEnd(end: (why: string) => void): void {
  let asked = false
  const ask = (why: string): void => {
    if (asked) return
    asked = true
    end(why)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1)
      ask(signal)
    })
  }
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) ask('npm ended')
  }, PARENT_POLL_MS).unref()
}
