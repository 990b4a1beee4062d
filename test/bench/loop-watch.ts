// Loop watch: loaded into a process of a bench before its own program, notes how long its event loop is
// held. On SIGUSR2 it writes one line to stderr and begins anew.
//
// `heldMs` is the longest the thread was late and at work in its own time on the processor: a machine
// with other things to do makes it late as well (`lateMs`), which is not its own doing.

import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface LoopNotes {
  lateMs: number
  late99Ms: number
  heldMs: number
  /** Share of its thread's time it was at work. */
  busy: number
}

export const LOOP_NOTES = 'loop notes '
const LOOK_MS = 5

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
let heldMs = 0
let at = performance.now()
let used = process.cpuUsage()
let load = performance.eventLoopUtilization()

setInterval(() => {
  const now = performance.now()
  const { user, system } = process.cpuUsage(used)
  heldMs = Math.max(heldMs, Math.min(now - at - LOOK_MS, (user + system) / 1000))
  at = now
  used = process.cpuUsage()
}, LOOK_MS).unref()

process.on('SIGUSR2', () => {
  const notes: LoopNotes = {
    lateMs: delay.max / 1e6,
    late99Ms: delay.percentile(99) / 1e6,
    heldMs,
    busy: performance.eventLoopUtilization(load).utilization,
  }
  process.stderr.write(`${LOOP_NOTES}${JSON.stringify(notes)}\n`)
  delay.reset()
  heldMs = 0
  load = performance.eventLoopUtilization()
})
