/** WebSocket by `ws`: the publisher is the server, and writes to each subscriber. */
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import type { Contestant } from './contestant.ts'

export const webSocket: Contestant = {
  label: 'open, no broker, a copy for each',
  async publisher({ address, port }) {
    const server = new WebSocketServer({ host: address, port, perMessageDeflate: false })
    await once(server, 'listening')
    return {
      turn: (payloads) => {
        for (const payload of payloads) for (const client of server.clients) client.send(payload)
      },
      close: () => {
        for (const client of server.clients) client.terminate()
        server.close()
      },
    }
  },
  async subscriber({ address, port }, heard) {
    const socket = new WebSocket(`ws://[${address}]:${port}`, { perMessageDeflate: false })
    await once(socket, 'open')
    socket.on('message', (bytes: Buffer) => heard(bytes))
    return { close: () => socket.terminate() }
  },
}
