/** One link to one relay, from the call to its end: proves itself, and has the relay do the same. */
import { type LinkProof, sameMac } from '../core/seal/link-proof.ts'
import {
  LINK_NONCE_SIZE,
  type LinkRecord,
  readLinkMessage,
  type WelcomeTerms,
  writeProof,
  writeProofClaim,
  writeReceived,
  writeRights,
  writeSign,
} from '../core/wire/link.ts'
import type { Endpoint } from '../core/output.ts'
import { joined, LinkOutbox } from './link-outbox.ts'
import type { LinkSocket, LinkSockets } from './link-socket.ts'

/** What a peer needs to be admitted. */
export interface LinkCredentials {
  readonly proof: LinkProof
  readonly identity: Uint8Array
  /** What it may do, in a realm with an owner. */
  readonly rights: Uint8Array | undefined
  readonly hint: number
  readonly scope: number
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>
  readonly random: (size: number) => Uint8Array
  /** The relay says that it does not know the key by which `proof` has been made. */
  readonly refused: () => void
}

/** Who calls, and by which sockets. */
export interface Caller {
  readonly credentials: LinkCredentials
  readonly sockets: LinkSockets
}

/** What a peer has at one relay beyond one link. */
export interface LinkSession {
  /** Random; the relay knows it by this. */
  readonly id: bigint
  /** Messages that have come since it began. */
  received: number
}

export interface LinkEnd {
  readonly reason: string
  /** The relay has turned this peer away for what it is: asking again will not help. */
  readonly denied: boolean
  /** The relay is going: it is better to ask another one first. */
  readonly leaving: boolean
  /** Somebody is there, relay or not. */
  readonly answered: boolean
}

export interface LinkEvents {
  /** Both sides have proved themselves. */
  welcomed(terms: WelcomeTerms): void
  datagram(bytes: Uint8Array, from: Endpoint): void
  /** Whether the relay of that id hears this peer on a network of its own. */
  hears(yes: boolean, relay: bigint): void
  /** Once, whether it was welcomed or not. */
  ended(end: LinkEnd): void
}

export class ClientLink {
  readonly url: string
  readonly outbox: LinkOutbox
  readonly #socket: LinkSocket
  readonly #caller: Caller
  readonly #events: LinkEvents
  /** The private port to ask for; 0: any. */
  readonly #port: number
  readonly #session: LinkSession
  /** Messages of which the relay has been told that they have come. */
  #said = 0
  /** Bytes of those of which it has not. */
  #unsaid = 0
  #relayNonce: Uint8Array | undefined
  #mac: Uint8Array | undefined
  /** The one that it has been shown: others may come meanwhile. */
  #proof: LinkProof | undefined
  #terms: WelcomeTerms | undefined
  #heard = 0
  /** Intervals without a word, and how much had been heard when the present one began. */
  #silent = 0
  #heardBefore = 0
  #cancelTimer: () => void
  #fault: LinkEnd | undefined
  #ended = false
  #onEnded: (() => void) | undefined

