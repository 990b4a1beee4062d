// Yield processor: lets a process have what of the processors others leave.

import { constants, getPriority, setPriority } from 'node:os'

/** Lowers this process's priority, unless it is as low already. Where that is not allowed it stays. */
export function yieldProcessor(): void {
  const { PRIORITY_BELOW_NORMAL } = constants.priority
  try {
    if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL)
  } catch {
    // Some sandboxes forbid it; all it costs is what it would have spared others.
  }
}
