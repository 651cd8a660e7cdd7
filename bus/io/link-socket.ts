/** What a link needs of its runtime: sockets, turns and timers; one implementation a runtime. */

/** What waits in a socket, and a way into it. */
export interface SocketWriter {
  /** Bytes that the system has not taken yet. */
  readonly bufferedAmount: number
  /** `taken` is called once the message waits nowhere in this process. */
  send(message: Uint8Array, taken: () => void): void
}

export interface LinkSocket extends SocketWriter {
  /** Says goodbye: what waits is sent first. */
  close(): void
  /** Ends it at once. */
  terminate(): void
}

export interface SocketEvents {
  /** `undefined`: a message of text, which no link has. */
  message(bytes: Uint8Array | undefined): void
  /** Once, whether it was ever open or not. */
  closed(end: SocketEnd): void
}

export interface SocketEnd {
  readonly code: number
  readonly reason: string
  /** What the runtime says beyond the code. */
  readonly fault?: string
  /** Whether somebody was there, where the runtime tells. */
  readonly answered?: boolean
}

export interface LinkSockets {
  /** Calls a relay. Throws when the address is none that can be called from here. */
  dial(url: string, events: SocketEvents): LinkSocket
  /** Runs `then` at the end of the program's turn. */
  turn(then: () => void): void
  /** Runs `then` after `delayMs`; the result cancels it. */
  after(delayMs: number, then: () => void): () => void
}
