// Rolled back: what a server does that lost the end of its log: the stream is there, with its first
// records under their own sequences, and goes on from there.

import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import { EVENTS } from '../../actors/protocol/subjects.ts'

interface Server {
  js: JetStreamClient
  jsm: JetStreamManager
}

/** Takes every record behind `untilSeq` out of the log, as if it had never been acknowledged. */
export async function rollBack({ js, jsm }: Server, untilSeq: number): Promise<void> {
  const { config } = await jsm.streams.info(EVENTS)
  const kept: { subject: string; data: Uint8Array }[] = []
  for (let seq = 1; seq <= untilSeq; seq++) {
    const message = await jsm.streams.getMessage(EVENTS, { seq })
    if (message === null) throw new Error(`no record at ${seq}`)
    kept.push({ subject: message.subject, data: Uint8Array.from(message.data) })
  }
  await jsm.streams.delete(EVENTS)
  await jsm.streams.add(config)
  for (const { subject, data } of kept) await js.publish(subject, data)
}
