// Yield processor: lets a process have what of the processors others leave.

import { constants, getPriority, setPriority } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** The collector's work that is done on other threads, which would take a processor for milliseconds. */
const ALONE = ['--no-parallel-scavenge', '--no-concurrent-marking', '--no-parallel-compaction']

/**
 * Lowers this process's priority, unless it is as low already, and has its thread collect its garbage
 * alone. Where a lower priority is not allowed it stays.
 */
export function yieldProcessor(): void {
  for (const flag of ALONE) setFlagsFromString(flag)
  const { PRIORITY_BELOW_NORMAL } = constants.priority
  try {
    if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL)
  } catch {
    // Some sandboxes forbid it; all it costs is what it would have spared others.
  }
}
