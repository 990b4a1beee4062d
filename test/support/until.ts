import { setTimeout as sleep } from 'node:timers/promises'

type Falsy = false | null | undefined | 0 | ''

export type UntilOptions = { deadlineMs?: number; pollMs?: number }

const DEADLINE_MS = 10_000
const POLL_MS = 15

/**
 * Waits until `predicate` returns something truthy, and returns that. A predicate that throws counts as "not yet";
 * its last error is the cause of the one thrown at the deadline (default 10 s).
 */
export async function until<T>(
  predicate: () => T | Falsy | Promise<T | Falsy>,
  what: string,
  { deadlineMs = DEADLINE_MS, pollMs = POLL_MS }: UntilOptions = {},
): Promise<T> {
  const deadline = Date.now() + deadlineMs
  let lastError: unknown
  while (true) {
    try {
      const value = await within(predicate, deadline - Date.now())
      if (value) return value
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    if (Date.now() >= deadline) {
      const message = `waited ${deadlineMs} ms for ${what}`
      throw new Error(message, lastError === undefined ? {} : { cause: lastError })
    }
    await sleep(pollMs)
  }
}

/** A predicate that itself hangs must not outlive the deadline. */
async function within<T>(predicate: () => T | Promise<T>, leftMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      const ms = Math.max(leftMs, 1)
      timer = setTimeout(() => reject(new Error('the predicate has not answered')), ms)
    })
    return await Promise.race([predicate(), late])
  } finally {
    clearTimeout(timer)
  }
}
