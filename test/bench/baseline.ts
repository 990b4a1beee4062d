// Baseline: responders that do no work, to compare with ours in the same run.
//
//   echo    answers with what it was sent
//   relay   asks `echo`, then appends one synced record, then answers: two hops and one fsync

import { jetstream } from '@nats-io/jetstream'
import { connect } from 'nats'

const [, , url = '', kind = 'echo'] = process.argv
const nc = await connect({ servers: url, noAsyncTraces: true })
const js = jetstream(nc)

if (kind === 'echo') {
  nc.subscribe('bench.echo', { callback: (_, msg) => void msg.respond(msg.data) })
} else {
  nc.subscribe('bench.relay', {
    callback: (_, msg) => {
      nc.request('bench.echo', msg.data, { timeout: 5000 })
        .then(() => js.publish('bench.append', msg.data))
        .then(() => msg.respond(msg.data))
        .catch(() => {}) // The client counts what it does not get.
    },
  })
}
process.stdout.write('ready\n')
process.on('SIGTERM', () => void nc.drain().then(() => process.exit(0)))
