// XLSX rows: the first sheet of a workbook, read in a thread of its own.
//
//   X1. What a workbook may unpack to is judged before anything is unpacked (zip.ts), and a thread
//       that grows beyond its limits, or takes too long, is ended without harm to this process.
//   X2. Rows cross over a few hundred at a time, when they are asked for.
//   X3. Cells are texts as a CSV would have them; dates, which a sheet has without a zone, are UTC.

import { Worker } from 'node:worker_threads'
import { InputError } from '../protocol/errors.ts'
import type { ByteSource } from '../runtime/sealed-stream.ts'
import type { Row } from './row.ts'
import type { FromThread } from './xlsx-thread.ts'

/** The largest workbook, bytes; beyond it a CSV is the better format anyway. */
export const XLSX_BYTES_MAX = 64 * 1024 * 1024
const HEAP_MB = 512
const DEADLINE_MS = 120_000

/** Rows of the first sheet; throws InputError when it is no workbook, or too large a one. */
export async function* xlsxRows(bytes: ByteSource): AsyncGenerator<Row> {
  const file = await whole(bytes)
  const worker = new Worker(new URL('./xlsx-boot.mjs', import.meta.url), {
    workerData: file,
    transferList: [file],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  try {
    for (;;) {
      const message = await ask(worker)
      if (message.type === 'fault') throw new InputError(message.code, message.message)
      if (message.type === 'end') return
      yield* message.rows
    }
  } finally {
    await worker.terminate()
  }
}

async function whole(bytes: ByteSource): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    length += chunk.length
    if (length > XLSX_BYTES_MAX) throw tooLarge(`is larger than ${XLSX_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  const file = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    file.set(chunk, at)
    at += chunk.length
  }
  return file.buffer
}

/** Asks the thread for its next rows; the first time it reads the workbook before it answers. */
function ask(worker: Worker): Promise<FromThread> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer)
      worker.off('message', answered).off('error', failed).off('exit', ended)
      act()
    }
    const answered = (message: FromThread) => settle(() => resolve(message))
    const failed = (error: Error & { code?: string }) =>
      settle(() =>
        reject(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooLarge('takes too much memory') : error,
        ),
      )
    const ended = () => settle(() => reject(tooLarge('could not be read to its end')))
    const timer = setTimeout(
      () => settle(() => reject(tooLarge('takes too long to read'))),
      DEADLINE_MS,
    )
    worker.on('message', answered).on('error', failed).on('exit', ended)
    worker.postMessage('next')
  })
}

function tooLarge(what: string): InputError {
  return new InputError('XLSX_TOO_LARGE', `workbook ${what}: split it, or save it as .csv`)
}
