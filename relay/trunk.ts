/**
 * One trunk, the link between two relays, from either end: both prove that they know the realm's
 * control key, then each carries to the other what the bridge wants there.
 *
 * What waits for it is bounded; an end that hears nothing for three of the other's intervals, or
 * that has had no room for long, gives it up.
 */
import type { WebSocket } from 'ws'
import { sameMac } from '../bus/core/seal/link-proof.ts'
import { LinkOutbox, type Turns } from '../bus/io/link-outbox.ts'
import { type Closing, CLOSINGS } from './closing.ts'
import type { Counters } from './counters.ts'
import type { RelayLimits } from './limits.ts'
import { pingMs } from './link.ts'
import type { TrunkChallenge, TrunkProof, TrunkProofs } from './trunk-proof.ts'
import {
  type AnyTrunkRecord,
  readTrunkMessage,
  TRUNK_NONCE_SIZE,
  type TrunkOpening,
  type TrunkRecord,
  writeAccept,
  writeAcceptClaim,
  writeHail,
  writeHailClaim,
  writeTrunkChallenge,
  writeTrunkPing,
  writeTrunkRecord,
} from './trunk-wire.ts'

/** What the relay does for a trunk. */
export interface TrunkHost {
  /** The relay's own id. */
  readonly id: bigint
  readonly proofs: TrunkProofs
  readonly hint: number
  /** The scope's nibble in group addresses. */
  readonly scope: number
  readonly limits: RelayLimits
  readonly counters: Counters
  readonly turns: Turns
  random(size: number): Uint8Array
  /** Whether there is a trunk to that relay which still answers. */
  isTaken(relay: bigint): Promise<boolean>
  /** Why this trunk to that relay is not to be. */
  fault(trunk: Trunk, relay: bigint): Closing | undefined
  opened(trunk: Trunk): void
  record(trunk: Trunk, record: TrunkRecord): void
  /** Once, whether it was open or not. */
  ended(trunk: Trunk): void
}

export class Trunk {
  /** Whether this relay has called. */
  readonly calls: boolean
  /** The address that was called, or that the call is from. */
  readonly at: string
  readonly outbox: LinkOutbox
  readonly #socket: WebSocket
  readonly #host: TrunkHost
  #relay = 0n
  #state: 'opening' | 'open' | 'ending' | 'ended' = 'opening'
  #challenge: TrunkChallenge | undefined
  #mac: Uint8Array | undefined
  #proof: TrunkProof | undefined
  #silenceMs = 0
  #heardAt = performance.now()
  /** Bytes that have come before it was open. */
  #openingSize = 0
  #probing: Promise<boolean> | undefined
  /** Since when there has been no room for a datagram; `Infinity`: there is. */
  #stuckAt = Infinity
  #timer: NodeJS.Timeout
  #code = 0
  #reason = ''
  #told = false
  readonly #closed: Promise<void>

  constructor(
    socket: WebSocket,
    { calls, at }: { readonly calls: boolean; readonly at: string },
    host: TrunkHost,
  ) {
    this.calls = calls
    this.at = at
    this.#socket = socket
    this.#host = host
    this.outbox = new LinkOutbox(socket, () => host.limits.trunkBufferSize, host.turns)
    this.#timer = setTimeout(() => this.end('handshakeLate'), host.limits.handshakeTime)
    socket.on('message', (data: Buffer, binary) => this.#hear(data, binary))
    // A called end has to answer by itself; the server's sockets leave it to whom they are for.
    if (!calls) socket.on('ping', () => this.isOpen && socket.pong())
    // 'close' follows.
    socket.on('error', (error) => (this.#reason ||= error.message))
    this.#closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve(this.#onClose(code, reason.toString())))
    })
    if (calls) return
    this.#challenge = { nonce: host.random(TRUNK_NONCE_SIZE), relay: host.id }
    this.outbox.push(writeTrunkChallenge(this.#challenge.nonce, host.id))
  }

  /** The relay at the other end, as it says; as it has proved once the trunk is open. */
  get relay(): bigint {
    return this.#relay
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** It has ended, or is about to. */
  get isOver(): boolean {
    return this.#state === 'ending' || this.#state === 'ended'
  }

  /** The code that it was closed with; 0 before. */
  get code(): number {
    return this.#code
  }

  /** Why it has ended. */
  get reason(): string {
    return this.#reason
  }

  /** Dropped when too much waits and it is a datagram. */
  send(record: TrunkRecord): void {
    if (this.#state !== 'open') return
    const bytes = writeTrunkRecord(record)
    if (record.type !== 'group' && record.type !== 'instance') return this.outbox.push(bytes)
    if (this.outbox.offer(bytes)) {
      this.#stuckAt = Infinity
      return
    }
    this.#host.counters.count('trunkBufferFull')
    if (this.#stuckAt === Infinity) this.#stuckAt = performance.now()
  }

  /** Whether the other end still answers; the system is slow to tell. One question at a time. */
  probe(): Promise<boolean> {
    this.#probing ??= this.#ask().finally(() => (this.#probing = undefined))
    return this.#probing
  }

  /** Ends it and says why. */
  end(why: Closing): void {
    void this.ending(why)
  }

  /** The same; resolves when the socket is closed. */
  ending(why: Closing): Promise<void> {
    if (!this.isOver) this.#end(why)
    return this.#closed
  }

  #end(why: Closing): void {
    this.#state = 'ending'
    const { code, reason, counter } = CLOSINGS[why]
    if (counter) this.#host.counters.count(counter)
    this.#reason = reason
    this.#code = code
    clearTimeout(this.#timer)
    this.outbox.flush()
    this.#socket.close(code, reason)
    // Whoever does not read would keep it for ever.
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_MS)
    this.#socket.once('close', () => clearTimeout(timer))
    this.#tellEnd()
  }

  #ask(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), PROBE_MS)
      void this.#closed.then(() => resolve(false))
      this.#socket.once('pong', () => {
        clearTimeout(timer)
        resolve(true)
      })
      this.#socket.ping()
    })
  }

