// `npm run nats`: one nats-server alone in the foreground, until Ctrl-C or SIGTERM.
// It does not respawn: a server that dies ends this process with 1, and whatever supervises this process decides.

import { join, resolve } from 'node:path'
import { whenAskedToEnd } from './asked-to-end.ts'
import { EmbeddedServer } from './embedded.ts'
import { DeployError, messageOf } from './error.ts'
import { stderrLog } from './log.ts'

const DEFAULT_PORT = 4222

function portOf(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PORT
  const port = Number(text)
  if (Number.isInteger(port) && (port === -1 || (port > 0 && port < 65_536))) return port
  throw new DeployError('CONFIG', `LEADBID_NATS_PORT is ${text} (1 to 65535, or -1 for any free)`)
}

async function serve(): Promise<void> {
  const port = portOf(process.env.LEADBID_NATS_PORT)
  const dataDir = resolve(process.env.LEADBID_DATA_DIR || '.data')
  let ended = (_code: number): void => {}
  const code = new Promise<number>((settle) => {
    ended = settle
  })
  await using server = new EmbeddedServer({
    port,
    storeDir: join(dataDir, 'nats'),
    log: stderrLog,
    respawn: false,
    onLost: (error) => {
      console.error(`${error.message} (start it again; what was acked is on disk)`)
      ended(1)
    },
  })
  let asked = false
  whenAskedToEnd(() => {
    asked = true
    void server.stop().then(() => ended(0))
  })
  try {
    await server.start()
  } catch (error) {
    if (asked) return
    throw error
  }
  console.log(server.url)
  console.error(`monitoring: ${server.monitorUrl}`)
  process.exitCode = await code
}

try {
  await serve()
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = error instanceof DeployError && error.code === 'CONFIG' ? 2 : 1
}
