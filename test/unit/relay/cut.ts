/** A cable to a relay, over loopback, that a test cuts and mends. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { open } from './world.ts'

export class Cut implements AsyncDisposable {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #whole = true

  private constructor(server: Server, to: number) {
    this.#server = server
    this.url = `ws://[::1]:${(server.address() as { port: number }).port}`
    server.on('connection', (near: Socket) => {
      if (!this.#whole) return void near.resetAndDestroy()
      this.#join(near, connect(to, '::1'))
    })
  }

  static async to(url: string): Promise<Cut> {
    const server = createServer().listen(0, '::1')
    await once(server, 'listening')
    const cut = new Cut(server, Number(new URL(url).port))
    open.push(cut)
    return cut
  }

  /** Nothing comes through any more, and both ends are told so. */
  cut(): void {
    this.#whole = false
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  mend(): void {
    this.#whole = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      this.#sockets.add(from)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  }
}
