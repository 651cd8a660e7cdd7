/**
 * Every packet that comes in: cheap checks first, cryptography after, state last.
 *
 * What cannot be opened yet, because its sender's hello or its stream's binding is still missing,
 * waits in the quarantine: the only state that unauthenticated packets have, bounded in count,
 * bytes and time.
 */
import { answerTo, type Endpoint } from '../output.ts'
import type { Context, Inflow, Remote } from './context.ts'
import type { Direct } from './asking/direct.ts'
import type { EpochChange } from './realm/epochs.ts'
import { takersOf } from './subscribing/lanes.ts'
import { type ControlRecord, readControl } from '../wire/control.ts'
import { mended, type StreamPacket } from './subscribing/mender.ts'
import { epochOf, type Header, Kind, readHeader, splitDatagram } from '../wire/packet.ts'
import { blockOf } from '../wire/parity.ts'
import { Verifier } from './subscribing/verifier.ts'

interface Held {
  readonly packet: Uint8Array
  readonly from: Endpoint
  readonly at: number
  readonly until: number
}

/** Where opened packets go. */
export interface InboundEvents {
  hello(now: number, packet: Uint8Array, from: Endpoint): void
  /** A relay speaks for itself. */
  relay(now: number, packet: Uint8Array, from: Endpoint): void
  readonly epochs: Pick<EpochChange, 'hasPages' | 'heard' | 'onPacket'>
  unknownInstance(now: number, instance: bigint, from: Endpoint): void
  unknownStream(now: number, remote: Remote, stream: number): void
  /** A control packet of this instance has opened: by which way it came. */
  heard(now: number, remote: Remote, from: Endpoint): void
  record(now: number, remote: Remote, record: ControlRecord): void
  received(now: number, inflow: Inflow): void
  readonly direct: Pick<Direct, 'onPacket'>
  /** Whether this instance has given out that number itself. */
  issued(header: Header): boolean
  /** The key under which this instance seals such packets; none for a stream that it has not. */
  ownKey(header: Header): Uint8Array | undefined
}

export class Inbound {
  readonly #context: Context
  readonly #events: InboundEvents
  readonly #verifier: Verifier
  readonly #heldByInstance = new Map<bigint, Held[]>()
  #heldCount = 0
  #heldSize = 0
  /** How long the packet at hand has been held, ms. */
  #heldMs = 0
  /** Bytes of the datagram at hand that have not been looked at. */
  #left = 0
  /** Streams of which packets have been taken that `received` has not been told of. */
  readonly #touched: Inflow[] = []

  constructor(context: Context, events: InboundEvents) {
    this.#context = context
    this.#events = events
    this.#verifier = new Verifier(context, (now, inflow) => events.received(now, inflow))
  }

  /** What the quarantine holds. */
  get held(): { readonly packets: number; readonly size: number } {
    return { packets: this.#heldCount, size: this.#heldSize }
  }

  onDatagram(now: number, datagram: Uint8Array, from: Endpoint): void {
    const { metrics } = this.#context
    metrics.count('packetsReceived')
    metrics.count('bytesReceived', datagram.length)
    this.#left = datagram.length
    const fault = splitDatagram(datagram, (packet) => {
      this.#onPacket(now, packet, from)
      this.#left -= packet.length
    })
    this.#left = 0
    if (fault) this.#context.reject(fault)
    this.#tell(now)
  }

  /** Once a datagram: many packets of one stream may have come joined. */
  #tell(now: number): void {
    for (let inflow = this.#touched.pop(); inflow; inflow = this.#touched.pop()) {
      this.#events.received(now, inflow)
    }
  }

