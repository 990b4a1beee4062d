// Profile watch: loaded into a process of a bench before its own program. The first SIGUSR2 begins a
// profile of its thread, the next ends it and keeps it as `<role>.cpuprofile` in BENCH_PROFILES.

import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { basename, dirname, join } from 'node:path'

/** What the process writes to its log, with the file's name behind it, once a profile is kept. */
export const PROFILE_KEPT = 'profile kept '
const EVERY_US = 250

let session: Session | null = null

process.on('SIGUSR2', () => {
  if (session === null) {
    session = new Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: EVERY_US })
    session.post('Profiler.start')
    return
  }
  session.post('Profiler.stop', (error, result) => {
    if (error !== null) throw error
    const role = basename(dirname(process.argv[1] ?? ''))
    const file = join(process.env.BENCH_PROFILES ?? '.', `${role}.cpuprofile`)
    writeFileSync(file, JSON.stringify(result.profile))
    process.stderr.write(`${PROFILE_KEPT}${file}\n`)
  })
  session.disconnect()
  session = null
})
