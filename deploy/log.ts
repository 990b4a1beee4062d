/** The part of a pino logger that deployment code needs, so that any logger of that shape will do. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Writes JSON lines to stderr: stdout is kept for results. */
export const stderrLog: Log = {
  info: (fields, message) => write('info', fields, message),
  warn: (fields, message) => write('warn', fields, message),
  error: (fields, message) => write('error', fields, message),
}

/** Drops everything; for callers whose output is read by a machine. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} }

function write(level: string, fields: object, message: string): void {
  const time = new Date().toISOString()
  process.stderr.write(`${JSON.stringify({ level, time, ...fields, msg: message })}\n`)
}
