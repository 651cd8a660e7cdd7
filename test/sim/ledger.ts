/**
 * The oracle: what was published, what each subscription was given, and whether both agree.
 *
 * It sees what programs see and nothing else, so that it can not share a mistake with the core.
 */
import type { Delivery, GapCause } from '../../bus/core/output.ts'
import type { Past } from '../../bus/core/peer/subscribing/attacher.ts'
import { matches, type Pattern } from '../../bus/core/topic/pattern.ts'
import type { Notice, Process } from './process.ts'
import { check } from './violation.ts'

export interface Stream {
  readonly publisher: Process
  readonly topic: string
  readonly segments: readonly string[]
  readonly delivery: Delivery
  readonly openedAt: number
  readonly messages: Published[]
}

interface Published {
  readonly payload: Uint8Array
  readonly at: number
  /** Of no use after so many ms. */
  readonly expiresMs: number
}

export interface Subscribed {
  readonly process: Process
  readonly id: number
  readonly pattern: Pattern
  readonly at: number
  /** What it wants of the time before. */
  readonly past?: Past | undefined
  endedAt: number | undefined
  /** When it was told that it has what was there before. */
  liveAt: number | undefined
  /** The publishers that its process knew when it came. */
  readonly known: readonly Process[]
  readonly tracks: Map<Stream, Track>
}

/** What one subscription has seen of one stream. */
export interface Track {
  /** Index of the first message that was delivered or reported lost. */
  readonly first: number
  /** Index of the next one. */
  next: number
  delivered: number
  lost: number
  readonly gaps: { readonly from: number; readonly to: number; readonly cause: GapCause }[]
}

export type Deliver = Extract<Notice, { readonly type: 'deliver' }>
type Gap = Extract<Notice, { readonly type: 'gap' }>

export class Ledger {
  readonly streams: Stream[] = []
  readonly subscriptions: Subscribed[] = []
  delivered = 0
  lost = 0
  readonly #sees: (process: Process, other: Process) => boolean
  readonly #streamsByInstance = new Map<bigint, Map<string, Stream>>()
  readonly #subscriptionsByProcess = new Map<Process, Map<number, Subscribed>>()

  /** `sees`: whether a process believes that another one is here. */
  constructor(sees: (process: Process, other: Process) => boolean) {
    this.#sees = sees
  }

  /** Written down before the peer is told, because it may deliver at once. */
  published(
    publisher: Process,
    time: number,
    message: Pick<Stream, 'topic' | 'segments' | 'delivery'> & Omit<Published, 'at'>,
  ): Stream {
    const { instance } = publisher.peer
    let streams = this.#streamsByInstance.get(instance)
    if (!streams) this.#streamsByInstance.set(instance, (streams = new Map<string, Stream>()))
    const { payload, expiresMs, ...about } = message
    let stream = streams.get(about.topic)
    if (!stream) {
      stream = { ...about, publisher, openedAt: time, messages: [] }
      streams.set(about.topic, stream)
      this.streams.push(stream)
    }
    stream.messages.push({ payload, at: time, expiresMs })
    return stream
  }

  /** Whether this process may still open a topic with this mode. */
  deliveryOf(publisher: Process, topic: string): Delivery | undefined {
    return this.#streamsByInstance.get(publisher.peer.instance)?.get(topic)?.delivery
  }

