// NATS cluster: three real servers that replicate, for what a single one never answers.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { silentLog } from '../../deploy/log.ts'
import { findOrFetchServer } from '../../deploy/nats-server.ts'
import { type TempDir, tempDir } from '../support/temp-dir.ts'

const SERVERS = 3

export class NatsCluster implements AsyncDisposable {
  readonly urls: readonly string[]
  readonly #children: ChildProcess[]
  readonly #dir: TempDir

  private constructor(urls: string[], children: ChildProcess[], dir: TempDir) {
    this.urls = urls
    this.#children = children
    this.#dir = dir
  }

  /** Started, not yet ready: clients have to try until the three have elected a leader. */
  static async start(): Promise<NatsCluster> {
    const { path } = await findOrFetchServer({ log: silentLog })
    const dir = await tempDir()
    const ports = await freePorts(2 * SERVERS)
    const [clients, routes] = [ports.slice(0, SERVERS), ports.slice(SERVERS)]
    const children: ChildProcess[] = []
    for (const [i, port] of clients.entries()) {
      const home = join(dir.path, `n${i}`)
      await mkdir(home)
      await writeFile(join(home, 'nats.conf'), configOf(i, home, port, routes))
      children.push(spawn(path, ['-c', join(home, 'nats.conf')], { stdio: 'ignore' }))
    }
    return new NatsCluster(
      clients.map((port) => `nats://127.0.0.1:${port}`),
      children,
      dir,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#children.map((child) => once(child, 'exit'))
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(ended)
    await this.#dir[Symbol.asyncDispose]()
  }
}

function configOf(i: number, home: string, port: number, routes: readonly number[]): string {
  const peers = routes.map((route) => `"nats://127.0.0.1:${route}"`).join(', ')
  return `
server_name: "n${i}"
listen: "127.0.0.1:${port}"
jetstream { store_dir: "${home}", sync_interval: always }
cluster { name: "c", listen: "127.0.0.1:${routes[i]}", routes: [${peers}] }
`
}

/** Ports that were free a moment ago: the servers have to know each other's before they start. */
async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(probes.map((probe) => once(probe, 'listening')))
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port)
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')))
  return ports
}