  /** Another epoch has come: so may what waited for its key. */
  releaseAll(now: number): void {
    const instances = [...this.#heldByInstance.keys()]
    for (const instance of instances) this.release(now, instance)
  }

  /** A hello or a binding has come: what waited for it is looked at again. */
  release(now: number, instance: bigint): void {
    const held = this.#heldByInstance.get(instance)
    if (!held) return
    this.#drop(instance)
    for (const { packet, from, at } of held) {
      this.#heldMs = now - at
      this.#onPacket(now, packet, from)
    }
    this.#heldMs = 0
    this.#tell(now)
  }

  /** Forgets packets that have waited too long. */
  expire(now: number): void {
    for (const [instance, held] of this.#heldByInstance) {
      const kept = held.filter(({ until }) => until > now)
      if (kept.length === held.length) continue
      this.#context.metrics.count('quarantineExpired', held.length - kept.length)
      for (const { packet, until } of held) if (until <= now) this.#forget(packet)
      if (kept.length > 0) this.#heldByInstance.set(instance, kept)
      else this.#heldByInstance.delete(instance)
    }
  }

  #onPacket(now: number, packet: Uint8Array, from: Endpoint): void {
    const { sealer, keys, epochs, self, roster } = this.#context
    const header = readHeader(packet)
    if (header.version !== sealer.version) return this.#context.reject('version')
    if (header.hint !== keys.hint) return this.#context.metrics.count('foreign')
    if (header.instance === self.instance) return this.#onOwn(now, header, packet)
    if (header.kind === Kind.page && this.#events.epochs.hasPages) {
      return this.#events.epochs.onPacket(now, packet, from)
    }
    if (!epochs.at(header.epoch)) return this.#onOtherEpoch(now, header, { packet, from })
    if (header.kind === Kind.hello) return this.#events.hello(now, packet, from)
    if (header.kind === Kind.relay) return this.#events.relay(now, packet, from)
    if (header.kind > Kind.direct) return this.#context.metrics.count('reserved')
    const remote = roster.get(header.instance)
    if (header.kind === Kind.parity) return this.#onParity(now, remote, { header, packet })
    if (!remote) {
      this.#hold(now, header.instance, { packet, from })
      return this.#events.unknownInstance(now, header.instance, from)
    }
    if (header.kind === Kind.control) return this.#onControl(now, remote, { header, packet, from })
    if (header.kind === Kind.direct)
      return this.#events.direct.onPacket(now, remote, { header, packet })
    this.#onData(now, remote, { header, packet, from })
  }

