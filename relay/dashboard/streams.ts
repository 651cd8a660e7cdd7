/** The streams that a relay carries, the topics that bindings say they carry, and what is asked for again. */
import { type ControlRecord, SEALED_NAME_SIZE_MAX } from '../../bus/core/wire/control.ts'
import type { Nak } from '../../bus/core/wire/nak.ts'
import { hex } from '../../bus/io/digits.ts'
import type { ShownTopic } from './shown.ts'

interface Stream {
  readonly instance: bigint
  tag: bigint | undefined
  packets: number
  bytes: number
  again: number
  asked: number
  /** The highest number by each way: a relay may hear the same packet by several. */
  readonly highByFace: Map<string, number>
  /** Messages that each receiver has given up, as it says. */
  readonly lostByReceiver: Map<bigint, number>
}

/** Tables are bounded; who has said nothing for longest is forgotten. */
export class Streams {
  readonly #byName = new Map<string, Stream>()
  readonly #sealedByTag = new Map<bigint, Uint8Array>()

  /** A packet of a stream has come. */
  packet(
    {
      instance,
      stream,
      number,
    }: Readonly<Record<'stream' | 'number', number>> & {
      readonly instance: bigint
    },
    { face, size }: { readonly face: string; readonly size: number },
  ): void {
    const one = this.#stream(instance, stream)
    one.packets += 1
    one.bytes += size
    const high = one.highByFace.get(face) ?? 0
    if (number <= high) one.again += 1
    else if (one.highByFace.has(face) || one.highByFace.size < FACES_MAX) {
      one.highByFace.set(face, number)
    }
  }

  /** A new control record of an instance. */
  record(from: bigint, record: ControlRecord): void {
    if (record.type === 'bindings') {
      for (const { stream, tag, sealedName } of record.entries) {
        this.#stream(from, stream).tag = tag
        this.#name(tag, sealedName)
      }
    } else if (record.type === 'nak') {
      this.#stream(record.target, record.stream).asked += countOf(record)
    } else if (record.type === 'cursor') {
      for (const { stream, lost } of record.entries) {
        const { lostByReceiver } = this.#stream(record.target, stream)
        if (lost > 0 && (lostByReceiver.has(from) || lostByReceiver.size < RECEIVERS_MAX)) {
          lostByReceiver.set(from, lost)
        }
      }
    }
  }

  /** Those with the most packets first; streams of unknown topics are one entry. */
  topics(): ShownTopic[] {
    const streamsByTag = new Map<bigint | undefined, Stream[]>()
    for (const one of this.#byName.values()) {
      const others = streamsByTag.get(one.tag)
      if (others) others.push(one)
      else streamsByTag.set(one.tag, [one])
    }
    const topics = [...streamsByTag].map(([tag, streams]) => this.#shown(tag, streams))
    return topics.sort((a, b) => b.packets - a.packets)
  }

  #shown(tag: bigint | undefined, streams: readonly Stream[]): ShownTopic {
    const sealed = tag === undefined ? undefined : this.#sealedByTag.get(tag)
    const sum = (of: (stream: Stream) => number): number => {
      return streams.reduce((all, stream) => all + of(stream), 0)
    }
    return {
      tag: tag === undefined ? '' : tag.toString(16).padStart(16, '0'),
      sealed: sealed ? hex(sealed) : '',
      publishers: new Set(streams.map(({ instance }) => instance)).size,
      packets: sum(({ packets }) => packets),
      bytes: sum(({ bytes }) => bytes),
      again: sum(({ again }) => again),
      asked: sum(({ asked }) => asked),
      lost: sum(({ lostByReceiver }) => [...lostByReceiver.values()].reduce((a, b) => a + b, 0)),
    }
  }

  #stream(instance: bigint, stream: number): Stream {
    const name = `${instance} ${stream}`
    const known = this.#byName.get(name)
    const one = known ?? newStream(instance)
    // The last is who was heard last.
    if (known) this.#byName.delete(name)
    this.#byName.set(name, one)
    if (this.#byName.size > STREAMS_MAX) forgetFirst(this.#byName)
    return one
  }

  #name(tag: bigint, sealed: Uint8Array): void {
    if (sealed.length > SEALED_NAME_SIZE_MAX || this.#sealedByTag.has(tag)) return
    this.#sealedByTag.set(tag, sealed.slice())
    if (this.#sealedByTag.size > STREAMS_MAX) forgetFirst(this.#sealedByTag)
  }
}

function newStream(instance: bigint): Stream {
  return {
    instance,
    tag: undefined,
    packets: 0,
    bytes: 0,
    again: 0,
    asked: 0,
    highByFace: new Map(),
    lostByReceiver: new Map(),
  }
}

function countOf({ missing }: Nak): number {
  let count = 0
  for (const byte of missing) for (let rest = byte; rest > 0; rest &= rest - 1) count += 1
  return count
}

function forgetFirst<K>(map: Map<K, unknown>): void {
  for (const first of map.keys()) {
    map.delete(first)
    return
  }
}

/** Some hundred bytes each. */
export const STREAMS_MAX = 4096
const FACES_MAX = 8
const RECEIVERS_MAX = 256
