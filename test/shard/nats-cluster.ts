// NATS cluster: three real servers that replicate, for what a single one never answers.
//
// Their links to each other go through proxies, so that one can be cut off from the others while
// its clients still reach it. They tell nobody of each other's addresses: there is no way around.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { silentLog } from '../../deploy/log.ts'
import { findOrFetchServer } from '../../deploy/nats-server.ts'
import { freeze } from '../support/freeze.ts'
import { type TempDir, tempDir } from '../support/temp-dir.ts'
import { TcpProxy } from './tcp-proxy.ts'

const SERVERS = 3
const LOG_TAIL = 2000
/** Nobody listens there: a server that is told this address learns nothing. */
const NOWHERE = '127.0.0.1:1'

/** One of the three. */
export class NatsNode {
  readonly name: string
  readonly url: string
  readonly #binary: string
  readonly #config: string
  #child: ChildProcess
  #thaw: (() => void) | null = null

  constructor(name: string, url: string, binary: string, config: string) {
    this.name = name
    this.url = url
    this.#binary = binary
    this.#config = config
    this.#child = this.#spawn()
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async kill9(): Promise<void> {
    if (!this.running) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  /** Starts it again on the same port and store. */
  restart(): void {
    this.#child = this.#spawn()
  }

  pause(): void {
    if (this.#child.pid !== undefined) this.#thaw = freeze(this.#child.pid)
  }

  resume(): void {
    this.#thaw?.()
    this.#thaw = null
  }

  #spawn(): ChildProcess {
    return spawn(this.#binary, ['-c', this.#config], { stdio: 'ignore' })
  }
}

export class NatsCluster implements AsyncDisposable {
  readonly nodes: readonly NatsNode[]
  /** By the number of the server at each end. */
  readonly #links: ReadonlyMap<string, TcpProxy>
  readonly #dir: TempDir

  private constructor(
    nodes: readonly NatsNode[],
    links: ReadonlyMap<string, TcpProxy>,
    dir: TempDir,
  ) {
    this.nodes = nodes
    this.#links = links
    this.#dir = dir
  }

  get urls(): string[] {
    return this.nodes.map(({ url }) => url)
  }

  get dataDir(): string {
    return this.#dir.path
  }

  /** The end of what each server wrote to its log. */
  async lastLines(): Promise<string> {
    const tails: string[] = []
    for (const { name } of this.nodes) {
      const text = await readFile(logOf(join(this.dataDir, name)), 'utf8').catch(() => 'no log\n')
      tails.push(`${name}:\n${text.slice(-LOG_TAIL)}`)
    }
    return tails.join('')
  }

  /** Started, not yet ready: clients have to try until the three have elected a leader. */
  static async start(): Promise<NatsCluster> {
    const { path } = await findOrFetchServer({ log: silentLog })
    const dir = await tempDir()
    const ports = await freePorts(2 * SERVERS)
    const [clients, routes] = [ports.slice(0, SERVERS), ports.slice(SERVERS)]
    const links = new Map<string, TcpProxy>()
    const nodes: NatsNode[] = []
    for (const [i, port] of clients.entries()) {
      const home = join(dir.path, `n${i}`)
      const peers: string[] = []
      for (const [j, route] of routes.entries()) {
        const url = `nats://127.0.0.1:${route}`
        if (i !== j) links.set(`${i}${j}`, await TcpProxy.to(url))
        peers.push(links.get(`${i}${j}`)?.url ?? url)
      }
      await mkdir(home)
      const file = join(home, 'nats.conf')
      await writeFile(file, configOf({ name: `n${i}`, home, port, route: routes[i] ?? 0, peers }))
      nodes.push(new NatsNode(`n${i}`, `nats://127.0.0.1:${port}`, path, file))
    }
    return new NatsCluster(nodes, links, dir)
  }

  node(name: string): NatsNode {
    const node = this.nodes.find((other) => other.name === name)
    if (node === undefined) throw new Error(`no server ${name}`)
    return node
  }

  /** Loses all that this server and the others say to each other, until what comes back is called. */
  isolate(node: NatsNode): () => void {
    const i = String(this.nodes.indexOf(node))
    const cut = [...this.#links].filter(([ends]) => ends.includes(i)).map(([, link]) => link)
    for (const link of cut) link.severed = true
    return () => {
      for (const link of cut) link.recover()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill9()))
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()))
    await this.#dir[Symbol.asyncDispose]()
  }
}

interface NodeOptions {
  name: string
  home: string
  port: number
  route: number
  peers: readonly string[]
}

function configOf({ name, home, port, route, peers }: NodeOptions): string {
  const routes = peers.map((url) => `"${url}"`).join(', ')
  return `
server_name: "${name}"
listen: "127.0.0.1:${port}"
log_file: "${logOf(home)}"
jetstream { store_dir: "${home}", sync_interval: always }
cluster {
  name: "c"
  listen: "127.0.0.1:${route}"
  advertise: "${NOWHERE}"
  no_advertise: true
  routes: [${routes}]
}
`
}

function logOf(home: string): string {
  return `${home}.log`
}

/** Ports that were free a moment ago: the servers have to know each other's before they start. */
async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(probes.map((probe) => once(probe, 'listening')))
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port)
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')))
  return ports
}
