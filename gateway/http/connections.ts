// Connections: which of a server's connections carry a request, so that it can be stopped without
// cutting one short and without waiting for those that only might.
//
// Node's own `closeIdleConnections` leaves alone what has not sent a request yet, and browsers and
// pools open such connections ahead: a stop would wait for their header timeout.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export class Connections {
  /** Requests in hand, by connection. */
  readonly #inHand = new Map<Socket, number>()
  #draining = false

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => this.#opened(socket))
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const { socket } = incoming
      this.#count(socket, 1)
      outgoing.once('close', () => this.#count(socket, -1))
    })
  }

  /** Closes what carries no request now, and the others as soon as they have been answered. */
  drain(): void {
    this.#draining = true
    for (const [socket, requests] of this.#inHand) if (requests === 0) socket.destroy()
  }

  #opened(socket: Socket): void {
    if (this.#draining) {
      socket.destroy()
      return
    }
    this.#inHand.set(socket, 0)
    socket.once('close', () => this.#inHand.delete(socket))
  }

  #count(socket: Socket, change: number): void {
    const requests = (this.#inHand.get(socket) ?? 0) + change
    if (this.#inHand.has(socket)) this.#inHand.set(socket, requests)
    if (this.#draining && requests === 0) socket.destroySoon() // once the answer is out
  }
}