  /** What is newer than the keys at hand waits for those to come. */
  #onOtherEpoch(
    now: number,
    header: Header,
    { packet, from }: { packet: Uint8Array; from: Endpoint },
  ): void {
    const { epochs } = this.#events
    epochs.heard(now, header)
    const isNewer = header.epoch > this.#context.epochs.newest
    if (!epochs.hasPages || !isNewer) return this.#context.reject('epoch')
    this.#hold(now, header.instance, { packet, from })
  }

  #onOwn(now: number, header: Header, packet: Uint8Array): void {
    const { backlog, metrics } = this.#context
    if (this.#events.issued(header)) {
      const awaited = header.kind === Kind.control && backlog.awaits(header.number)
      const isBack = awaited && this.#opensOwn(header, packet)
      if (isBack && backlog.returned(now, header.number)) metrics.count('behind')
      return metrics.count('own')
    }
    this.#context.reject(this.#opensOwn(header, packet) ? 'clones' : 'forged')
  }

  /** Anybody can write this instance into a header; only this process, or a copy, has its keys. */
  #opensOwn(header: Header, packet: Uint8Array): boolean {
    const key = this.#events.ownKey(header)
    return key !== undefined && this.#context.sealer.open(packet, key) !== undefined
  }

  #onControl(
    now: number,
    remote: Remote,
    { header, packet, from }: { header: Header; packet: Uint8Array; from: Endpoint },
  ): void {
    const verdict = remote.window.check(header.number)
    if (verdict !== 'new') this.#context.metrics.count(verdict)
    // A copy tells that its way works: of two ways one always comes second.
    const isCopy = verdict === 'replayed' && header.number > remote.multicastHigh
    if (verdict !== 'new' && !(isCopy && from.rung === 'multicast')) return
    const { epochs, sealer } = this.#context
    const keys = epochs.at(header.epoch)
    const body = keys && sealer.open(packet, remote.controlKey.of(keys))
    if (!body) return this.#context.reject('forged')
    remote.endpoint = answerTo(from, remote.port)
    if (from.rung === 'multicast') {
      remote.multicastHigh = Math.max(remote.multicastHigh, header.number)
    }
    this.#events.heard(now, remote, from)
    if (isCopy) return
    epochs.heard(now, keys)
    remote.window.accept(header.number)
    remote.heardAt = now
    const heldMs = this.#heldMs
    const whole = readControl(body, (record) => {
      this.#events.record(now, remote, heldMs > 0 ? aged(record, heldMs) : record)
    })
    if (!whole) this.#context.reject('malformed')
  }

  #onData(
    now: number,
    remote: Remote,
    { header, packet, from }: { header: Header; packet: Uint8Array; from: Endpoint },
  ): void {
    const inflow = remote.inflows.get(header.stream)
    if (!inflow) {
      const known = remote.bindings.has(header.stream)
      const why = remote.closed.get(header.stream) ?? (known ? 'uninterested' : undefined)
      if (why) return this.#context.metrics.count(why)
      this.#hold(now, header.instance, { packet, from })
      return this.#events.unknownStream(now, remote, header.stream)
    }
    const { number, flags } = header
    if (number === 0) return this.#context.reject('malformed')
    const fate = this.#take(now, inflow, { number, flags, packet })
    if (fate === 'forged') this.#context.reject('forged')
    if (fate === 'taken' && !this.#touched.includes(inflow)) this.#touched.push(inflow)
  }

  /** Unlike what it mends it is of no use to who does not know its stream, and is not held. */
  #onParity(
    now: number,
    remote: Remote | undefined,
    { header, packet }: { header: Header; packet: Uint8Array },
  ): void {
    const inflow = remote?.inflows.get(header.stream)
    if (!inflow) return this.#context.metrics.count('uninterested')
    for (const arrival of mended(this.#context, inflow, { now, header, packet })) {
      const fate = this.#take(now, inflow, arrival)
      if (fate === 'taken') this.#context.metrics.count('packetsMended')
      if (fate !== 'forged') continue
      this.#context.reject('parityForged')
      inflow.receiver.options.blocks?.distrust(now, blockOf(header.number))
      break
    }
    this.#events.received(now, inflow)
  }

  /** What becomes of a packet of a stream: `spare` when nobody has any use for it. */
  #take(now: number, inflow: Inflow, arrival: StreamPacket): 'taken' | 'forged' | 'spare' {
    const { number, flags, packet, mended: isMended = false } = arrival
    const { receiver, replays, key } = inflow
    const takers = replays.length > 0 ? takersOf(inflow, number) : undefined
    if (takers ? takers.length === 0 : !receiver.wants(number)) return 'spare'
    const { epochs, sealer } = this.#context
    const keys = packet.length > 0 ? epochs.at(epochOf(packet)) : undefined
    const topicKey = keys && key.of(keys)
    const body = topicKey && sealer.open(packet, topicKey, waits(inflow, number) ? 0 : this.#left)
    if (!body) return 'forged'
    epochs.heard(now, keys)
    const accepted = { flags, body, mended: isMended }
    if (inflow.binding.proof !== 'group') {
      const lanes = takers ?? [receiver]
      const fate = this.#verifier.take(now, inflow, { number, arrival: accepted, takers: lanes })
      if (fate !== 'taken') return fate
    } else if (!takers) {
      receiver.accept(now, number, accepted)
    } else for (const taker of takers) taker.accept(now, number, accepted)
    if (receiver.reaches(number)) receiver.options.blocks?.keep(now, number, packet)
    return 'taken'
  }

  #hold(
    now: number,
    instance: bigint,
    { packet, from }: { packet: Uint8Array; from: Endpoint },
  ): void {
    const { limits, metrics } = this.#context
    const full = this.#heldCount >= limits.quarantinePackets
    if (full || this.#heldSize + packet.length > limits.quarantineSize) {
      return metrics.count('quarantineFull')
    }
    // A copy, also of a Buffer: a view would keep its whole datagram.
    const copy = new Uint8Array(packet)
    const held = { packet: copy, from, at: now - this.#heldMs, until: now + limits.quarantineAge }
    const others = this.#heldByInstance.get(instance)
    if (others) others.push(held)
    else this.#heldByInstance.set(instance, [held])
    this.#heldCount += 1
    this.#heldSize += packet.length
  }

  #drop(instance: bigint): void {
    for (const { packet } of this.#heldByInstance.get(instance) ?? []) this.#forget(packet)
    this.#heldByInstance.delete(instance)
  }

  #forget(packet: Uint8Array): void {
    this.#heldCount -= 1
    this.#heldSize -= packet.length
  }
}

/** Whether a packet will be kept until others have come, or what proves it. */
function waits({ receiver, binding }: Inflow, number: number): boolean {
  if (binding.proof === 'checkpoint') return true
  return binding.delivery === 'reliable' && number !== receiver.next
}

/** What waited here was asked for so much longer ago. */
function aged(record: ControlRecord, ms: number): ControlRecord {
  if (record.type !== 'attach') return record
  const entries = record.entries.map((entry) => ({ ...entry, ageMs: entry.ageMs + ms }))
  return { ...record, entries }
}
