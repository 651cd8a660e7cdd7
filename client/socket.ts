/** The sockets of links in a page: the browser's own WebSocket. */
import type { LinkSocket, LinkSockets, SocketEvents } from '../bus/io/link-socket.ts'
import { LINK_PROTOCOL } from '../bus/core/wire/link.ts'
import type { PageClock } from './clock.ts'

export function pageSockets(clock: PageClock): LinkSockets {
  return {
    dial: (url, events) => new PageSocket(url, clock, events),
    turn: (then) => clock.turn(then),
    after: (delayMs, then) => clock.after(delayMs, then),
  }
}

class PageSocket implements LinkSocket {
  readonly #socket: WebSocket
  readonly #events: SocketEvents
  #opened = false
  #over = false

  /** Throws where a page may not call such an address, as `ws:` from a page that came by https. */
  constructor(url: string, clock: PageClock, events: SocketEvents) {
    this.#events = events
    this.#socket = new WebSocket(url, LINK_PROTOCOL)
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.addEventListener('open', () => (this.#opened = true))
    this.#socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (this.#over) return
      events.message(data instanceof ArrayBuffer ? new Uint8Array(data) : undefined)
      clock.wake()
    })
    this.#socket.addEventListener('close', ({ code, reason }) => {
      this.#end(this.#opened ? { code, reason } : { code, reason, fault: unanswered() })
      clock.wake()
    })
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  /** The browser sends what it has taken, also behind the back of a page that goes. */
  send(message: Uint8Array, taken: () => void): void {
    // A view of an ArrayBuffer: nothing here is shared between threads.
    this.#socket.send(message as Uint8Array<ArrayBuffer>)
    taken()
  }

  close(): void {
    this.#socket.close(1000)
  }

  terminate(): void {
    this.#socket.close()
    // The browser would wait for the other side, which may be gone.
    queueMicrotask(() => this.#end({ code: 1006, reason: '' }))
  }

  #end(end: Parameters<SocketEvents['closed']>[0]): void {
    if (this.#over) return
    this.#over = true
    this.#events.closed(end)
  }
}

/** Browsers do not tell pages why. */
function unanswered(): string {
  const { origin } = globalThis.location
  return `no answer, or it lets no pages of ${origin} in (sixcast relay --origin ${origin})`
}
