/** One link to one relay, from the call to its end: proves itself, and has the relay do the same. */
import { WebSocket } from 'ws'
import { type LinkProof, sameMac } from '../core/seal/link-proof.ts'
import {
  LINK_MESSAGE_MAX,
  LINK_NONCE_SIZE,
  LINK_PROTOCOL,
  type LinkRecord,
  readLinkMessage,
  type WelcomeTerms,
  writeProof,
  writeProofClaim,
  writeSign,
} from '../core/wire/link.ts'
import type { Endpoint } from '../core/output.ts'
import { LinkOutbox } from './link-outbox.ts'
import { systemCode } from './udp-socket.ts'

/** What a peer needs to be admitted. */
export interface LinkCredentials {
  readonly proof: LinkProof
  readonly identity: Uint8Array
  readonly hint: number
  readonly scope: number
  readonly sign: (message: Uint8Array) => Uint8Array
  readonly random: (size: number) => Uint8Array
}

export interface LinkEnd {
  readonly reason: string
  /** The relay has turned this peer away for what it is: asking again will not help. */
  readonly denied: boolean
  /** The relay is going: it is better to ask another one first. */
  readonly leaving: boolean
}

export interface LinkEvents {
  /** Both sides have proved themselves. */
  welcomed(terms: WelcomeTerms): void
  datagram(bytes: Uint8Array, from: Endpoint): void
  /** Once, whether it was welcomed or not. */
  ended(end: LinkEnd): void
}

export class ClientLink {
  readonly url: string
  readonly outbox: LinkOutbox
  readonly #socket: WebSocket
  readonly #credentials: LinkCredentials
  readonly #events: LinkEvents
  /** The private port to ask for; 0: any. */
  readonly #port: number
  #relayNonce: Uint8Array | undefined
  #mac: Uint8Array | undefined
  #terms: WelcomeTerms | undefined
  #heard = 0
  #timer: NodeJS.Timeout
  #fault: LinkEnd | undefined
  #ended = false

  constructor(
    at: { readonly url: string; readonly port: number },
    credentials: LinkCredentials,
    events: LinkEvents,
  ) {
    this.url = at.url
    this.#port = at.port
    this.#credentials = credentials
    this.#events = events
    this.#socket = new WebSocket(at.url, LINK_PROTOCOL, {
      perMessageDeflate: false,
      maxPayload: LINK_MESSAGE_MAX,
      followRedirects: false,
    })
    this.outbox = new LinkOutbox(this.#socket, () => BUFFER_SIZE)
    this.#timer = setTimeout(() => this.#fail('no answer in time'), WELCOME_MS)
    this.#socket.on('message', (data: Buffer, binary) => this.#hear(data, binary))
    this.#socket.on('unexpected-response', (_request, { statusCode, statusMessage }) =>
      this.#fail(`answers ${statusCode} ${statusMessage}`),
    )
    this.#socket.on('error', (error) => this.#fail(wordsOf(error)))
    this.#socket.on('close', (code, reason) => this.#onClose(code, reason.toString()))
  }

  /** Says goodbye; resolves when the socket is closed. */
  async close(): Promise<void> {
    this.outbox.flush()
    const closed = new Promise((resolve) => this.#socket.once('close', resolve))
    if (this.#ended) return
    this.#socket.close(1000)
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_MS)
    await closed
    clearTimeout(timer)
  }

  #hear(data: Buffer, binary: boolean): void {
    if (this.#fault !== undefined) return
    this.#heard += 1
    const whole = binary && readLinkMessage(data, (record) => this.#take(record))
    if (!whole) this.#fail('the relay speaks another protocol')
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
      case 'ping':
        return this.outbox.push(writeSign('pong'))
      default:
        return undefined // a relay has no use for the others
    }
  }

  #answer(nonce: Uint8Array): void {
    if (this.#relayNonce) return
    const { proof, identity, hint, scope, sign, random } = this.#credentials
    this.#relayNonce = nonce.slice()
    const own = { nonce: random(LINK_NONCE_SIZE), identity, hint, scope, port: this.#port }
    const claimed = writeProofClaim(own)
    this.#mac = proof.peerMac(this.#relayNonce, claimed)
    const signature = sign(proof.statement(this.#relayNonce, claimed))
    this.outbox.push(writeProof(claimed, this.#mac, signature))
  }

  #onWelcome(record: Extract<LinkRecord, { type: 'welcome' }>): void {
    if (this.#terms || !this.#relayNonce || !this.#mac) return
    const mac = this.#credentials.proof.relayMac(this.#relayNonce, this.#mac, record.claimed)
    if (!sameMac(mac, record.mac)) {
      return this.#fail('the relay does not know the key of this realm', { denied: true })
    }
    const { port, groups } = record
    const datagramSize = Math.min(DATAGRAM_MAX, Math.max(DATAGRAM_MIN, record.datagramSize))
    const intervalMs = Math.min(INTERVAL_MAX_MS, Math.max(INTERVAL_MIN_MS, record.intervalMs))
    this.#terms = { port, groups, datagramSize, intervalMs }
    clearTimeout(this.#timer)
    this.#watch(intervalMs)
    this.#events.welcomed(this.#terms)
  }

  /** A relay that is gone without a word is silent for some of its own intervals. */
  #watch(intervalMs: number): void {
    let heard = this.#heard
    let silent = 0
    this.#timer = setInterval(() => {
      silent = heard === this.#heard ? silent + 1 : 0
      heard = this.#heard
      if (silent >= SILENT_INTERVALS) this.#fail('the relay has fallen silent')
    }, intervalMs)
  }

  #fail(reason: string, { denied = false } = {}): void {
    this.#fault ??= { reason, denied, leaving: false }
    this.#socket.terminate()
  }

  #onClose(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    const words = reason === '' ? `closed with ${code}` : `closed with ${code}: ${reason}`
    this.#events.ended(
      this.#fault ?? { reason: words, denied: isDenial(code), leaving: code === GOING_AWAY },
    )
  }
}

/** Every closing code of a relay that is about this peer and not about the moment. */
function isDenial(code: number): boolean {
  return code >= 4400 && code < 4408
}

/** `connect ECONNREFUSED ::1:9` says it; some errors have only a code. */
function wordsOf(error: Error): string {
  return error.message === '' ? systemCode(error) : error.message
}

/** Bytes that may wait for a slow network before datagrams are dropped: 0.2 s of the default rate. */
const BUFFER_SIZE = 1024 * 1024
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
