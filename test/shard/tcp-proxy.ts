// TCP proxy: stands between a client and its server and loses what the server says, or what both
// say, on request.
//
// Given several servers it takes a connection to the next one that takes it, as a name with several
// addresses would.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #targets: readonly URL[]
  #turn = 0
  /** While true, what the server says is lost on its way; what it is told arrives. */
  deaf = false
  /** While true, nothing arrives on either side, and new connections lead nowhere. */
  severed = false

  private constructor(server: Server, targets: readonly URL[]) {
    this.#server = server
    this.#targets = targets
  }

  /** A proxy on a free loopback port to the server at `url`, or to the first that is there of some. */
  static async to(...urls: readonly string[]): Promise<TcpProxy> {
    const targets = urls.map((url) => new URL(url))
    const server = createServer({ pauseOnConnect: true }, (client) => proxy.#accept(client))
    const proxy = new TcpProxy(server, targets)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Hears again, on new connections: in the old ones a message may have lost its head. */
  recover(): void {
    this.deaf = false
    this.severed = false
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    this.#keep(client)
    // The connection stands, as it would with packets lost: it is closed by `recover`.
    if (!this.severed) this.#join(client, this.#targets.length)
  }

  #join(client: Socket, tries: number): void {
    const target = this.#targets[this.#turn % this.#targets.length]
    if (target === undefined || tries === 0 || client.destroyed) {
      client.destroy()
      return
    }
    const upstream = connect(Number(target.port), target.hostname)
    const next = () => {
      this.#turn++
      this.#join(client, tries - 1)
    }
    upstream.once('error', next)
    upstream.once('connect', () => {
      upstream.off('error', next)
      this.#keep(upstream)
      client.on('close', () => upstream.destroy())
      upstream.on('close', () => client.destroy())
      this.#pass(client, upstream)
    })
  }

  #pass(client: Socket, upstream: Socket): void {
    client.on('data', (bytes) => {
      if (!this.severed) upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!this.deaf && !this.severed) client.write(bytes)
    })
    client.resume()
    if (client.destroyed) upstream.destroy()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}) // A cut connection is what this is for.
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