  /** Throws when the address is none that can be called from here. */
  constructor(
    at: { readonly url: string; readonly port: number; readonly session: LinkSession },
    caller: Caller,
    events: LinkEvents,
  ) {
    const { sockets } = caller
    this.url = at.url
    this.#port = at.port
    this.#session = at.session
    this.#caller = caller
    this.#events = events
    this.#socket = sockets.dial(at.url, {
      message: (bytes) => this.#hear(bytes),
      closed: ({ code, reason, fault, answered = this.#heard > 0 }) => {
        if (fault !== undefined) {
          this.#fault ??= { reason: fault, denied: false, leaving: false, answered }
        }
        this.#onClose(code, reason)
      },
    })
    this.outbox = new LinkOutbox(this.#socket, () => BUFFER_SIZE, {
      end: (then) => sockets.turn(then),
      join: joined,
    })
    this.#cancelTimer = sockets.after(WELCOME_MS, () => this.#fail('no answer in time'))
  }

  /** Says goodbye; resolves when the socket is closed. */
  async close(): Promise<void> {
    this.outbox.flush()
    if (this.#ended) return
    const closed = new Promise<void>((resolve) => (this.#onEnded = resolve))
    this.#socket.close()
    const cancel = this.#caller.sockets.after(CLOSE_MS, () => this.#socket.terminate())
    await closed
    cancel()
  }

  /** The network may be another one: a relay that says nothing for an interval is gone. */
  doubt(): void {
    if (!this.#terms || this.#ended) return
    // It is doubted already: another doubt must not give it more time.
    if (this.#silent >= SILENT_INTERVALS - 1 && this.#heard === this.#heardBefore) return
    this.#cancelTimer()
    const { intervalMs } = this.#terms
    this.#watch(intervalMs, { silent: SILENT_INTERVALS - 1, waitMs: intervalMs * 1.5 })
  }

  #hear(message: Uint8Array | undefined): void {
    if (this.#fault !== undefined || this.#ended) return
    this.#heard += 1
    // The welcome is none of the session.
    const counts = this.#terms !== undefined
    const whole = message && readLinkMessage(message, (record) => this.#take(record))
    if (!whole) return this.#fail('the relay speaks another protocol')
    if (counts) this.#count(message.length)
  }

  /** The relay keeps what it has not been told of: told with each pong, and of so many bytes. */
  #count(size: number): void {
    this.#session.received += 1
    this.#unsaid += size
    if (this.#unsaid >= RECEIVED_SIZE) this.#sayReceived()
  }

  #sayReceived(): void {
    const { received } = this.#session
    if (received === this.#said) return
    this.#said = received
    this.#unsaid = 0
    this.outbox.push(writeReceived(received))
  }

  #take(record: LinkRecord): void {
    switch (record.type) {
      case 'challenge':
        return this.#answer(record.nonce)
      case 'welcome':
        return this.#onWelcome(record)
      case 'datagram':
        // A copy: the listener keeps it, and a view would keep the whole message.
        if (this.#terms) {
          this.#events.datagram(new Uint8Array(record.datagram), record.from)
        }
        return undefined
      case 'hears':
        return this.#terms && this.#events.hears(record.yes, record.relay)
      case 'ping':
        this.outbox.push(writeSign('pong'))
        return this.#sayReceived()
      default:
        return undefined // a relay has no use for the others
    }
  }

  #answer(nonce: Uint8Array): void {
    if (this.#relayNonce) return
    const { proof, identity, rights, hint, scope, sign, random } = this.#caller.credentials
    this.#relayNonce = nonce.slice()
    this.#proof = proof
    const nonceOwn = random(LINK_NONCE_SIZE)
    const { id: session, received } = this.#session
    const own = { nonce: nonceOwn, identity, hint, scope, port: this.#port, session, received }
    const claimed = writeProofClaim(own)
    this.#mac = proof.peerMac(this.#relayNonce, claimed)
    const mac = this.#mac
    const prove = (signature: Uint8Array): void => {
      if (this.#ended) return
      if (rights) this.outbox.push(writeRights(rights))
      this.outbox.push(writeProof(claimed, mac, signature))
    }
    const signature = sign(proof.statement(this.#relayNonce, claimed))
    // Without a signature there is no welcome either, and that is what ends the link.
    if (signature instanceof Promise) void signature.then(prove, () => undefined)
    else prove(signature)
  }

  #onWelcome(record: Extract<LinkRecord, { type: 'welcome' }>): void {
    if (this.#terms || !this.#relayNonce || !this.#mac || !this.#proof) return
    const mac = this.#proof.relayMac(this.#relayNonce, this.#mac, record.claimed)
    if (!sameMac(mac, record.mac)) {
      return this.#fail('the relay does not know the key of this realm', { denied: true })
    }
    const { port, groups, resumed } = record
    if (!resumed) this.#session.received = 0
    this.#said = this.#session.received
    const datagramSize = Math.min(DATAGRAM_MAX, Math.max(DATAGRAM_MIN, record.datagramSize))
    const intervalMs = Math.min(INTERVAL_MAX_MS, Math.max(INTERVAL_MIN_MS, record.intervalMs))
    this.#terms = { port, groups, datagramSize, intervalMs, resumed }
    this.#cancelTimer()
    this.#watch(intervalMs)
    this.#events.welcomed(this.#terms)
  }

  /** A relay that is gone without a word is silent for some of its own intervals. */
  #watch(intervalMs: number, { silent = 0, waitMs = intervalMs } = {}): void {
    this.#silent = silent
    this.#heardBefore = this.#heard
    this.#cancelTimer = this.#caller.sockets.after(waitMs, () => {
      const missed = this.#heard === this.#heardBefore ? silent + 1 : 0
      if (missed >= SILENT_INTERVALS) this.#fail('the relay has fallen silent')
      else this.#watch(intervalMs, { silent: missed })
    })
  }

  #fail(reason: string, { denied = false } = {}): void {
    this.#fault ??= { reason, denied, leaving: false, answered: this.#heard > 0 }
    this.#socket.terminate()
  }

  #onClose(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelTimer()
    // Several relays may refuse the same one.
    const { credentials } = this.#caller
    if (code === OTHER_KEY && credentials.proof === this.#proof) credentials.refused()
    this.#onEnded?.()
    const words = reason === '' ? `closed with ${code}` : `closed with ${code}: ${reason}`
    const leaving = code === GOING_AWAY
    // Without an answer there is nobody to close it with a code.
    this.#events.ended(
      this.#fault ?? { reason: words, denied: isDenial(code), leaving, answered: true },
    )
  }
}

/** Every closing code of a relay that is about this peer and not about the moment. */
function isDenial(code: number): boolean {
  return code >= 4400 && code < 4408
}

/** Bytes that may wait for a slow network before datagrams are dropped: 0.2 s of the default rate. */
const BUFFER_SIZE = 1024 * 1024
/** The relay is told of so many bytes at the latest that they have come. */
const RECEIVED_SIZE = 64 * 1024
/** From the call to the welcome. */
const WELCOME_MS = 5000
const CLOSE_MS = 2000
const SILENT_INTERVALS = 3
/** What every IPv6 path carries whole, and what fits into a message with room to spare. */
const DATAGRAM_MIN = 1232
const DATAGRAM_MAX = 60_000
const INTERVAL_MIN_MS = 100
const INTERVAL_MAX_MS = 60_000
const GOING_AWAY = 1001
const OTHER_KEY = 4401
