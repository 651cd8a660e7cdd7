/**
 * One link as the relay has it: who it is, what it may cost, and how it ends.
 *
 * Until the peer has proved itself the link has a nonce and a timer, and nothing else. Then it has
 * a private port, a budget of bytes that are read from it, and a bounded buffer of what waits for
 * it. It ends with a code that says why.
 */
import type { WebSocket } from 'ws'
import type { Rights } from '../bus/core/rights.ts'
import { TokenBucket } from '../bus/core/stream/pace.ts'
import {
  type LinkRecord,
  readLinkMessage,
  writeChallenge,
  writeSign,
} from '../bus/core/wire/link.ts'
import { LinkOutbox, type Turns } from '../bus/io/link-outbox.ts'
import { type Closing, CLOSINGS } from './closing.ts'
import type { Counters } from './counters.ts'
import type { RelayLimits } from './limits.ts'
import type { Session } from './session.ts'

export type Proof = Extract<LinkRecord, { type: 'proof' }>

/** What the relay does for a link. */
export interface LinkHost {
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly turns: Turns
  /** Bytes that may wait for one link now. */
  room(): number
  /** Answers a proof: by `admit` with a welcome, or by `end`. */
  prove(link: Link, proof: Proof): void
  /** A record of a link that has been admitted; false ends it. */
  record(link: Link, record: LinkRecord): boolean
  /** A link that has been admitted shows other rights. */
  shown(link: Link, chain: Uint8Array): void
  ended(link: Link): void
}

/** How often a relay asks whether the peer is still there, and so says that it is itself, ms. */
export function pingMs({ idleTime, stuckTime }: RelayLimits): number {
  return Math.max(PING_MIN_MS, Math.min(PING_MAX_MS, idleTime / 3, stuckTime / 3))
}

export class Link {
  /** The address it has called from. */
  readonly remote: string
  readonly since: number = Date.now()
  readonly nonce: Uint8Array
  /** What the relay has found the peer may do; undefined: nobody has asked. */
  rights: Rights | undefined
  readonly #socket: WebSocket
  readonly #host: LinkHost
  readonly #bucket: TokenBucket
  /** Of what is said before it has been admitted. */
  readonly #opening: LinkOutbox
  #session: Session | undefined
  #identity: Uint8Array | undefined
  #chain: Uint8Array = new Uint8Array(0)
  #proving = false
  #heardAt = performance.now()
  /** As it was when the peer was told how often it is asked. */
  #idleTime = Infinity
  /** Since when there has been no room for a datagram; `Infinity`: there is. */
  #stuckAt = Infinity
  #pongAt = -Infinity
  /** What it has cost beyond its budget. */
  #debt = 0
  #timer: NodeJS.Timeout
  #resume: NodeJS.Timeout | undefined
  #ending = false
  #why: Closing | undefined
  #code = 0
  readonly #closed: Promise<void>

