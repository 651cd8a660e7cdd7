/**
 * What the dashboard knows: counts what passes a relay, by its ways, its peers and their streams.
 *
 * It is told of packets that the relay would carry anyway, and reads of them what the relay reads:
 * headers, hellos and control records. It keeps no packet.
 */
import { textOf } from '../../bus/core/text.ts'
import { ReplayWindow } from '../../bus/core/seal/replay.ts'
import { readControl } from '../../bus/core/wire/control.ts'
import { HelloFlag } from '../../bus/core/wire/hello.ts'
import { Kind } from '../../bus/core/wire/packet.ts'
import { hex } from '../../bus/io/digits.ts'
import type { Passed } from '../arrival.ts'
import type { Source } from '../gate.ts'
import type { HeardHello } from '../hellos.ts'
import { wayOf } from '../ways.ts'
import { type Flow, newFlow, type ShownPeer, type ShownTopic } from './shown.ts'
import { Streams } from './streams.ts'

interface Seen {
  readonly identity: string
  name: string
  heardAt: number
  intervalMs: number
  /** When it was heard by each way. */
  readonly heardByWay: Map<string, number>
  /** Control of it that has come. */
  readonly control: ReplayWindow
}

export class Watch {
  readonly #flowByWay = new Map<string, Flow>()
  readonly #peers = new Map<bigint, Seen>()
  readonly #streams = new Streams()

  /** A packet has come that may be carried. */
  heard(now: number, { header, packet, hello, body }: Passed, from: Source): void {
    const way = wayOf(from)
    const flow = this.flow(way)
    flow.packetsIn += 1
    flow.bytesIn += packet.length
    const { instance, kind } = header
    if (hello) return this.#onHello(now, instance, { hello, way })
    const peer = this.#peers.get(instance)
    if (!peer) return
    hear(peer, way, now)
    if (kind === Kind.data) this.#streams.packet(header, { face: way, size: packet.length })
    if (!body || peer.control.check(header.number) !== 'new') return
    peer.control.accept(header.number)
    readControl(body, (record) => {
      if (record.type === 'beacon') peer.intervalMs = record.intervalMs
      this.#streams.record(instance, record)
    })
  }

  /** A datagram goes out that way. */
  readonly left = (way: string, size: number): void => {
    const flow = this.flow(way)
    flow.datagramsOut += 1
    flow.bytesOut += size
  }

  /** What has passed that way, counted on. */
  flow(way: string): Flow {
    const known = this.#flowByWay.get(way)
    if (known) return known
    const flow = newFlow()
    if (this.#flowByWay.size < WAYS_MAX) this.#flowByWay.set(way, flow)
    return flow
  }

  /** That way is there no more. */
  gone(way: string): void {
    this.#flowByWay.delete(way)
  }

  /** Those who are there, the last heard first. */
  peers(now: number): ShownPeer[] {
    for (const [instance, { heardAt, intervalMs }] of this.#peers) {
      if (now - heardAt > Math.max(SILENCE_MIN_MS, 3 * Math.min(intervalMs, INTERVAL_MAX_MS))) {
        this.#peers.delete(instance)
      }
    }
    const seen = [...this.#peers].sort(([, a], [, b]) => b.heardAt - a.heardAt)
    return seen.map(([instance, { identity, name, heardByWay }]) => ({
      instance: instance.toString(16).padStart(16, '0'),
      identity,
      name,
      heard: [...heardByWay].map(([way, at]) => [way, Math.round(now - at)] as const),
    }))
  }

  topics(): ShownTopic[] {
    return this.#streams.topics()
  }

  /** Only who has signed gives a name; the relay has verified a first hello already. */
  #onHello(
    now: number,
    instance: bigint,
    { hello, way }: { readonly hello: HeardHello; readonly way: string },
  ): void {
    const { flags, identity, intervalMs, controlNumber } = hello.hello
    if (flags & HelloFlag.bye) {
      if (hello.isSigned()) this.#peers.delete(instance)
      return
    }
    const known = this.#peers.get(instance)
    const name = textOf(hello.hello.name) ?? ''
    if ((!known || known.name !== name) && !hello.isSigned()) return
    const peer = known ?? newPeer(hex(identity), controlNumber)
    Object.assign(peer, { name, intervalMs })
    hear(peer, way, now)
    if (!known) this.#place(instance, peer)
  }

  #place(instance: bigint, peer: Seen): void {
    this.#peers.set(instance, peer)
    if (this.#peers.size <= PEERS_MAX) return
    for (const first of this.#peers.keys()) {
      this.#peers.delete(first)
      return
    }
  }
}

function newPeer(identity: string, controlNumber: number): Seen {
  return {
    identity,
    name: '',
    heardAt: 0,
    intervalMs: 0,
    heardByWay: new Map(),
    // What was on its way before it counts as well.
    control: new ReplayWindow(Math.max(0, controlNumber - EARLY)),
  }
}

function hear(peer: Seen, way: string, now: number): void {
  peer.heardAt = now
  for (const [other, at] of peer.heardByWay) {
    if (now - at > WAY_MS) peer.heardByWay.delete(other)
  }
  if (peer.heardByWay.has(way) || peer.heardByWay.size < HEARD_MAX) peer.heardByWay.set(way, now)
}

export const PEERS_MAX = 4096
/** Segments, trunks and links. */
const WAYS_MAX = 16_384
const HEARD_MAX = 8
/** A way by which nothing has come for so long is none. */
const WAY_MS = 60_000
const EARLY = 64
const SILENCE_MIN_MS = 15_000
const INTERVAL_MAX_MS = 60_000
