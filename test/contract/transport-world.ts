/** The transports of one contract test, what they have heard, and groups that nobody else uses. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../../bus/core/output.ts'
import { splitDatagram } from '../../bus/core/wire/packet.ts'
import type { Transport, TransportEvent } from '../../bus/io/transport.ts'

/** One kind of transport; the transports it makes reach each other. */
export interface TransportKind {
  readonly name: string
  create(): Transport
  /** What a datagram opens with, by its size; one kind carries nothing but packets. */
  readonly head?: (size: number) => Uint8Array
  /** Where a transport reaches itself; of a kind whose joins take effect some time later. */
  readonly self?: (transport: Transport) => Endpoint
}

/** The transports of one test. */
export class World implements AsyncDisposable {
  readonly #kind: TransportKind
  readonly #peers: Listening[] = []
  /** Tells the datagrams of this test from whatever else is on the host. */
  readonly #token = randomBytes(8)

  constructor(kind: TransportKind) {
    this.#kind = kind
  }

  async peer(transport: Transport = this.#kind.create()): Promise<Listening> {
    const peer = new Listening(transport, { token: this.#token, at: this.#headSize })
    this.#peers.push(peer)
    await transport.open(peer)
    return peer
  }

  datagram(number: number, size: number = this.#headSize + 12): Uint8Array {
    const bytes = new Uint8Array(size)
    bytes.set(this.#kind.head?.(size) ?? [])
    bytes.set(this.#token, this.#headSize)
    new DataView(bytes.buffer).setUint32(this.#headSize + 8, number)
    return bytes
  }

  /** Resolves when what has been joined is heard. */
  async joined(): Promise<void> {
    const { self } = this.#kind
    if (!self) return
    await Promise.all(
      this.#peers.map(async (peer) => {
        // What a peer says to itself comes back behind its joins.
        const back = peer.probed()
        peer.transport.send(self(peer.transport), this.datagram(PROBE))
        await back
      }),
    )
  }

  get #headSize(): number {
    return this.#kind.head?.(0).length ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map(({ transport }) => transport.close()))
  }
}

/** A transport and everything it has heard. */
export class Listening {
  readonly transport: Transport
  readonly heard: { readonly bytes: Uint8Array; readonly from: Endpoint }[] = []
  readonly events: TransportEvent[] = []
  readonly #token: Uint8Array
  /** Where the token is in a datagram; the number follows. */
  readonly #at: number
  #probed = (): void => undefined

  constructor(transport: Transport, { token, at }: { token: Uint8Array; at: number }) {
    this.transport = transport
    this.#token = token
    this.#at = at
  }

  datagram(bytes: Uint8Array, from: Endpoint): void {
    // Where packets go, several may come in one datagram.
    if (this.#at === 0) return this.#take(bytes, from)
    splitDatagram(bytes, (packet) => this.#take(packet, from))
  }

  #take(bytes: Uint8Array, from: Endpoint): void {
    const token = bytes.subarray(this.#at, this.#at + 8)
    if (Buffer.compare(token, this.#token) !== 0) return
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(this.#at + 8)
    if (number === PROBE) this.#probed()
    else this.heard.push({ bytes, from })
  }

  probed(): Promise<void> {
    return new Promise((resolve) => (this.#probed = resolve))
  }

  event(event: TransportEvent): void {
    // A small receive buffer is the machine's, and the bursts here are small; a way that is
    // missing is of the test.
    if (event.type !== 'warning' || !EXPECTED.test(event.message)) this.events.push(event)
  }

  warnings(): TransportEvent[] {
    return this.events.filter((event) => event.type === 'warning')
  }

  numbers(): number[] {
    return this.heard.map(({ bytes }) =>
      new DataView(bytes.buffer, bytes.byteOffset).getUint32(this.#at + 8),
    )
  }

  async hears(numbers: readonly number[]): Promise<void> {
    await this.hearsCount(numbers.length)
    assert.deepEqual(this.numbers(), numbers)
  }

  /** Waits for one datagram, whatever else is heard, and tells who sent it. */
  async gets(number: number): Promise<Endpoint> {
    const giveUpAt = performance.now() + patienceMs
    while (!this.numbers().includes(number) && performance.now() < giveUpAt) await sleep(1)
    const one = this.heard[this.numbers().indexOf(number)]
    if (one === undefined) throw new Error(`datagram ${number} was not heard`)
    return one.from
  }

  async hearsCount(count: number): Promise<void> {
    const giveUpAt = performance.now() + patienceMs
    while (this.heard.length < count && performance.now() < giveUpAt) await sleep(1)
    assert.ok(this.heard.length >= count, `heard ${this.heard.length} of ${count} datagrams`)
  }
}

/** Interface-local, with 112 random bits and the bit that marks a group of no registry. */
export function randomGroup(): string {
  const bytes = randomBytes(14)
  bytes[10] = (bytes[10] ?? 0) | 0x80
  const words = bytes.toString('hex').match(/.{4}/g) ?? []
  return `ff11:${words.map((word) => Number.parseInt(word, 16).toString(16)).join(':')}`
}

/** How many sockets keep this process alive. */
export function sockets(): number {
  const kinds = new Set(['UDPWrap', 'TCPSocketWrap'])
  return process.getActiveResourcesInfo().filter((kind) => kinds.has(kind)).length
}

/** Datagrams on their way at once: they fit into the smallest receive buffer in use. */
export const window = 50
const EXPECTED = /rmem_max|no multicast, so the relay alone/
const PROBE = 0xffffffff
const patienceMs = 5_000
/** Long enough for a datagram that should not come. */
export const quietMs = 30
