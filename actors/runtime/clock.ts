// Clock: the only place that reads the time of day. Everything below asks for it as an argument.

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
}

/** The machine's clock, shifted by `offsetMs` (tests only). */
export function systemClock(offsetMs = 0): Clock {
  return { now: () => Date.now() + offsetMs }
}

/** Resolves after `ms`; rejects with the signal's reason when that comes first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