  #hear(data: Buffer, binary: boolean): void {
    if (this.isOver) return
    if (!this.isOpen) this.#openingSize += data.length
    if (this.#openingSize > OPENING_SIZE_MAX) return this.end('malformed')
    const { counters } = this.#host
    this.#heardAt = performance.now()
    counters.count('messagesIn')
    counters.count('bytesIn', data.length)
    if (!binary || !readTrunkMessage(data, (record) => this.#take(record))) this.end('malformed')
  }

  #take(record: AnyTrunkRecord): void {
    if (this.isOver || record.type === 'ping') return
    if (record.type === 'challenge' || record.type === 'hail' || record.type === 'accept') {
      if (this.isOpen || !this.#open(record)) this.end('malformed')
    } else if (this.isOpen) this.#host.record(this, record)
    else this.end('malformed')
  }

  /** False when it is not the time for this record. */
  #open(record: TrunkOpening): boolean {
    switch (record.type) {
      case 'challenge':
        if (!this.calls || this.#challenge) return false
        this.#hail({ nonce: record.nonce.slice(), relay: record.relay })
        return true
      case 'hail':
        if (this.calls || !this.#challenge) return false
        void this.#accept(record, this.#challenge)
        return true
      case 'accept':
        if (!this.#challenge || !this.#mac) return false
        this.#onAccept(record, this.#challenge, this.#mac)
        return true
    }
  }

  #hail(challenge: TrunkChallenge): void {
    this.#challenge = challenge
    this.#relay = challenge.relay
    const fault = this.#host.fault(this, challenge.relay)
    if (fault) return this.end(fault)
    const { id: relay, hint, scope, proofs } = this.#host
    this.#proof = proofs.own
    const [nonce, intervalMs] = [this.#host.random(TRUNK_NONCE_SIZE), this.#intervalMs]
    const claimed = writeHailClaim({ nonce, relay, hint, scope, intervalMs })
    this.#mac = this.#proof.callerMac(challenge, claimed)
    this.outbox.push(writeHail(claimed, this.#mac))
  }

  async #accept(
    hail: Extract<TrunkOpening, { type: 'hail' }>,
    challenge: TrunkChallenge,
  ): Promise<void> {
    const { proofs, hint, scope } = this.#host
    // There is one hail.
    this.#challenge = undefined
    if (hail.hint !== hint) return this.end('realm')
    if (hail.scope !== scope) return this.end('scope')
    const proof = proofs.of(challenge, hail.claimed, hail.mac)
    if (!proof) return this.end('proof')
    this.#relay = hail.relay
    // Whoever knows the key can say any id: whom there is a trunk to need not take it again.
    const isTaken = await this.#host.isTaken(hail.relay)
    if (this.isOver) return
    const fault = isTaken ? 'double' : this.#host.fault(this, hail.relay)
    if (fault) return this.end(fault)
    const terms = writeAcceptClaim(this.#intervalMs)
    const mac = proof.calledMac(challenge, { callerMac: hail.mac, terms })
    this.outbox.push(writeAccept(terms, mac))
    this.#begin(hail.intervalMs)
  }

  #onAccept(
    { claimed: terms, mac, intervalMs }: Extract<TrunkOpening, { type: 'accept' }>,
    challenge: TrunkChallenge,
    callerMac: Uint8Array,
  ): void {
    const expected = this.#proof?.calledMac(challenge, { callerMac, terms })
    if (!expected || !sameMac(expected, mac)) return this.end('proof')
    this.#begin(intervalMs)
  }

  #begin(intervalMs: number): void {
    this.#state = 'open'
    this.#silenceMs = 3 * Math.min(INTERVAL_MAX_MS, Math.max(INTERVAL_MIN_MS, intervalMs))
    clearTimeout(this.#timer)
    this.#timer = setInterval(() => this.#look(), this.#intervalMs)
    this.#host.opened(this)
  }

  /** Says that this end is there, and looks whether the other one is. */
  #look(): void {
    const now = performance.now()
    if (now - this.#heardAt > this.#silenceMs) return this.end('idle')
    const { stuckTime, trunkBufferSize } = this.#host.limits
    if (this.outbox.waiting < trunkBufferSize / 2) this.#stuckAt = Infinity
    if (now - this.#stuckAt > stuckTime) return this.end('stuck')
    this.outbox.push(writeTrunkPing())
  }

  get #intervalMs(): number {
    return Math.ceil(pingMs(this.#host.limits))
  }

  #onClose(code: number, reason: string): void {
    this.#state = 'ended'
    this.#code ||= code
    this.#reason ||= reason === '' ? `closed with ${code}` : `closed with ${code}: ${reason}`
    clearTimeout(this.#timer)
    this.#tellEnd()
  }

  #tellEnd(): void {
    if (this.#told) return
    this.#told = true
    this.#host.ended(this)
  }
}

/** For an answer of the other end. */
const PROBE_MS = 1000
/** Bytes of what comes before a trunk is open: a hail, and what is skipped. */
const OPENING_SIZE_MAX = 4096
/** For the closing handshake. */
const CLOSE_MS = 2000
const INTERVAL_MIN_MS = 100
const INTERVAL_MAX_MS = 60_000
