/** A Librecast channel: opens it, sends messages to it and hands on what comes. */
import type { RemoteInfo, Socket } from 'node:dgram'
import { getRandomValues } from 'node:crypto'
import { BusError } from '../api/errors.ts'
import type { Handler } from '../api/options.ts'
import {
  HEADER_SIZE,
  OPERATIONS,
  decodeFrame,
  encodeFrame,
  type FrameFault,
  type LibrecastHeader,
  type LibrecastOperation,
} from './frame.ts'
import { librecastGroup } from './group.ts'
import { Inbox } from './inbox.ts'
import { findInterface } from './interface.ts'
import { parseOptions, type ChannelSettings, type LibrecastOptions } from './options.ts'
import { SEAL_SIZE, openDatagram, sealDatagram } from './seal.ts'
import { closeSocket, openReceiver, openSender, sendTo, type Place } from './sockets.ts'

export interface LibrecastMessage {
  readonly payload: Uint8Array
  /** The sender's address, with a zone when it is link-local. Anybody can forge it. */
  readonly from: string
  /** Present on a framed channel. */
  readonly header: LibrecastHeader | undefined
}

export interface LibrecastStats {
  /** Messages that the system took. */
  readonly sent: number
  /** Messages that came and were well-formed. */
  readonly received: number
  /** Received messages that the overflow policy threw away. */
  readonly dropped: number
  /** Messages on which the handler threw. */
  readonly failed: number
  /** Datagrams that were dropped unread, by what was wrong. */
  readonly rejected: Readonly<Record<LibrecastFault, number>>
}

/** `unopened`: not sealed with the channel's key. The others: not a frame on a framed channel. */
export type LibrecastFault = FrameFault | 'unopened'

/** Iterate it, or give `openLibrecast` a handler. `break` ends the loop, `close` the channel. */
export interface LibrecastChannel extends AsyncIterable<LibrecastMessage>, AsyncDisposable {
  readonly name: string
  readonly group: string
  readonly port: number
  readonly interface: string
  /** Resolves when the system has the datagram. Rejects with TOO_LARGE, OVERFLOW, NO_PATH, CLOSED. */
  send(payload: Uint8Array, options?: LibrecastSendOptions): Promise<void>
  stats(): LibrecastStats
  /** Leaves the group. Messages that wait can still be read. */
  close(): Promise<void>
}

export interface LibrecastSendOptions {
  /** Only on a framed channel. Default: 'data'. */
  readonly operation?: LibrecastOperation
}

/**
 * Opens a channel that Librecast programs share. Without a key everybody on the network reads and
 * writes it. Rejects with INVALID_OPTION, INVALID_KEY, NO_INTERFACE, PORT_IN_USE, DENIED or NO_PATH
 * as a BusError, or with the signal's reason.
 */
export async function openLibrecast(
  options: LibrecastOptions,
  handler?: Handler<LibrecastMessage>,
): Promise<LibrecastChannel> {
  const settings = parseOptions(options)
  const { signal, log } = options
  signal?.throwIfAborted()
  const channel = new Channel(settings, {
    group: librecastGroup(settings.channel, settings.hash),
    port: settings.port,
    hops: settings.hops,
    loopback: settings.loopback,
    interface: findInterface(settings.interface),
  })
  await channel.open()
  if (signal?.aborted) await channel.close()
  signal?.throwIfAborted()
  if (!settings.key) {
    log?.warn(
      { channel: channel.name, group: channel.group, interface: channel.interface },
      'Librecast channel is unsealed: everybody on the network can read and write it',
    )
  }
  channel.closeOn(signal)
  if (handler) void channel.handle(handler, log)
  return channel
}

class Channel implements LibrecastChannel {
  readonly name: string
  readonly group: string
  readonly port: number
  readonly interface: string

  readonly #settings: ChannelSettings
  readonly #place: Place
  readonly #inbox: Inbox<LibrecastMessage>
  readonly #rejected = { unopened: 0, short: 0, operation: 0, length: 0 }
  readonly #ended = new AbortController()
  #sockets: Socket[] = []
  #sender: Socket | undefined
  #closing: Promise<void> | undefined
  #handled = false
  #sequence = 0n
  #pendingSize = 0
  #sent = 0
  #received = 0
  #failed = 0

  constructor(settings: ChannelSettings, place: Place) {
    this.name = settings.channel
    this.group = place.group
    this.port = place.port
    this.interface = place.interface.name
    this.#settings = settings
    this.#place = place
    const { queue, overflow } = settings
    this.#inbox = new Inbox({ messages: queue, size: QUEUE_SIZE, overflow })
  }

