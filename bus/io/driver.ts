/**
 * Joins a peer to the world by one law: one input, drain all outputs, arm one timer.
 *
 * Everything that happens to the peer goes through `command`. Outputs that concern the network are
 * carried out here; the others go to the listener, in order.
 */
import type { Endpoint, Notice, Output } from '../core/output.ts'
import type { Peer } from '../core/peer.ts'
import { TURN_MS } from '../core/stream/pace.ts'
import type { System } from './runtime.ts'
import type { Transport } from './transport.ts'

export class Driver {
  readonly #peer: Peer
  readonly #system: System
  readonly #transport: Transport
  readonly #listener: (notice: Notice) => void
  #draining = false
  #stopped = false
  #turnSet = false
  #armedFor = Infinity
  #cancelTimer: (() => void) | undefined

  constructor(
    peer: Peer,
    options: {
      readonly system: System
      readonly transport: Transport
      readonly listener: (notice: Notice) => void
    },
  ) {
    this.#peer = peer
    this.#system = options.system
    this.#transport = options.transport
    this.#listener = options.listener
  }

  /** Runs one input and carries out what follows from it. */
  command<T>(input: (peer: Peer, now: number) => T): T {
    const result = input(this.#peer, this.#system.now())
    this.#drain()
    return result
  }

  /** The peer may send at the end of the program's turn. */
  endTurn(): void {
    if (this.#turnSet) return
    this.#turnSet = true
    this.#system.turn(() => {
      this.#turnSet = false
      if (!this.#stopped) this.command((peer, now) => peer.turnEnds(now))
    })
  }

  datagram(bytes: Uint8Array, from: Endpoint): void {
    if (!this.#stopped) this.command((peer, now) => peer.handleDatagram(now, bytes, from))
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #drain(): void {
    // A notice may lead to a command at once: the outer loop carries its outputs out.
    if (this.#draining) return
    this.#draining = true
    try {
      for (;;) {
        const output = this.#peer.poll()
        if (!output) break
        this.#carryOut(output)
      }
    } finally {
      this.#draining = false
    }
    if (!this.#stopped) this.#arm()
  }

  #carryOut(output: Output): void {
    switch (output.type) {
      case 'transmit':
        return this.#transport.send(output.to, output.datagram)
      case 'join':
        return this.#transport.join(output.group)
      case 'leave':
        return this.#transport.leave(output.group)
      case 'rejoin':
        return this.#transport.rejoin(output.group)
      case 'heard':
        return this.#transport.heard?.(output)
      case 'sign':
        return this.#answer(output.id, this.#system.sign(output.message))
      case 'verify': {
        const { message, signature, identity } = output
        return this.#answer(output.id, this.#system.verify(message, signature, identity))
      }
      case 'unbox':
        return this.#answer(output.id, this.#system.unbox(output) ?? false)
      case 'peer':
        if (output.change === 'leave') this.#transport.gone?.(output.peer.instance)
        return this.#listener(output)
      // Everything else is for the program.
      default:
        return this.#listener(output)
    }
  }

  #answer(id: number, answer: Answer | Promise<Answer>): void {
    if (!(answer instanceof Promise)) {
      return this.#peer.handleAnswer(this.#system.now(), id, answer)
    }
    const take = (late: Answer): void => {
      if (!this.#stopped) this.command((peer, now) => peer.handleAnswer(now, id, late))
    }
    // What the runtime cannot verify is not verified; it can sign, or there would be no bus.
    answer.then(take, () => take(false))
  }

  /** One timer: a later deadline lets it fire early and look again. */
  #arm(): void {
    const deadline = this.#peer.deadline
    if (deadline === Infinity || (this.#cancelTimer && this.#armedFor <= deadline)) return
    this.#cancelTimer?.()
    this.#armedFor = deadline
    const waitMs = deadline - this.#system.now()
    if (waitMs <= TURN_MS) return this.#armTurn(waitMs)
    const delayMs = Math.max(0, Math.ceil(waitMs))
    this.#cancelTimer = this.#system.after(delayMs, () => {
      // After a stall the datagrams that already wait count before the deadlines do.
      this.#system.turn(() => this.#onTimer())
    })
  }

  /** As soon as what waits has been read. */
  #armTurn(waitMs: number): void {
    let isWanted = true
    this.#cancelTimer = () => void (isWanted = false)
    const then = (): void => {
      if (isWanted) this.#onTimer()
    }
    this.#system.turn(then, Math.max(0, waitMs))
  }

  #onTimer(): void {
    this.#cancelTimer = undefined
    if (!this.#stopped) this.command((peer, now) => peer.handleTimeout(now))
  }
}

/** A signature, or whether one is good. */
type Answer = Uint8Array | boolean
