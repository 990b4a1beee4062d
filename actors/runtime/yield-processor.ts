// Yield processor: lets a process have what of the processors others leave.

import { spawnSync } from 'node:child_process'
import { constants, getPriority, setPriority } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** The collector's work that is done on other threads, which would take a processor for milliseconds. */
const ALONE = ['--no-parallel-scavenge', '--no-concurrent-marking', '--no-parallel-compaction']
const TIMEOUT_MS = 2000

/**
 * Has this process, all its threads and whatever it starts run only where a processor has nothing else to
 * do, and collect garbage on its own thread. Where that is not to be had it lowers its priority, and where
 * that is not allowed it stays as it is.
 */
export function yieldProcessor(): void {
  for (const flag of ALONE) setFlagsFromString(flag)
  if (runIdle()) return
  const { PRIORITY_BELOW_NORMAL } = constants.priority
  try {
    if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL)
  } catch {
    // Some sandboxes forbid it; all it costs is what it would have spared others.
  }
}

/**
 * Linux's SCHED_IDLE. Whoever else wakes takes the processor at once; a process of low priority keeps it
 * for 3 to 4 ms first. False where there is no such thing, or nothing to ask for it (util-linux).
 */
function runIdle(): boolean {
  const options = ['--all-tasks', '--idle', '--pid', '0', String(process.pid)]
  const { status } = spawnSync('chrt', options, { stdio: 'ignore', timeout: TIMEOUT_MS })
  return status === 0
}
