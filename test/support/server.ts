import { join } from 'node:path'
import { EmbeddedServer } from '../../deploy/embedded.ts'
import { silentLog } from '../../deploy/log.ts'
import { type TempDir, tempDir } from './temp-dir.ts'

/** A real nats-server of its own for one test file; disposing it stops the server and deletes its store. */
export type TestServer = AsyncDisposable & {
  readonly url: string
  /** Changes at a restart: read it each time. */
  readonly monitorUrl: string
  readonly pid: number | undefined
  readonly dataDir: string
  /** Kills the server as a crash would; it stays down until `restart`. */
  kill9(): Promise<void>
  /** Starts it again on the same port and store. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a nats-server on a free loopback port with a store in a folder, which is gone when it stops. */
export async function startServer(at?: TempDir): Promise<TestServer> {
  const dir = at ?? (await tempDir())
  const storeDir = join(dir.path, 'nats')
  // In the test's own process group, so that the runner's kill of a stuck test takes the server along.
  const server = new EmbeddedServer({ port: -1, storeDir, log: silentLog, ownGroup: false })
  const stop = async (): Promise<void> => {
    await server.stop()
    await dir[Symbol.asyncDispose]()
  }
  try {
    await server.start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    dataDir: dir.path,
    stop,
    get url() {
      return server.url
    },
    get monitorUrl() {
      return server.monitorUrl
    },
    get pid() {
      return server.pid
    },
    kill9: async () => await server.kill9(),
    restart: async () => await server.restart(),
    [Symbol.asyncDispose]: stop,
  }
}
