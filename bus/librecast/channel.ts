/** A Librecast channel: opens it, sends messages to it and hands on what comes. */
import { BusError } from '../api/errors.ts'
import type { Handler } from '../api/options.ts'
import { DatagramEncoder, decodeDatagram, type LibrecastFault, type Opened } from './datagram.ts'
import type { LibrecastOperation } from './frame.ts'
import { librecastGroup } from './group.ts'
import { Inbox } from './inbox.ts'
import { parseOptions, type ChannelSettings, type LibrecastOptions } from './options.ts'
import { findInterface, type Place } from './place.ts'
import { ChannelSockets } from './sockets.ts'

export interface LibrecastMessage extends Opened {
  /** The sender's address, with a zone when it is link-local. Anybody can forge it. */
  readonly from: string
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
  /** Datagrams that were not messages of this channel, by what was wrong. */
  readonly rejected: Readonly<Record<LibrecastFault, number>>
}

/** Iterate it, or give `openLibrecast` a handler. `break` ends the loop, `close` the channel. */
export interface LibrecastChannel extends AsyncIterable<LibrecastMessage>, AsyncDisposable {
  readonly name: string
  readonly group: string
  readonly port: number
  readonly interface: string
  /** Resolves when the system has it. Rejects with TOO_LARGE, OVERFLOW, NO_PATH or CLOSED. */
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
  readonly #sockets: ChannelSockets
  readonly #encoder: DatagramEncoder
  readonly #inbox: Inbox<LibrecastMessage>
  readonly #rejected = { unopened: 0, short: 0, operation: 0, length: 0 }
  readonly #ended = new AbortController()
  #closing: Promise<void> | undefined
  #handled = false
  #sent = 0
  #received = 0
  #failed = 0

  constructor(settings: ChannelSettings, place: Place) {
    this.name = settings.channel
    this.group = place.group
    this.port = place.port
    this.interface = place.interface.name
    this.#settings = settings
    this.#encoder = new DatagramEncoder(settings)
    const { queue, overflow } = settings
    this.#inbox = new Inbox({ messages: queue, size: QUEUE_SIZE, overflow })
    this.#sockets = new ChannelSockets(place, {
      message: (bytes, from) => this.#take(bytes, from),
      failed: (error) => void this.#end(error),
    })
  }

  async send(payload: Uint8Array, { operation }: LibrecastSendOptions = {}): Promise<void> {
    if (this.#closing) {
      throw new BusError('CLOSED', `channel '${this.name}' is closed: open it again`)
    }
    await this.#sockets.send(this.#encoder.encode(payload, operation))
    this.#sent += 1
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
    return this.#end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end()
  }

  [Symbol.asyncIterator](): AsyncIterator<LibrecastMessage, undefined> {
    if (this.#handled) throw new TypeError('the messages of this channel go to its handler')
    return {
      next: () => this.#inbox.next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    }
  }

  closeOn(signal: AbortSignal | undefined): void {
    signal?.addEventListener('abort', () => void this.#end(), { signal: this.#ended.signal })
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
    const opened = decodeDatagram(bytes, this.#settings)
    if (typeof opened === 'string') {
      this.#rejected[opened] += 1
      return
    }
    this.#received += 1
    if (this.#inbox.push({ ...opened, from }, bytes.length)) return
    const behind = `${this.#settings.queue} messages or ${QUEUE_SIZE} bytes`
    const mend = `read faster, raise 'queue' or choose another 'overflow'`
    void this.#end(
      new BusError('OVERFLOW', `reader of '${this.name}' is behind by ${behind}: ${mend}`),
    )
  }

  #end(failure?: BusError): Promise<void> {
    if (!this.#closing) {
      this.#ended.abort()
      this.#inbox.end(failure)
      this.#closing = this.#sockets.close()
    }
    return this.#closing
  }
}

/** Bytes that may wait for the reader: some 3,400 full datagrams of the default size. */
const QUEUE_SIZE = 4 * 1024 * 1024
