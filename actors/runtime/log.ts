// Log: JSON lines on stderr; stdout is for results. A constant lower-case message plus fields, and
// never a name, phone number, account number or note: sealed fields are redacted by name too, in
// case somebody logs a whole lead one day.

import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

const PERSONAL = ['phone', 'account_no', 'note']
/** As deep as a request with a list of leads goes. */
const DEPTHS = ['', '*.', '*.*.', '*.*.*.']

export function createLog(
  fields: { role: string; [field: string]: unknown },
  level: string,
  stream: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: fields,
      redact: {
        paths: DEPTHS.flatMap((depth) => PERSONAL.map((name) => `${depth}${name}`)),
        remove: true,
      },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
}
