/** The bus as the program sees it: commands in, notices out. */
import type { Confirmation, Notice, RosterEntry } from '../core/output.ts'
import { actorCalls, Actors } from '../actors/actors.ts'
import { actorsHost } from '../actors/host.ts'
import { orAborted } from './abort.ts'
import { Broadcast } from './broadcast.ts'
import type { BusParts } from './bus-parts.ts'
import { reportOf } from './closing.ts'
import { EpochWatch } from './epoch-watch.ts'
import { BusError } from './errors.ts'
import { faultError } from './faults.ts'
import { Matching } from './matching.ts'
import type { Receiving, SendReport } from './file-options.ts'
import type { Gathering, Reply } from './request-options.ts'
import type {
  Bus,
  BusEvent,
  Cancel,
  CloseOptions,
  CloseReport,
  CounterName,
  Handler,
  MatchedOptions,
  Message,
  PathKind,
  PeerId,
  PeerInfo,
  PublishOptions,
  SubscribeOptions,
  Subscription,
  TopicInfo,
} from './options.ts'
import { CANCEL, CLOSE, MATCHED } from './option-rules.ts'
import { Paths } from './paths.ts'
import { LivePresence, type PeerPath, TopicTable } from './presence.ts'
import { offerOf, publishCall, type PublishingParts } from './publish-call.ts'
import { checkOptions } from './rules.ts'
import { questionLine } from './question-line.ts'
import { gatherCall, requestCall, respondCall } from './request-call.ts'
import { Requests } from './requests.ts'
import { Segments } from './segments.ts'
import { gapOf, peerId } from './subscription.ts'
import { subscribeCall } from './subscribe-call.ts'
import { Subscriptions } from './subscriptions.ts'
import { textOf, type Topic } from './topic.ts'
import { variableCalls } from './variables/variables.ts'

export class LiveBus implements Bus {
  readonly id: PeerId
  readonly realm: string
  readonly presence: LivePresence = new LivePresence()
  readonly topics: Iterable<TopicInfo>
  readonly expose: Bus['expose']
  readonly fetch: Bus['fetch']
  readonly set: Bus['set']
  readonly setAll: Bus['setAll']
  readonly watch: Bus['watch']
  readonly when: Bus['when']
  readonly spawn: Bus['spawn']
  readonly actor: Bus['actor']
  readonly group: Bus['group']
  readonly native: Bus['native']
  /** The path in use. */
  readonly paths: Paths
  readonly #parts: BusParts
  readonly #topicTable = new TopicTable()
  readonly #events = new Broadcast<BusEvent>()
  readonly #subscriptions: Subscriptions
  readonly #segments = new Segments()
  readonly #publishing: PublishingParts
  readonly #epochs: EpochWatch
  readonly #matching = new Matching()
  readonly #requests: Requests
  readonly #actors: Actors
  readonly #flushes = new Map<number, () => void>()
  #nextId = 1
  #ready: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  #closing: Promise<CloseReport> | undefined
  #closed: ((confirmation: Confirmation) => void) | undefined

