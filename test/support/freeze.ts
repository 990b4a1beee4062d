// Freeze: stops a process as the operating system would, with its connections open.

import { readdirSync, readFileSync } from 'node:fs'

const DEADLINE_MS = 2000

/**
 * Stops `pid` and returns once every thread of it stands still, for the signal is only on its way
 * when `kill` returns. Call what comes back to let it go on.
 */
export function freeze(pid: number): () => void {
  process.kill(pid, 'SIGSTOP')
  const deadline = performance.now() + DEADLINE_MS
  while (!stands(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} did not stop`)
  }
  return () => process.kill(pid, 'SIGCONT')
}

function stands(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  })
}