  constructor(
    socket: WebSocket,
    from: { readonly remote: string; readonly nonce: Uint8Array },
    host: LinkHost,
  ) {
    this.#socket = socket
    this.#host = host
    this.remote = from.remote
    this.nonce = from.nonce
    this.#opening = new LinkOutbox(socket, () => host.room(), host.turns)
    const rate = host.limits.bytesPerSecond
    this.#bucket = new TokenBucket(rate, Math.max(BURST_SIZE, rate / 10), performance.now())
    this.#timer = setTimeout(() => this.end('handshakeLate'), host.limits.handshakeTime)
    socket.on('message', (data: Buffer, binary) => this.#hear(data, binary))
    socket.on('ping', (data: Buffer) => this.#onPing(data))
    // Nobody has asked for one.
    socket.on('pong', () => this.#pay(DATAGRAM_COST))
    // 'close' follows, with the code.
    socket.on('error', () => host.counters.count('malformed'))
    this.#closed = new Promise((resolve) => {
      socket.on('close', (code) => resolve(this.#onClose(code)))
    })
    this.#opening.push(writeChallenge(from.nonce))
  }

  /** Its private port; 0 until it has been admitted. */
  get port(): number {
    return this.#session?.port ?? 0
  }

  /** What it has beyond this link, once it has been admitted. */
  get session(): Session | undefined {
    return this.#session
  }

  get outbox(): LinkOutbox {
    return this.#session?.outbox ?? this.#opening
  }

  /** The peer's public key, as it has proved. */
  get identity(): Uint8Array | undefined {
    return this.#identity
  }

  /** The chain of grants that it has shown; empty: none. */
  get chain(): Uint8Array {
    return this.#chain
  }

  /** Whether it is over, or about to be. */
  get ended(): boolean {
    return this.#ending
  }

  /** Whether it has broken: its peer has said no goodbye, and the relay has found no fault in it. */
  get broken(): boolean {
    if (this.#why === undefined) return this.#code === ABNORMAL
    // Who is slow still answers; who does not may be somewhere else by now.
    return this.#why === 'idle' || (this.#why === 'stuck' && this.#heardAt < this.#stuckAt)
  }

  /** What the relay has found wrong with it. */
  get fault(): string | undefined {
    const why = this.#why === 'leaving' ? undefined : this.#why
    return why && CLOSINGS[why].reason
  }

  /** The code that it was closed with; 0 before. */
  get code(): number {
    return this.#code
  }

  proved(identity: Uint8Array): void {
    this.#identity = identity
  }

  /** It has proved itself and has a port: the welcome says so, and then its session goes on. */
  admit(session: Session, { welcome, received }: Welcome): void {
    this.#opening.push(welcome)
    this.#opening.flush()
    this.#host.counters.count('messagesOut', this.#opening.messages)
    this.#host.counters.count('bytesOut', this.#opening.bytes)
    this.#session = session
    session.attach(this.#socket, received)
    clearTimeout(this.#timer)
    this.#idleTime = this.#host.limits.idleTime
    this.#timer = setInterval(() => this.#look(), pingMs(this.#host.limits))
  }

  /** One datagram's record; false: dropped, since too much waits. */
  offer(record: Uint8Array): boolean {
    if (this.outbox.offer(record)) {
      this.#stuckAt = Infinity
      return true
    }
    this.#host.counters.count('bufferFull')
    if (this.#stuckAt === Infinity) this.#stuckAt = performance.now()
    return false
  }

  /** Ends it and says why. */
  end(why: Closing): void {
    void this.ending(why)
  }

  /** The same; resolves when the socket is closed. */
  ending(why: Closing): Promise<void> {
    if (!this.#ending) this.#end(why)
    return this.#closed
  }

  /** Its peer has another one: nothing more is to be said here. */
  replaced(): void {
    this.#ending = true
    this.#socket.terminate()
  }

  #end(why: Closing): void {
    this.#ending = true
    this.#why = why
    const { code, reason, counter } = CLOSINGS[why]
    if (counter) this.#host.counters.count(counter)
    this.outbox.flush()
    this.#socket.close(code, reason)
    // A peer that does not read would keep it for ever.
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_MS)
    this.#socket.once('close', () => clearTimeout(timer))
    this.#socket.resume()
  }

  #hear(data: Buffer, binary: boolean): void {
    if (this.#ending) return
    const { counters } = this.#host
    this.#heardAt = performance.now()
    counters.count('messagesIn')
    counters.count('bytesIn', data.length)
    let cost = MESSAGE_COST + data.length
    const whole =
      binary &&
      readLinkMessage(data, (record) => {
        cost += costOf(record)
        this.#take(record)
      })
    if (!whole) return this.end('malformed')
    this.#pay(cost)
  }

  /** Who asks all the time is not answered all the time. */
  #onPing(data: Buffer): void {
    const now = performance.now()
    this.#heardAt = now
    this.#pay(DATAGRAM_COST)
    if (now - this.#pongAt < PONG_MS || this.outbox.waiting > 0) return
    this.#pongAt = now
    this.#socket.pong(data)
  }

  #take(record: LinkRecord): void {
    if (this.#ending) return
    if (record.type === 'rights' && (this.#session || !this.#proving)) {
      this.#chain = record.chain.slice()
      if (this.#session) this.#host.shown(this, this.#chain)
    } else if (this.#session) {
      const good =
        record.type === 'received'
          ? this.#session.received(record.received)
          : this.#host.record(this, record)
      if (!good) this.end('malformed')
    } else if (record.type === 'proof' && !this.#proving) {
      this.#proving = true
      this.#host.prove(this, record)
    } else {
      this.end('malformed')
    }
  }

  /** A link that has used up its budget is not read for a while: the network holds its sender up. */
  #pay(cost: number): void {
    const now = performance.now()
    this.#debt = Math.min(BURST_SIZE, this.#debt + cost)
    if (this.#bucket.take(now, this.#debt)) {
      this.#debt = 0
      return this.#socket.resume()
    }
    this.#host.counters.count('throttled')
    this.#socket.pause()
    clearTimeout(this.#resume)
    const waitMs = Math.ceil(this.#bucket.when(now, this.#debt) - now)
    this.#resume = setTimeout(() => this.#pay(0), waitMs)
  }

  /** Every now and then: says that the relay is there, and looks whether the peer is. */
  #look(): void {
    const { limits } = this.#host
    const now = performance.now()
    if (now - this.#heardAt > this.#idleTime) return this.end('idle')
    if (this.outbox.waiting < this.#host.room() / 2) this.#stuckAt = Infinity
    if (now - this.#stuckAt > limits.stuckTime) return this.end('stuck')
    // Also while much is sent: who only listens would otherwise say nothing for long.
    this.outbox.push(writeSign('ping'))
  }

  #onClose(code: number): void {
    this.#ending = true
    this.#code = code
    clearTimeout(this.#timer)
    clearTimeout(this.#resume)
    this.#host.ended(this)
  }
}

/** What a link is told when it is admitted, and how much of its session its peer has received. */
export interface Welcome {
  readonly welcome: Uint8Array
  readonly received: number
}

/** However small, a datagram costs a call to the system, and a membership a socket. */
function costOf(record: LinkRecord): number {
  switch (record.type) {
    case 'multicast':
    case 'unicast':
      return DATAGRAM_COST
    case 'rung':
      return RUNG_COST
    case 'join':
    case 'rejoin':
      return record.groups.length * GROUP_COST
    case 'rights':
      return RIGHTS_COST
    default:
      return 0
  }
}

/** What may come at once: more than one message ever costs. */
const BURST_SIZE = 1024 * 1024
const DATAGRAM_COST = 512
/** A digest, by which its salt becomes a name. */
const RUNG_COST = 512
/** However empty, a message is taken apart. */
const MESSAGE_COST = 64
const GROUP_COST = 1024
/** Five signatures at most. */
const RIGHTS_COST = 16_384
/** RFC 6455: the connection has ended without a closing handshake. */
const ABNORMAL = 1006
const PING_MIN_MS = 100
const PING_MAX_MS = 2500
/** A WebSocket's own ping is answered this often. */
const PONG_MS = 1000
/** For the closing handshake. */
const CLOSE_MS = 2000
