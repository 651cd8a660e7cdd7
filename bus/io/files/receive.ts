/** Receives files into a folder: answers the offers of all senders and gives out what is whole. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { FileHost } from '../../api/file-work.ts'
import type { ReceivedFile, ReceiveFilesOptions, Receiving } from '../../api/file-options.ts'
import { BusError } from '../../api/errors.ts'
import { asError } from '../../api/thrown.ts'
import type { Message, PeerId, Subscription } from '../../api/options.ts'
import { Pull } from '../../api/pull.ts'
import { Ring } from '../../core/ring.ts'
import { fileError } from './faults.ts'
import { Hold, takenOver } from './hold.ts'
import { Incoming, type Outcome } from './incoming.ts'
import { type Chunk, type End, type Offer, REPLIES, spoken } from './wire.ts'

export class LiveReceiving implements Receiving {
  readonly pattern: string
  readonly #host: FileHost
  readonly #directory: string
  readonly #options: ReceiveFilesOptions
  readonly #subscription: Subscription<Message>
  readonly #incoming = new Map<string, Incoming>()
  readonly #files = new Ring<ReceivedFile>()
  readonly #pull: Pull<ReceivedFile>
  readonly #stop = new AbortController()
  readonly #toldAt = new Map<string, number>()
  readonly #running: Promise<void>
  #turn: Promise<void> = Promise.resolve()
  #refused = 0
  #hold: Hold | undefined
  /** Somebody else has taken the folder. */
  #lost = false
  #closing: Promise<void> | undefined

  constructor(
    host: FileHost,
    where: { readonly pattern: string; readonly directory: string },
    options: ReceiveFilesOptions,
  ) {
    this.pattern = where.pattern
    this.#host = host
    this.#directory = resolve(where.directory)
    this.#options = options
    this.#subscription = host.bus.subscribe(where.pattern, { queue: QUEUE })
    this.#pull = new Pull({ take: () => this.#files.shift(), drop: () => void this.close() })
    options.signal?.addEventListener('abort', this.#abort, { once: true })
    this.#running = this.#run().then(
      () => this.#pull.end(),
      (error: unknown) => this.#pull.end(error),
    )
    if (options.signal?.aborted) this.#abort()
  }

  get refused(): number {
    return this.#refused
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#files.clear()
    return this.close()
  }

  /** `break` waits until this one has let go of the folder. */
  [Symbol.asyncIterator](): AsyncIterator<ReceivedFile, undefined> {
    return {
      next: () => this.#pull.next(),
      return: async () => {
        await this.#pull.return()
        await this.close()
        return { done: true, value: undefined }
      },
    }
  }

  readonly #abort = (): void => {
    this.#files.clear()
    this.#pull.end(this.#options.signal?.reason)
    void this.close()
  }

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#hold?.leaves(this.#running)
    await this.#subscription[Symbol.asyncDispose]()
    await this.#running
  }

  async #run(): Promise<void> {
    const watching = this.#watch()
    try {
      this.#hold = await this.#take()
      for await (const { value, topic, from } of this.#subscription) {
        const said = spoken(value)
        if (said) await this.#inTurn(() => this.#on(said, { topic, from }))
      }
      if (this.#lost) throw takenOver(this.#directory)
    } finally {
      this.#stop.abort()
      await watching
      await Promise.all([...this.#incoming.values()].map((one) => one.close()))
      await this.#hold?.release()
      await this.#subscription[Symbol.asyncDispose]()
    }
  }

  /** The folder for this one alone. Rejects with NO_FILE, DENIED, NO_SPACE or EXISTS. */
  async #take(): Promise<Hold> {
    await assertFolder(this.#directory)
    const lost = (): void => {
      this.#lost = true
      void this.#subscription[Symbol.asyncDispose]()
    }
    return Hold.take(this.#directory, lost).catch((error: unknown) => {
      throw fileError(error, `nothing can be received into ${this.#directory}`)
    })
  }

  /** One after the other: nothing is closed while it is written to. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  #on(said: Offer | End | Chunk, by: { topic: string; from: PeerId }): Promise<void> {
    switch (said.type) {
      case 'file-chunk':
        return this.#onChunk(said, by.from)
      case 'file-offer':
        return this.#onOffer(said, by)
      case 'file-end':
        return this.#onEnd(said, by.from)
    }
  }

  async #onOffer(offer: Offer, by: { topic: string; from: PeerId }): Promise<void> {
    const incoming = this.#incoming.get(offer.file) ?? (await this.#begin(offer, by))
    if (!incoming || incoming.announced.size !== offer.size) return
    incoming.marks.set(by.from, offer.mark)
    incoming.offered(offer)
    this.#answer(incoming, by.from)
  }

  async #begin(offer: Offer, by: { topic: string; from: PeerId }): Promise<Incoming | undefined> {
    if (this.#incoming.size >= FILES_MAX) return undefined
    const { file, name, size } = offer
    const { overwrite = false, sizeMax = FILE_SIZE_MAX } = this.#options
    const rules = { directory: this.#directory, overwrite, sizeMax }
    const incoming: Incoming = new Incoming(
      { announced: { file, name, size }, topic: by.topic },
      rules,
      (outcome) => this.#ended(incoming, by.from, outcome),
    )
    this.#incoming.set(file, incoming)
    await incoming.begin()
    return incoming
  }

  async #onChunk(chunk: Chunk, from: PeerId): Promise<void> {
    const incoming = this.#incoming.get(chunk.file)
    if (!incoming?.marks.has(from)) return
    await incoming.take(chunk)
    this.#progress(incoming, from, PROGRESS_MS)
  }

  async #onEnd({ file, spoilt }: End, from: PeerId): Promise<void> {
    const incoming = this.#incoming.get(file)
    if (!incoming?.marks.delete(from) || incoming.marks.size > 0) return
    this.#incoming.delete(file)
    await incoming.abandon(spoilt)
  }

  /** Senders that leave without a word. */
  async #watch(): Promise<void> {
    const { signal } = this.#stop
    try {
      for await (const { type, peer } of this.#host.bus.presence.watch({ signal })) {
        if (type !== 'leave') continue
        for (const file of this.#incoming.keys()) {
          const end: End = { type: 'file-end', file, spoilt: false }
          await this.#inTurn(() => this.#onEnd(end, peer.id))
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  #ended(incoming: Incoming, from: PeerId, outcome: Outcome): void {
    const { topic, announced } = incoming
    const { name, size } = announced
    if (outcome.type === 'refused') {
      this.#refused += 1
      const { error } = outcome
      const { refused } = this.#options
      if (refused) this.#call(() => refused({ name, topic, from, error }))
      else this.#host.error(error)
    } else {
      const { path, hash, taken } = outcome
      this.#progress(incoming, from, 0)
      const file = { name, path, topic, from, size, hash, taken }
      if (!this.#pull.offer(file)) this.#files.push(file)
      if (this.#files.size > FILES_WAITING_MAX) this.#files.shift()
    }
    this.#toldAt.delete(announced.file)
    for (const sender of incoming.marks.keys()) this.#answer(incoming, sender)
  }

  #answer(incoming: Incoming, to: PeerId): void {
    try {
      this.#host.bus.publish(REPLIES, JSON.stringify(incoming.status(to)))
    } catch (error) {
      // The next offer is answered, too; and a closed bus ends the subscription.
      if (!(error instanceof BusError)) throw error
    }
  }

  #progress(incoming: Incoming, from: PeerId, waitMs: number): void {
    const { progress } = this.#options
    const { file, name, size } = incoming.announced
    const now = performance.now()
    if (!progress || now < (this.#toldAt.get(file) ?? -Infinity) + waitMs) return
    this.#toldAt.set(file, now)
    const { topic, has } = incoming
    this.#call(() => progress({ name, topic, from, size, has }))
  }

  /** What the program's own functions throw is told as that of a handler is. */
  #call(own: () => void): void {
    try {
      own()
    } catch (error) {
      this.#host.error(asError(error))
    }
  }
}

/** Rejects with NO_FILE or DENIED. */
async function assertFolder(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) throw new BusError('NO_FILE', `${path} is no folder`)
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw fileError(error, `nothing can be received into ${path}`)
  }
}

/** Chunks that wait for the disk: 8 MiB. */
const QUEUE = 256
/** Files under way, or settled while their sender still sends. */
const FILES_MAX = 256
/** Names of files that nobody has asked for. */
const FILES_WAITING_MAX = 4096
/** Largest file taken by default: 16 GiB. */
const FILE_SIZE_MAX = 16 * 1024 ** 3
const PROGRESS_MS = 100
