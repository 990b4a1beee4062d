// XLSX rows: the first sheet of a workbook, read in a process of its own.
//
//   X1. What a workbook may unpack to is judged before anything is unpacked (zip.ts). Where its
//       reader still grows beyond HEAP_MB, or takes too long, that process ends and this one goes
//       on. A thread would not do: the one allocation too many ends all threads of a process.
//   X2. This process holds neither the workbook nor its rows, but for a few hundred at a time.
//   X3. Cells are texts as a CSV would have them; dates, which a sheet has without a zone, are UTC.

import { type ChildProcess, fork } from 'node:child_process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { InputError } from '../protocol/errors.ts'
import type { ByteSource } from '../runtime/sealed-stream.ts'
import type { Row } from './row.ts'
import type { FromReader } from './xlsx-process.ts'

/** The largest workbook, bytes; beyond it a CSV is the better format anyway. */
export const XLSX_BYTES_MAX = 64 * 1024 * 1024
const HEAP_MB = 512
const DEADLINE_MS = 120_000
/** Found from here, not from wherever this process was started. */
const LOADER = import.meta.resolve('tsx')

/** Rows of the first sheet; throws InputError when it is no workbook, or too large a one. */
export async function* xlsxRows(
  bytes: ByteSource,
  signal?: AbortSignal,
): AsyncGenerator<Iterable<Row>> {
  const reader = fork(new URL('./xlsx-process.ts', import.meta.url), {
    execArgv: ['--import', LOADER, `--max-old-space-size=${HEAP_MB}`],
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
  })
  const ended = new Promise((resolve) => {
    reader.once('exit', resolve).once('error', resolve)
  })
  try {
    await feed(reader, bytes)
    for (;;) {
      const message = await ask(reader)
      if (message.type === 'fault') throw new InputError(message.code, message.message)
      if (message.type === 'end') return
      yield message.rows
    }
  } finally {
    reader.kill('SIGKILL')
    await ended
  }
}

async function feed({ stdin }: ChildProcess, bytes: ByteSource): Promise<void> {
  if (stdin !== null) await pipeline(Readable.from(atMost(bytes)), stdin)
}

async function* atMost(bytes: ByteSource): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of bytes) {
    length += chunk.length
    if (length > XLSX_BYTES_MAX) throw tooLarge(`is larger than ${XLSX_BYTES_MAX} bytes`)
    yield chunk
  }
}

/** Asks for the next rows; before the first answer the workbook is read. */
function ask(reader: ChildProcess): Promise<FromReader> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer)
      reader.off('message', answered).off('error', failed).off('exit', ended)
      act()
    }
    // Only our own reader is at the other end of the channel.
    const answered = (message: unknown) => settle(() => resolve(message as FromReader))
    const failed = (error: Error) => settle(() => reject(error))
    const ended = () => settle(() => reject(tooLarge('takes too much memory to read')))
    const late = () => settle(() => reject(tooLarge('takes too long to read')))
    const timer = setTimeout(late, DEADLINE_MS)
    reader.on('message', answered).on('error', failed).on('exit', ended)
    if (reader.connected) reader.send('next')
    else ended()
  })
}

function tooLarge(what: string): InputError {
  return new InputError('XLSX_TOO_LARGE', `workbook ${what}: split it, or save it as .csv`)
}
