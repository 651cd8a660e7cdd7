/**
 * Sends a file to all receivers at once.
 *
 * Offers go out again and again; each asks every receiver for its status: what it has, what it
 * lacks. What any of them lacks is sent once, to all. A chunk that a receiver has lost for good
 * shows in its next status and goes out anew. It ends when each receiver has confirmed the hash,
 * has refused, or has gone.
 */
import type { SendFileOptions, SendReport } from '../../api/file-options.ts'
import { orAborted } from '../../api/abort.ts'
import { BusError } from '../../api/errors.ts'
import type { Bus, PeerId } from '../../api/options.ts'
import { Audience } from './audience.ts'
import { Flight } from './flight.ts'
import { nameFault } from './names.ts'
import { News } from './news.ts'
import { Source } from './source.ts'
import {
  answered,
  CHUNK_SIZE,
  chunkOf,
  type End,
  type Offer,
  REPLIES,
  type Status,
} from './wire.ts'

/** Rejects with NO_FILE, UNSAFE_NAME, TIMEOUT, CHANGED, DENIED, CLOSED, or the signal's reason. */
export async function sendFile(
  bus: Bus,
  given: { readonly topic: string; readonly path: string },
  options: SendFileOptions,
): Promise<SendReport> {
  options.signal?.throwIfAborted()
  const source = await Source.open(given.path, options.name)
  try {
    const fault = nameFault(source.name)
    if (fault !== undefined) {
      throw new BusError(
        'UNSAFE_NAME',
        `${fault}, and no receiver would take it: give another name`,
      )
    }
    return await new Sending(bus, { topic: given.topic, source, options }).run()
  } finally {
    await source.close()
  }
}

class Sending {
  readonly #bus: Bus
  readonly #topic: string
  readonly #source: Source
  readonly #options: SendFileOptions
  readonly #audience = new Audience()
  readonly #flight = new Flight()
  readonly #news = new News()
  readonly #stop = new AbortController()
  #mark = 0
  #markedAt = -Infinity
  #heardAt = performance.now()
  #toldAt = -Infinity
  #sent = 0
  /** Bytes behind the last flush, which is waited for before the next. */
  #unflushed = 0
  #flushed: Promise<void> = Promise.resolve()
  /** Subscribers of the topic, and when one was last added. */
  #matched = 0
  #matchedAt = performance.now()
  /** Enough receivers are here: the file is being sent. */
  #started = false

  constructor(
    bus: Bus,
    given: { readonly topic: string; readonly source: Source; readonly options: SendFileOptions },
  ) {
    this.#bus = bus
    this.#topic = given.topic
    this.#source = given.source
    this.#options = given.options
  }