  constructor(parts: BusParts) {
    this.#parts = parts
    const nextId = (): number => this.#nextId++
    const event = (one: BusEvent): void => this.event(one)
    this.#subscriptions = new Subscriptions({ bus: parts, nextId, event })
    this.realm = parts.realm
    this.native = parts.native
    const { link, codec, limits, proof } = parts
    this.#publishing = { link, codec, limits, proof, segments: this.#segments }
    this.#epochs = new EpochWatch(parts, {
      event,
      out: (error) => {
        this.#subscriptions.fail(error)
        this.#requests.close(error)
      },
    })
    this.topics = this.#topicTable
    this.paths = new Paths(parts, event)
    const instance = link.command((peer) => peer.instance)
    this.id = peerId(instance)
    const { id, presence } = this
    const line = questionLine(parts, instance)
    const segments = this.#segments
    const requests = new Requests({ parts, line, presence, segments, nextId, event })
    this.#requests = requests
    const assertOpen = (): void => this.#assertOpen()
    const variables = variableCalls({ parts, id, presence, requests, event, assertOpen })
    this.expose = variables.expose
    this.fetch = variables.fetch
    this.set = variables.set
    this.setAll = variables.setAll
    this.watch = variables.watch
    this.when = variables.when
    const speaking = { publishing: this.#publishing, requests }
    this.#actors = new Actors(actorsHost({ bus: this, parts, event, assertOpen, ...speaking }), id)
    const actors = actorCalls(this.#actors)
    this.spawn = actors.spawn
    this.actor = actors.actor
    this.group = actors.group
  }

  get path(): PathKind {
    return this.paths.shown
  }

  get ready(): Promise<void> {
    if (!this.#parts.link.command((peer) => peer.overMark)) return Promise.resolve()
    if (!this.#ready) {
      let resolve = (): void => undefined
      const promise = new Promise<void>((done) => (resolve = done))
      this.#ready = { promise, resolve }
    }
    return this.#ready.promise
  }

  publish<T>(to: string | Topic<T>, value: T, options: PublishOptions = {}): void {
    this.#assertOpen()
    publishCall(this.#publishing, { to, value, options })
  }

  // Its overloads are those of the interface.
  readonly subscribe = ((pattern, second, third) => {
    this.#assertOpen()
    return this.#subscriptions.open(subscribeCall(pattern, second, third))
  }) as SubscribeImplementation as Bus['subscribe']

  async matched(to: string | Topic<unknown>, options: MatchedOptions = {}): Promise<number> {
    this.#assertOpen()
    checkOptions('matched', options, MATCHED)
    const { count = 1 } = options
    const { limits } = this.#parts
    if (count > limits.receivers) {
      const mend = `at most ${limits.receivers}, or raise limits.receivers`
      throw new BusError('INVALID_OPTION', `option "count" is ${count}: ${mend}`)
    }
    const topic = textOf(to)
    const offer = offerOf({ topic, segments: this.#segments.of(topic) }, options, this.#parts.proof)
    const found = this.#parts.link.command((peer, now) => peer.offer(now, offer))
    if (typeof found === 'string') throw faultError(found, topic, limits)
    return this.#matching.wait(topic, found, { ...options, after: this.#parts.after })
  }

  readonly respond: Bus['respond'] = (...given) => {
    this.#assertOpen()
    return this.#requests.respond(respondCall(...given))
  }

  // What an answer holds is what the program, or its schema, says of it.
  readonly request: Bus['request'] = async <R>(...given: Parameters<Bus['request']>) => {
    this.#assertOpen()
    return (await this.#requests.request(requestCall(...given))) as Reply<R>
  }

  readonly gather: Bus['gather'] = <R>(...given: Parameters<Bus['gather']>) => {
    this.#assertOpen()
    return this.#requests.gather(gatherCall(...given)) as Gathering<R>
  }

  sendFile(...given: Parameters<Bus['sendFile']>): Promise<SendReport> {
    const [to, path, options] = given
    return this.#parts.files.send(this, { topic: textOf(to), path }, options)
  }

  receiveFiles(...given: Parameters<Bus['receiveFiles']>): Receiving {
    const [from, directory, options] = given
    const host = { bus: this, error: (error: Error) => this.event({ type: 'error', error }) }
    return this.#parts.files.receive(host, { pattern: textOf(from), directory }, options)
  }

  events(options?: Cancel): AsyncIterable<BusEvent> {
    checkOptions('events', options, CANCEL)
    return this.#events.iterate(options)
  }

  renew(rights: string): void {
    this.#assertOpen()
    const read = this.#parts.readRights(rights)
    this.#parts.link.command((peer, now) => peer.renew(now, read))
  }

  adopt(page: string): void {
    this.#assertOpen()
    const { link, readPage } = this.#parts
    link.command((peer, now) => peer.adopt(now, readPage(page)))
  }

  stats(): Readonly<Record<CounterName, number>> {
    const core = this.#parts.link.command((peer) => peer.metrics.snapshot())
    return { ...core, ...this.#actors.stats() }
  }

  async flush(options: Cancel = {}): Promise<void> {
    this.#assertOpen()
    checkOptions('flush', options, CANCEL)
    const id = this.#nextId++
    const flushed = new Promise<void>((resolve) => this.#flushes.set(id, resolve))
    this.#parts.link.command((peer, now) => peer.flush(now, id))
    await orAborted(flushed, options.signal)
  }

  async close(options: CloseOptions = {}): Promise<CloseReport> {
    checkOptions('close', options, CLOSE)
    this.#closing ??= this.#close(options.linger ?? this.#parts.lingerMs)
    return orAborted(this.#closing, options.signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Takes what the peer has to say. */
  notice(notice: Notice): void {
    switch (notice.type) {
      case 'deliver':
        if (notice.question && !this.#requests.onQuestion(notice, notice.question)) return undefined
        return this.#subscriptions.deliver(notice)
      case 'answer':
      case 'asked':
      case 'met':
        return this.#requests.notice(notice)
      case 'gap':
        this.#subscriptions.gap(notice)
        return this.event(gapOf(notice))
      case 'live':
        return this.#subscriptions.live(notice.subscription)
      case 'peer':
        return this.#onPeer(notice.change, notice.peer)
      case 'topic':
        return this.event({ type: 'topic', topic: this.#topicTable.add(notice) })
      case 'withheld':
        return this.event({ ...notice, from: peerId(notice.from) })
      case 'attached':
        this.#matching.attached(notice.topic, notice.count)
        return this.#requests.attached(notice.topic, notice.from, notice.first)
      case 'way':
        return this.setPeerPath(notice)
      case 'unicast':
        return this.paths.useUnicast(notice.inUse, notice.reason)
      case 'share-lost':
        return this.event(notice)
      case 'rejected':
        return this.event({ type: 'rejected', reason: notice.reason, count: notice.count })
      case 'epoch':
        return this.#epochs.onNotice(notice)
      case 'ready':
        this.#ready?.resolve()
        this.#ready = undefined
        return undefined
      case 'flushed':
        this.#flushes.get(notice.id)?.()
        this.#flushes.delete(notice.id)
        return undefined
      case 'closed':
        return this.#closed?.(notice)
    }
  }

  event(event: BusEvent): void {
    this.#parts.log?.debug({ event }, event.type)
    this.#events.emit(event)
  }

  /** The path of one peer has changed. */
  setPeerPath(to: PeerPath): void {
    const change = this.presence.turn(to)
    if (change) this.event({ type: 'peer', change })
  }

  #onPeer(type: 'join' | 'update' | 'leave', entry: RosterEntry): void {
    const peer = this.#infoOf(entry)
    if (type === 'leave') {
      this.#topicTable.forget(peer.id)
      this.#requests.left(entry.instance)
      this.#actors.left(peer.id)
    }
    const change = { type, peer }
    this.presence.apply(change)
    this.event({ type: 'peer', change })
  }

  #infoOf(entry: RosterEntry): PeerInfo {
    return this.presence.infoOf(entry, {
      wallOffset: this.#parts.wallOffset,
      path: this.paths.base,
    })
  }

  async #close(lingerMs: number): Promise<CloseReport> {
    this.#matching.close()
    this.#requests.endAnswering()
    const told = this.#actors.close(lingerMs)
    const mailLost = told ? await told : 0
    this.#requests.close()
    const sharing = this.#subscriptions.giveBack(this.#parts.after, lingerMs)
    if (sharing) await sharing
    const closed = new Promise<Confirmation>((resolve) => (this.#closed = resolve))
    this.#parts.link.command((peer, now) => peer.close(now, lingerMs))
    const confirmation = await closed
    const ending = this.#subscriptions.close()
    await this.#parts.link.close()
    // Handlers finish what has come; iterators are the program's own to end.
    await Promise.all(ending)
    for (const resolve of this.#flushes.values()) resolve()
    this.#ready?.resolve()
    this.presence.close()
    this.#topicTable.close()
    this.#events.close()
    return reportOf({ ...confirmation, mailLost }, (peer) => this.#infoOf(peer))
  }

  #assertOpen(): void {
    if (this.#closing) throw new BusError('CLOSED', 'the bus has been closed: connect again')
    this.#epochs.assertIn()
  }
}

type SubscribeImplementation = (
  pattern: string | Topic<unknown>,
  second?: Handler<Message> | SubscribeOptions<unknown>,
  third?: SubscribeOptions<unknown>,
) => Subscription<unknown>
