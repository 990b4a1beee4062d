// Responder: a process that answers on NATS without doing any work (nats.ts says which kinds).

import { jetstream } from '@nats-io/jetstream'
import { connect } from 'nats'

const TIMEOUT_MS = 5000
const [, , url = '', kind = 'echo'] = process.argv
const nc = await connect({ servers: url, noAsyncTraces: true })
const js = jetstream(nc)

if (kind === 'echo') {
  nc.subscribe('bench.echo', { callback: (_, msg) => void msg.respond(msg.data) })
} else {
  nc.subscribe('bench.relay', {
    callback: (_, msg) => {
      nc.request('bench.echo', msg.data, { timeout: TIMEOUT_MS })
        .then(() => js.publish('bench.append', msg.data))
        .then(() => msg.respond(msg.data))
        .catch(() => {}) // The client counts what it does not get.
    },
  })
}
await nc.flush()
process.send?.('listening')
process.on('disconnect', () => process.exit(0))
