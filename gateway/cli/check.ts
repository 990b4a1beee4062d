// Check: one line of `leadbid doctor`, and its cure when it is not well.

export interface Check {
  name: string
  level: 'ok' | 'warn' | 'FAIL'
  message: string
  cure?: string
}

export function ok(name: string, message: string): Check {
  return { name, level: 'ok', message }
}

/** Works, but not as it should in production, or could not be looked at. */
export function warn(name: string, message: string, cure: string): Check {
  return { name, level: 'warn', message, cure }
}

export function fail(name: string, message: string, cure: string): Check {
  return { name, level: 'FAIL', message, cure }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