  async open(): Promise<void> {
    const listener = {
      message: (bytes: Uint8Array, from: RemoteInfo) => this.#take(bytes, from.address),
      failed: (error: BusError) => this.#end(error),
    }
    const sender = await openSender(this.#place, listener)
    this.#sockets.push(sender)
    try {
      this.#sockets.push(await openReceiver(this.#place, listener))
    } catch (error) {
      await this.close()
      throw error
    }
    this.#sender = sender
  }

  async send(payload: Uint8Array, options: LibrecastSendOptions = {}): Promise<void> {
    const sender = this.#sender
    if (!sender || this.#closing) {
      throw new BusError('CLOSED', `channel '${this.name}' is closed: open it again`)
    }
    const datagram = this.#encode(payload, options)
    if (this.#pendingSize + datagram.length > PENDING_SIZE) {
      throw new BusError('OVERFLOW', `${PENDING_SIZE} bytes wait to be sent: await each send`)
    }
    this.#pendingSize += datagram.length
    try {
      await sendTo(sender, this.#place, datagram)
      this.#sent += 1
    } finally {
      this.#pendingSize -= datagram.length
    }
  }

  stats(): LibrecastStats {
    return {
      sent: this.#sent,
      received: this.#received,
      dropped: this.#inbox.dropped,
      failed: this.#failed,
      rejected: { ...this.#rejected },
    }
  }

  close(): Promise<void> {
    this.#end()
    return this.#closing ?? Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<LibrecastMessage, undefined> {
    if (this.#handled) throw new TypeError('the messages of this channel go to its handler')
    return {
      next: () => this.#inbox.next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    }
  }

  closeOn(signal: AbortSignal | undefined): void {
    signal?.addEventListener('abort', () => this.#end(), { signal: this.#ended.signal })
  }

  /** One message at a time, so that the queue bounds a slow handler too. */
  async handle(handler: Handler<LibrecastMessage>, log: LibrecastOptions['log']): Promise<void> {
    this.#handled = true
    try {
      for (let next = await this.#inbox.next(); !next.done; next = await this.#inbox.next()) {
        await this.#handleOne(() => handler(next.value), log)
      }
    } catch (error) {
      log?.error({ err: error, channel: this.name }, 'Librecast channel has failed and is closed')
    }
  }

  async #handleOne(task: () => void | Promise<void>, log: LibrecastOptions['log']): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.#failed += 1
      log?.error({ err: error, channel: this.name }, 'handler of a Librecast channel has thrown')
    }
  }

  #take(bytes: Uint8Array, from: string): void {
    const message = this.#decode(bytes)
    if (typeof message === 'string') {
      this.#rejected[message] += 1
      return
    }
    this.#received += 1
    if (!this.#inbox.push({ ...message, from }, bytes.length)) {
      const { queue } = this.#settings
      this.#end(
        new BusError(
          'OVERFLOW',
          `reader of '${this.name}' is behind by ${queue} messages or 4 MiB`,
        ),
      )
    }
  }

  #decode(bytes: Uint8Array): Omit<LibrecastMessage, 'from'> | LibrecastFault {
    const { key, framed } = this.#settings
    const plain = key ? openDatagram(bytes, key) : bytes
    if (!plain) return 'unopened'
    return framed ? decodeFrame(plain) : { header: undefined, payload: plain }
  }

  /** Copies the payload, so that the caller may change it as soon as `send` has returned. */
  #encode(payload: Uint8Array, { operation }: LibrecastSendOptions): Uint8Array {
    const { framed, key, datagramSize } = this.#settings
    if (!(payload instanceof Uint8Array)) {
      throw new BusError('INVALID_VALUE', `payload is ${typeof payload}: give a Uint8Array`)
    }
    if (operation !== undefined && !(framed && OPERATIONS.includes(operation))) {
      const mend = framed ? `use one of ${OPERATIONS.join(', ')}` : `open it with 'framed: true'`
      throw new BusError('INVALID_OPTION', `operation '${operation}' cannot be sent: ${mend}`)
    }
    const room = datagramSize - (framed ? HEADER_SIZE : 0) - (key ? SEAL_SIZE : 0)
    if (payload.length > room) {
      throw new BusError(
        'TOO_LARGE',
        `payload of ${payload.length} bytes: at most ${room}, or raise 'datagramSize'`,
      )
    }
    const plain = framed ? this.#frame(payload, operation ?? 'data') : Uint8Array.from(payload)
    return key ? sealDatagram(plain, key) : plain
  }

  #frame(payload: Uint8Array, operation: LibrecastOperation): Uint8Array {
    this.#sequence += 1n
    const timestamp = BigInt(Date.now()) * 1_000_000n
    const random = getRandomValues(new BigUint64Array(1))[0] ?? 0n
    return encodeFrame({
      header: { timestamp, sequence: this.#sequence, random, operation },
      payload,
    })
  }

  #end(failure?: BusError): void {
    if (this.#closing) return
    this.#ended.abort()
    this.#inbox.end(failure)
    this.#closing = Promise.all(this.#sockets.map(closeSocket)).then(() => undefined)
  }
}

/** Bytes that may wait for the reader: some 3,400 full datagrams of the default size. */
const QUEUE_SIZE = 4 * 1024 * 1024
/** Bytes handed to the system and not yet taken by it. */
const PENDING_SIZE = 4 * 1024 * 1024
