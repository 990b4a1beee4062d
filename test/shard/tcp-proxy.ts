// TCP proxy: stands between a client and its server and loses what the server says, on request.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** While true, what the server says is lost on its way; what it is told arrives. */
  deaf = false

  private constructor(server: Server) {
    this.#server = server
  }

  /** A proxy on a free loopback port to the server at `url`. */
  static async to(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url)
    const server = createServer((client) => {
      const upstream = connect(Number(port), hostname)
      proxy.#keep(client, upstream)
      client.on('data', (bytes) => upstream.write(bytes))
      upstream.on('data', (bytes) => {
        if (!proxy.deaf) client.write(bytes)
      })
    })
    const proxy = new TcpProxy(server)
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
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #keep(...pair: Socket[]): void {
    for (const socket of pair) {
      this.#sockets.add(socket)
      socket.on('error', () => {}) // A cut connection is what this is for.
      socket.on('close', () => {
        this.#sockets.delete(socket)
        for (const other of pair) other.destroy()
      })
    }
  }
}
