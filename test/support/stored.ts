// Stored: the raw messages of a stream, for tests that look at what is written.

import { JetStreamApiError, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream'

/** Everything a stream holds, oldest first. */
export async function messagesOf(jsm: JetStreamManager, stream: string): Promise<StoredMsg[]> {
  const { first_seq, last_seq } = (await jsm.streams.info(stream)).state
  const found: StoredMsg[] = []
  for (let seq = first_seq; seq <= last_seq; seq++) {
    try {
      const message = await jsm.streams.getMessage(stream, { seq })
      if (message !== null) found.push(message)
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error // A bucket's older value is gone.
    }
  }
  return found
}

/** Subjects, headers and bodies; chunks of one object follow each other. */
export function bytesOf(messages: readonly StoredMsg[]): Buffer {
  const heads = messages.map(({ subject, header }) => `${subject} ${String(header)}\n`).join('')
  return Buffer.concat([Buffer.from(heads), ...messages.map(({ data }) => Buffer.from(data))])
}
