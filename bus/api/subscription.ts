/** One subscription: decodes, checks, queues; iterated or handled by the program. */
import type { Past } from '../core/peer/subscribing/attacher.ts'
import type { Output } from '../core/output.ts'
import { hex64 } from '../core/text.ts'
import { paramsOf, type Pattern } from '../core/topic/pattern.ts'
import { decodeValue } from './codec.ts'
import { BusError } from './errors.ts'
import { asError } from './thrown.ts'
import type {
  BusEvent,
  Gap,
  Handler,
  History,
  Live,
  Message,
  Params,
  PayloadCodec,
  PeerId,
  SubscribeOptions,
  Subscription,
} from './options.ts'
import type { Budget } from '../core/stream/reorder.ts'
import { MESSAGE_SIZE, MessageQueue } from './queue.ts'
import { type Validation, validate } from './schema.ts'
import { Sharing, type SharingHost } from './sharing.ts'

export type Delivered = Extract<Output, { readonly type: 'deliver' }>
export type Lost = Extract<Output, { readonly type: 'gap' }>

/** What a subscription needs of its bus. */
export interface SubscriptionHost extends SharingHost {
  readonly codec: PayloadCodec | undefined
  /** Bytes that wait for the consumers of all subscriptions. */
  readonly budget: Budget
  event(event: BusEvent): void
  /** Messages were dropped by the queue. */
  dropped(gap: Gap): void
  /** The driver's clock, ms. */
  now(): number
  /** The program is behind, or is so no more: who waits for it waits. */
  press(behind: boolean): void
  /** The subscription takes no more. */
  ended(): void
}

export class LiveSubscription implements Subscription<Message | Gap | Live> {
  readonly pattern: string
  readonly #pattern: Pattern
  readonly #options: SubscribeOptions<unknown>
  readonly #host: SubscriptionHost
  readonly #queue: MessageQueue<Message>
  readonly #limit: number
  readonly #sharing: Sharing | undefined
  readonly #params = new Map<string, Params<string>>()
  /** Of the topic of the last message, which the next ones mostly have. */
  #lastTopic = ''
  #lastParams: Params<string> = {}
  /** Asynchronous validations under way: later messages wait behind them. */
  #checking: Promise<void> | undefined
  #checks = 0
  /** Whom the last message came from: the next ones mostly do, too. */
  #instance = 0n
  #from = peerId(0n)
  /** Its queue has filled, and has not emptied. */
  #pressed = false
  #handled: Promise<void> | undefined