  streamsOf(publisher: Process): Stream[] {
    return [...(this.#streamsByInstance.get(publisher.peer.instance)?.values() ?? [])]
  }

  subscribed(
    process: Process,
    time: number,
    wanted: Pick<Subscribed, 'id' | 'pattern' | 'past'> & { readonly known?: readonly Process[] },
  ): void {
    const open = { endedAt: undefined, liveAt: undefined, tracks: new Map<Stream, Track>() }
    const subscribed: Subscribed = { process, known: [], ...wanted, at: time, ...open }
    this.subscriptions.push(subscribed)
    const others = this.#subscriptionsByProcess.get(process)
    if (others) others.set(wanted.id, subscribed)
    else this.#subscriptionsByProcess.set(process, new Map([[wanted.id, subscribed]]))
  }

  matches(subscribed: Subscribed, stream: Stream): boolean {
    return matches(subscribed.pattern, stream.segments)
  }

  /** Open subscriptions of a process. */
  subscriptionsOf(process: Process): Subscribed[] {
    const all = this.#subscriptionsByProcess.get(process)?.values() ?? []
    return [...all].filter(({ endedAt }) => endedAt === undefined)
  }

  onDeliver(process: Process, notice: Deliver): void {
    const stream = this.#streamOf(process, notice)
    for (const id of notice.subscriptions) {
      const subscribed = this.#takerOf(process, id, stream)
      const track = subscribed.tracks.get(stream)
      const where = (): string => `${name(subscribed, stream)} index ${notice.index}`
      const place = stream.delivery === 'latest' ? placeOf(stream, track, notice) : notice.index
      const message = stream.messages[place]
      check(!track || track.next <= place, 'order', () => {
        return `${where()} came again: ${track?.next} was next`
      })
      check(message !== undefined, 'content', () => `${where()} was never published`)
      const inOrder = !track || stream.delivery === 'latest' || place === track.next
      check(inOrder, 'contract', () => `${where()} came, ${track?.next} did not, and no gap`)
      check(same(message.payload, notice.payload), 'content', () => `${where()} differs`)
      this.#begins(subscribed, stream, place)
      this.delivered += 1
      const seen = track ?? { first: place, next: place, delivered: 0, lost: 0, gaps: [] }
      seen.next = place + 1
      seen.delivered += 1
      subscribed.tracks.set(stream, seen)
    }
  }

  onGap(process: Process, notice: Gap, time: number): void {
    const stream = this.#streamOf(process, notice)
    const { from, to, cause } = notice
    for (const id of notice.subscriptions) {
      const subscribed = this.#takerOf(process, id, stream)
      const track = subscribed.tracks.get(stream)
      const where = (): string => `${name(subscribed, stream)} gap ${from} to ${to} (${cause})`
      check(stream.delivery !== 'latest', 'contract', () => `${where()}: latest has no gaps`)
      check(from <= to && to < stream.messages.length, 'contract', () => {
        return `${where()} of ${stream.messages.length} messages`
      })
      const early = stream.messages.slice(from, to + 1).find(({ at, expiresMs }) => {
        return at + expiresMs > time + EARLY_MS
      })
      check(cause !== 'expired' || !early, 'contract', () => {
        return `${where()} at ${time}: of ${early?.at}, for ${early?.expiresMs} ms`
      })
      check(!track || track.next === from, 'contract', () => `${where()}: ${track?.next} was next`)
      this.#begins(subscribed, stream, from)
      this.lost += to - from + 1
      const seen = track ?? { first: from, next: from, delivered: 0, lost: 0, gaps: [] }
      seen.next = to + 1
      seen.lost += to - from + 1
      seen.gaps.push({ from, to, cause })
      subscribed.tracks.set(stream, seen)
    }
  }

  /** A reliable stream that is younger than the subscription is accounted for from its beginning. */
  #begins(subscribed: Subscribed, stream: Stream, index: number): void {
    if (subscribed.tracks.has(stream) || stream.delivery !== 'reliable') return
    const younger = subscribed.at + YOUNGER_MS < stream.openedAt
    check(index === 0 || !younger, 'contract', () => {
      return `${name(subscribed, stream)} began at ${index}, though the subscription is older`
    })
  }

  #streamOf(process: Process, notice: Deliver | Gap): Stream {
    const { from, topic } = notice.stream
    const stream = this.#streamsByInstance.get(from)?.get(topic)
    check(stream !== undefined, 'foreign', () => {
      return `${process.id} got "${topic}" of ${from}, which was never published`
    })
    check(stream.publisher.options.realm === process.options.realm, 'foreign', () => {
      return `${process.id} got "${topic}" of another realm (${stream.publisher.id})`
    })
    return stream
  }

  #takerOf(process: Process, id: number, stream: Stream): Subscribed {
    const subscribed = this.#subscriptionsByProcess.get(process)?.get(id)
    check(subscribed !== undefined && subscribed.endedAt === undefined, 'content', () => {
      return `${process.id} got "${stream.topic}" for subscription ${id}, which is not open`
    })
    const fits = matches(subscribed.pattern, stream.segments)
    check(fits, 'content', () => `${name(subscribed, stream)} does not match`)
    const { endedAt } = stream.publisher
    // Of who is still believed to be here, packets may have been held back, or replayed.
    const gone = endedAt !== undefined && endedAt + ECHO_MS < subscribed.at
    const dead = gone && !this.#sees(process, stream.publisher)
    check(!dead, 'foreign', () => `${name(subscribed, stream)} is of a dead instance`)
    return subscribed
  }
}

export function name({ process, id, pattern }: Subscribed, stream: Stream): string {
  const { delivery, publisher, topic } = stream
  return `${process.id} #${id} "${pattern.text}" <- ${publisher.id} "${topic}" (${delivery})`
}

/** Of a conflated stream only the contents tell which value this is. */
function placeOf(stream: Stream, track: Track | undefined, { payload }: Deliver): number {
  const from = track?.next ?? 0
  const place = stream.messages.findIndex((sent, i) => i >= from && same(sent.payload, payload))
  return place < 0 ? stream.messages.findIndex((sent) => same(sent.payload, payload)) : place
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

/** Ages are compared across clocks and cables. */
const YOUNGER_MS = 100
/** Clocks drift, and a publisher looks at its own. */
const EARLY_MS = 10
/** What a process sent may still be under way for so long after its death. */
const ECHO_MS = 2000