  async run(): Promise<SendReport> {
    const { signal } = this.#options
    const wake = (): void => this.#news.tell()
    signal?.addEventListener('abort', wake, { once: true })
    const replies = this.#bus.subscribe<unknown>(
      REPLIES,
      ({ value, from }) => this.#hear(value, from),
      { queue: REPLIES_MAX },
    )
    const watching = this.#watch()
    let spoilt = false
    try {
      await this.#loop()
      this.#tell(0)
      return this.#report()
    } catch (error) {
      spoilt = error instanceof BusError && error.code === 'CHANGED'
      throw error
    } finally {
      signal?.removeEventListener('abort', wake)
      this.#stop.abort()
      await watching
      await replies.close()
      this.#end(spoilt)
    }
  }

  async #loop(): Promise<void> {
    for (;;) {
      this.#options.signal?.throwIfAborted()
      if (performance.now() >= this.#markedAt + MARK_MS) await this.#offer()
      this.#started ||= this.#complete
      if (this.#started && (await this.#step())) {
        this.#heardAt = performance.now()
        continue
      }
      if (this.#started && this.#over && !(await this.#grown())) return
      this.#assertInTime()
      if (this.#overdue) return
      await this.#news.wait(WAIT_MS)
    }
  }

  /** Sends or hashes one piece; false when there is nothing to do but wait. */
  async #step(): Promise<boolean> {
    const piece = this.#flight.next(CHUNK_SIZE)
    if (piece) {
      const bytes = await this.#source.read(piece.from, piece.to - piece.from)
      await this.#publish(chunkOf(this.#source.id, piece.from, bytes))
      this.#sent += bytes.length
      this.#tell()
      await this.#pace(bytes.length)
      return true
    }
    const { hashed, size } = this.#source
    if (hashed === size) return false
    await this.#source.read(hashed, Math.min(CHUNK_SIZE, size - hashed))
    this.#tell()
    if (this.#source.hashed === size) await this.#offer()
    return true
  }

  /** Enough have answered, and those who will have had the time to. */
  get #complete(): boolean {
    const { count = 1 } = this.#options
    return this.#audience.size >= count && this.#nobodySilent
  }

  /** Nobody is waited for any more. */
  get #over(): boolean {
    if (this.#source.hash === undefined || !this.#nobodySilent) return false
    return this.#audience.settled === this.#audience.size
  }

  /** Subscribers that say nothing receive no files: they are waited for only for a moment. */
  get #nobodySilent(): boolean {
    if (this.#audience.size >= this.#matched) return true
    return performance.now() >= this.#matchedAt + SILENT_MS
  }

  get #overdue(): boolean {
    return performance.now() >= this.#heardAt + (this.#options.timeout ?? Infinity)
  }

  #assertInTime(): void {
    if (this.#started || !this.#overdue) return
    const { count = 1, timeout } = this.#options
    const found = `${this.#audience.size} of ${count} receivers of "${this.#topic}" have come`
    const mend = 'are they running, in this realm and scope, with the same key?'
    throw new BusError('TIMEOUT', `${found}, and none within ${timeout} ms: ${mend}`)
  }

  async #offer(): Promise<void> {
    await this.#source.assertUnchanged()
    const { id: file, name, size, hash } = this.#source
    this.#mark += 1
    const offer: Offer = {
      type: 'file-offer',
      file,
      name,
      size,
      mark: this.#mark,
      ...(hash !== undefined && { hash }),
    }
    this.#markedAt = performance.now()
    await this.#grown()
    this.#flight.mark(this.#mark)
    await this.#publish(JSON.stringify(offer))
  }

  /** Whether there are more subscribers than before. */
  async #grown(): Promise<boolean> {
    const matched = await this.#bus.matched(this.#topic, { count: 0 })
    const more = matched > this.#matched
    if (more) this.#matchedAt = performance.now()
    this.#matched = matched
    return more
  }

  /** Keeps what waits in the bus small, so that offers and answers are not old when they arrive. */
  async #pace(size: number): Promise<void> {
    this.#unflushed += size
    if (this.#unflushed < WINDOW_SIZE) return
    this.#unflushed = 0
    await orAborted(this.#flushed, this.#options.signal)
    this.#flushed = this.#bus.flush().catch(() => undefined)
  }

  async #publish(value: string | Uint8Array): Promise<void> {
    for (;;) {
      await orAborted(this.#bus.ready, this.#options.signal)
      try {
        return this.#bus.publish(this.#topic, value)
      } catch (error) {
        // Other publishers of this bus may have been faster.
        if (!(error instanceof BusError) || error.code !== 'OVERFLOW') throw error
        await this.#news.wait(CROWDED_MS)
      }
    }
  }

  #hear(value: unknown, from: PeerId): void {
    const status = answered(value)
    if (!status || status.to !== this.#bus.id || status.file !== this.#source.id) return
    const name = this.#bus.presence.get(from)?.name ?? from
    const news = this.#audience.hear(this.#plausible(status), from, name)
    // Reading a large file back takes its time, in which nothing else changes.
    if (news || status.state === 'checking') this.#heardAt = performance.now()
    if (news) this.#tell()
    this.#flight.want(status.mark, status.lacks, this.#source.size)
    this.#news.tell()
  }

  /** Nobody is done before there is a hash to compare with. */
  #plausible(status: Status): Status {
    const early = status.state === 'done' && this.#source.hash === undefined
    return early ? { ...status, state: 'checking' } : status
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop
    try {
      for await (const { type, peer } of this.#bus.presence.watch({ signal })) {
        if (type === 'leave' && this.#audience.left(peer.id)) this.#news.tell()
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  #end(spoilt: boolean): void {
    const end: End = { type: 'file-end', file: this.#source.id, spoilt }
    try {
      this.#bus.publish(this.#topic, JSON.stringify(end))
    } catch {
      // The bus is closed: receivers see that this peer leaves.
    }
  }

  #tell(waitMs: number = TELL_MS): void {
    const { progress } = this.#options
    const now = performance.now()
    if (!progress || now < this.#toldAt + waitMs) return
    this.#toldAt = now
    const { name, size, hashed } = this.#source
    const { size: receivers, confirmed } = this.#audience
    progress({ name, size, read: hashed, sent: this.#sent, receivers, confirmed })
  }

  #report(): SendReport {
    const { name, size, hash = '' } = this.#source
    const [confirmed, unconfirmed] = [
      this.#audience.list('confirmed'),
      this.#audience.list('unconfirmed'),
    ]
    return { name, size, hash, sent: this.#sent, confirmed, unconfirmed }
  }
}

/** How often receivers are asked for their status. */
const MARK_MS = 500
const WAIT_MS = 100
/** Bytes of the file that wait in the bus at most: two of these. */
const WINDOW_SIZE = 128 * 1024
const CROWDED_MS = 10
/** How long subscribers may take to answer before they count as mere listeners. */
const SILENT_MS = 2000
/** Time between two calls of `progress`. */
const TELL_MS = 100
/** Answers that wait at most; what is lost comes again. */
const REPLIES_MAX = 4096
