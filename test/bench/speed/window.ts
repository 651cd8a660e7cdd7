/**
 * The one flow control of all who take part: what is published and not yet acknowledged is bounded.
 *
 * A subscriber says by a socket of its own how far it has come, a quarter of the window at a time.
 * It is fast enough to lose nothing on the way, and costs the same for everybody.
 */
import { once } from 'node:events'
import { createServer, connect, type Server, type Socket } from 'node:net'

/** What fits into the smallest receive buffer that all of them have, whatever carries it. */
export interface WindowSize {
  /** Messages under way. */
  readonly messages: number
  /** Messages between two acknowledgements. */
  readonly step: number
}

export function windowOf(size: number): WindowSize {
  const messages = 2 ** Math.floor(Math.log2(Math.min(MESSAGES_MAX, BYTES_MAX / size)))
  return { messages, step: Math.max(1, messages / 4) }
}

/** The publisher's end. */
export class Window {
  readonly #server: Server
  readonly #ends: End[] = []
  #run = 0
  #woken: (() => void) | undefined

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#add(socket))
  }

  static async listen(path: string): Promise<Window> {
    const server = createServer()
    const window = new Window(server)
    await once(server.listen(path), 'listening')
    return window
  }

  /** Subscribers that have come as far as this run at all. */
  reached(run: number): number {
    return this.#ends.filter((end) => end.run === run && end.count > 0).length
  }

  begin(run: number): void {
    this.#run = run
  }

  /** Messages that all subscribers have acknowledged. */
  get acknowledged(): number {
    return Math.min(...this.#ends.map(({ run, count }) => (run === this.#run ? count : 0)))
  }

  /** Resolves with true at the next acknowledgement, and with false when none comes. */
  moved(patienceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#woken = undefined
        resolve(false)
      }, patienceMs)
      this.#woken = () => {
        clearTimeout(timer)
        this.#woken = undefined
        resolve(true)
      }
    })
  }

  close(): void {
    for (const { socket } of this.#ends) socket.destroy()
    this.#server.close()
  }

  #add(socket: Socket): void {
    const end = { socket, run: 0, count: 0 }
    this.#ends.push(end)
    socket.on('error', () => undefined) // Its process has ended: so has the run.
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      const whole = all.length - (all.length % ACK_SIZE)
      rest = all.subarray(whole)
      if (whole === 0) return
      end.run = all.readUInt32LE(whole - ACK_SIZE)
      end.count = all.readUInt32LE(whole - ACK_SIZE + 4)
      this.#woken?.()
    })
  }
}

interface End {
  readonly socket: Socket
  run: number
  count: number
}

/** The subscriber's end. */
export async function acknowledging(path: string): Promise<{
  acknowledge(run: number, count: number): void
  close(): void
}> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  return {
    acknowledge(run, count) {
      const bytes = Buffer.alloc(ACK_SIZE)
      bytes.writeUInt32LE(run, 0)
      bytes.writeUInt32LE(count, 4)
      socket.write(bytes)
    },
    close: () => void socket.destroy(),
  }
}

const ACK_SIZE = 8
const MESSAGES_MAX = 8192
const BYTES_MAX = 2 * 1024 * 1024