  constructor(pattern: Pattern, options: SubscribeOptions<unknown>, host: SubscriptionHost) {
    this.pattern = pattern.text
    this.#pattern = pattern
    this.#options = options
    this.#host = host
    this.#sharing = options.share === undefined ? undefined : new Sharing(host)
    this.#limit = options.queue ?? (this.#sharing ? SHARED_QUEUE_LIMIT : QUEUE_LIMIT)
    this.#queue = new MessageQueue<Message>({
      limit: this.#limit,
      budget: host.budget,
      overflow: options.overflow ?? 'drop-oldest',
      gaps: options.gaps ?? false,
      now: () => host.now(),
      onTake: () => this.#taken(),
      onDrop: (gaps) => {
        for (const gap of gaps) this.#dropped(gap)
      },
      onLost: (message) => this.#sharing?.finish(message),
      onStop: () => this.#stop(),
    })
    options.signal?.addEventListener('abort', this.#abort, { once: true })
    if (options.signal?.aborted) this.#abort()
  }

  get dropped(): number {
    return this.#queue.dropped
  }

  get queued(): number {
    return this.#queue.queued
  }

  deliver(delivered: Delivered): void {
    const { codec, payload } = delivered
    const decoded = decodeValue(codec, payload, this.#host.codec)
    if ('issues' in decoded) return this.#invalid(delivered, decoded.issues)
    const { schema } = this.#options
    const checked = schema ? validate(schema, decoded.value) : decoded
    if (checked instanceof Promise || this.#checking) return this.#wait(delivered, checked)
    this.#take(delivered, checked)
  }

  gap(lost: Lost): void {
    const { topic, from: publisher } = lost.stream
    const { from, to, cause } = lost
    const gap = { topic, publisher: peerId(publisher), from, to, count: to - from + 1, cause }
    const mark = (): void => this.#queue.mark({ type: 'gap', ...gap })
    if (this.#checking) this.#checking = this.#checking.then(mark)
    else mark()
  }

  /** Everything that was there before has been given to it. */
  live(): void {
    const mark = (): void => this.#queue.live()
    if (this.#checking) this.#checking = this.#checking.then(mark)
    else mark()
  }

  /** Gives every item to the handler, one after the other. */
  handle(handler: Handler<Message>): void {
    const onError = (error: unknown): void =>
      this.#host.event({ type: 'error', error: asError(error) })
    const sharing = this.#sharing
    const work = sharing ? (one: Message) => sharing.work(one, handler) : handler
    this.#handled = this.#queue
      .consume((item) => (item.type === 'message' ? work(item) : undefined), onError)
      .catch((error: unknown) => {
        // The program's own abort is no news to it.
        if (!this.#options.signal?.aborted) onError(error)
      })
  }

  /** Nothing comes any more: iterating rejects with the reason, behind what has come. */
  fail(reason: Error): void {
    this.#queue.close(reason)
  }

  /** Whether it shares the messages with others. */
  get shares(): boolean {
    return this.#sharing !== undefined
  }

  async close(): Promise<void> {
    // What is given back is done by others, as what a bus that closes would be.
    if (this.#sharing) this.#queue.cancel()
    else this.#queue.close()
    await this.#handled
  }

  [Symbol.asyncDispose](): Promise<void> {
    // A handler gets what waits; an iterator's consumer has left the scope.
    if (!this.#handled) this.#queue.cancel()
    return this.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<Message | Gap | Live> {
    if (this.#handled) {
      throw new BusError('INVALID_OPTION', `"${this.pattern}" has a handler: it cannot be iterated`)
    }
    const items = this.#queue[Symbol.asyncIterator]()
    return this.#sharing?.iterate(items) ?? items
  }

  readonly #abort = (): void => this.#queue.cancel(this.#options.signal?.reason)

  #stop(): void {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    // What is at work is said to be done before the seats are given up.
    if (this.#sharing && this.#handled) void this.#handled.then(() => this.#host.ended())
    else this.#host.ended()
  }

  #take(delivered: Delivered, checked: Validation<unknown>): void {
    if ('issues' in checked) return this.#invalid(delivered, checked.issues)
    const { stream, index, sentAt, payload, expiresAt } = delivered
    const first: Message = {
      type: 'message',
      topic: stream.topic,
      params: this.#paramsOf(stream.topic),
      from: this.#nameOf(stream.from),
      sequence: index,
      sentAt,
      value: checked.value,
    }
    const message = delivered.again ? { ...first, again: true } : first
    this.#sharing?.note(message, delivered)
    this.#queue.push(message, payload.length, expiresAt)
    if (this.#pressed || this.#queue.queued + this.#checks <= this.#limit / 4) return
    this.#pressed = true
    this.#host.press(true)
  }

  /** Whoever waits for this program goes on when little is left. */
  #taken(): void {
    if (!this.#pressed || this.#queue.queued + this.#checks > this.#limit / 8) return
    this.#pressed = false
    queueMicrotask(() => {
      if (!this.#pressed && !this.#queue.closed) this.#host.press(false)
    })
  }

  /** Keeps the order behind a validation that takes its time; bounded as the queue is. */
  #wait(delivered: Delivered, checked: Validation<unknown> | Promise<Validation<unknown>>): void {
    const { budget } = this.#host
    const size = delivered.payload.length + MESSAGE_SIZE
    if (this.#checks >= this.#limit || (this.#checks > 0 && budget.used + size > budget.max)) {
      const at = { from: delivered.index, to: delivered.index, cause: 'overflow' as const }
      const { subscriptions, stream } = delivered
      const lost: Lost = { type: 'gap', subscriptions, stream, ...at }
      this.#sharing?.refuse(delivered)
      this.#dropped(gapOf(lost))
      return this.gap(lost)
    }
    this.#checks += 1
    budget.used += size
    const before = this.#checking
    this.#checking = (async () => {
      const result = await checked
      await before
      budget.used -= size
      this.#take(delivered, result)
      this.#checks -= 1
      if (this.#checks === 0) this.#checking = undefined
    })()
  }

  #dropped(gap: Gap): void {
    this.#host.dropped(gap)
    this.#host.event(gap)
  }

  #invalid(delivered: Delivered, issues: readonly string[]): void {
    this.#sharing?.refuse(delivered)
    const { stream } = delivered
    const from = peerId(stream.from)
    this.#host.event({ type: 'invalid', topic: stream.topic, from, issues })
  }

  #nameOf(instance: bigint): PeerId {
    if (instance !== this.#instance) {
      this.#instance = instance
      this.#from = peerId(instance)
    }
    return this.#from
  }

  #paramsOf(topic: string): Params<string> {
    if (topic === this.#lastTopic) return this.#lastParams
    this.#lastTopic = topic
    this.#lastParams = this.#findParams(topic)
    return this.#lastParams
  }

  #findParams(topic: string): Params<string> {
    const known = this.#params.get(topic)
    if (known) return known
    const params = paramsOf(this.#pattern, topic.split('/')) ?? {}
    if (this.#params.size >= PARAMS_MAX) this.#params.clear()
    this.#params.set(topic, params)
    return params
  }
}

export function peerId(instance: bigint): PeerId {
  return hex64(instance) as PeerId // sixteen digits are what the brand stands for
}

/** What a subscription wants of the time before it, as the peer counts it. */
export function pastOf(history: History | undefined): Past | undefined {
  if (history === undefined) return undefined
  if (history === 'last') return { ageMs: 0, back: 1 }
  if (history === 'all') return { ageMs: 0, back: Number.MAX_SAFE_INTEGER }
  if (typeof history === 'number') return { ageMs: 0, back: history }
  return { ageMs: history.since, back: 0 }
}

/** The public form of a loss. */
export function gapOf(lost: Lost): Gap {
  const { from, to, cause, stream } = lost
  const count = to - from + 1
  return {
    type: 'gap',
    topic: stream.topic,
    publisher: peerId(stream.from),
    from,
    to,
    count,
    cause,
  }
}

const QUEUE_LIMIT = 1024
/** Publishers give no more to one seat than it has time for: 256 of them fill it. */
const SHARED_QUEUE_LIMIT = 65_536
const PARAMS_MAX = 4096
