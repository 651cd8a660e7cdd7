/**
 * Where the instances of the realm are, as a relay sees them: by which way each comes in.
 *
 * Only control packets that open and are newer than all before move an instance to another way, so
 * junk and recordings do not. By trunks the shortest way counts, as control packets that are not
 * old show it: then ways there and back are of one length, and what is wanted by a way is sent it.
 * A hello says who somebody is, and where only of one who is not known.
 */
import type { Crypto } from '../bus/core/env.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { instanceOf } from '../bus/core/seal/control-keys.ts'
import { Sealer } from '../bus/core/seal/sealer.ts'
import { type ControlRecord, readControl } from '../bus/core/wire/control.ts'
import { HelloFlag, readHello } from '../bus/core/wire/hello.ts'
import { type Header, Kind } from '../bus/core/wire/packet.ts'
import { type RelayKeys, SenderKeys } from './keys.ts'
import { Opener } from './opener.ts'

/** By which face something comes, and who has brought it there. */
export interface Way {
  readonly face: string
  /** The relay on that segment or trunk, or the port of a link; 0: nobody, it is there itself. */
  readonly via: bigint
  /** Trunks on that way; of segments beyond a segment nobody knows. */
  readonly hops: number
}

/** The face of all links of peers. */
export const LINKS = 'links'

export interface Instance {
  readonly instance: bigint
  readonly keys: SenderKeys
  /** Its private port. */
  port: number
  /** Where packets for it go, on its way. */
  address: string
  way: Way
  /** Other faces by which it is as near, as far as anybody knows. */
  readonly beside: Set<string>
  /** Its way is there no more: the next one counts. */
  lost: boolean
  /** The highest number of a control packet of it. */
  high: number
  /** New control packets that have come by other ways since one came by its own. */
  strays: number
  heardAt: number
  intervalMs: number
}

export interface InstancesEvents {
  /** It is new, has another port, or comes by another way. */
  settled(one: Instance): void
  gone(one: Instance): void
  /** A control packet of it has come by its way. */
  came(one: Instance): void
  /** One has come by another way. */
  strayed(one: Instance, way: Way): void
  /** A control packet of it opens, by whichever way it has come. */
  opened(now: number, one: Instance, heard: HeardPacket): void
  /** Other faces are as near as its way than before. */
  moved(one: Instance): void
  record(now: number, one: Instance, record: ControlRecord): void
  unknown(instance: bigint): void
}

/** A packet as it was heard. */
export interface HeardPacket {
  readonly header: Header
  readonly packet: Uint8Array
  readonly way: Way
  readonly from: Endpoint
}

export class Instances {
  readonly #crypto: Crypto
  readonly #keys: RelayKeys
  readonly #opener: Opener
  readonly #sizeMax: number
  readonly #events: InstancesEvents
  readonly #byInstance = new Map<bigint, Instance>()
  readonly #byPort = new Map<number, Set<Instance>>()

  constructor(
    { crypto, keys, sizeMax }: { crypto: Crypto; keys: RelayKeys; sizeMax: number },
    events: InstancesEvents,
  ) {
    this.#crypto = crypto
    this.#keys = keys
    this.#opener = new Opener(new Sealer(crypto, keys.sealing, 0n))
    this.#sizeMax = sizeMax
    this.#events = events
  }

  [Symbol.iterator](): Iterator<Instance> {
    return this.#byInstance.values()
  }

  get(instance: bigint): Instance | undefined {
    return this.#byInstance.get(instance)
  }

  byPort(port: number): Iterable<Instance> {
    return this.#byPort.get(port) ?? []
  }

  heard(now: number, heard: HeardPacket): void {
    if (heard.header.kind === Kind.hello) this.#onHello(now, heard)
    else if (heard.header.kind === Kind.control) this.#onControl(now, heard)
  }

  /** Ways that are there no more. */
  lose(isLost: (way: Way, instance: bigint) => boolean): void {
    for (const one of this.#byInstance.values()) {
      if (isLost(one.way, one.instance)) one.lost = true
    }
  }

  /** An instance has said by which way it is to be taken. */
  move(instance: bigint, way: Way, address: string): void {
    const one = this.#byInstance.get(instance)
    if (!one || (isSame(one.way, way) && !one.lost)) return
    Object.assign(one, { way, address, lost: false, strays: 0 })
    this.#events.settled(one)
  }

  /** Forgets those who have fallen silent. */
  expire(now: number): void {
    for (const one of this.#byInstance.values()) {
      const patience = Math.max(SILENCE_MIN_MS, 3 * Math.min(one.intervalMs, INTERVAL_MAX_MS))
      if (now - one.heardAt > patience) this.#forget(one)
    }
  }

  #onHello(now: number, { header, packet, way, from }: HeardPacket): void {
    const body = this.#opener.open(now, packet, this.#keys.at(header.epoch)?.control)
    const hello = body && readHello(body)?.hello
    if (!hello) return
    this.#keys.heard(now, header.epoch)
    const { instance } = header
    const { identity, salt, port, flags, intervalMs, controlNumber } = hello
    if (instanceOf(this.#crypto, identity, salt) !== instance) return
    const known = this.#byInstance.get(instance)
    if (flags & HelloFlag.bye) return known && this.#forget(known)
    if (known && !known.lost && !isSame(known.way, way)) return
    const keys = known?.keys ?? new SenderKeys(this.#keys, { instance, salt, identity })
    if (known) this.#unplace(known)
    const one: Instance = known ?? {
      instance,
      keys,
      port,
      address: from.address,
      way,
      beside: new Set(),
      lost: false,
      high: controlNumber,
      strays: 0,
      heardAt: now,
      intervalMs,
    }
    Object.assign(one, { port, address: from.address, way, lost: false, heardAt: now, intervalMs })
    this.#place(one)
    this.#events.settled(one)
  }

  #onControl(now: number, heard: HeardPacket): void {
    const { header, packet, way, from } = heard
    const one = this.#byInstance.get(header.instance)
    if (!one) return this.#events.unknown(header.instance)
    const { number } = header
    if (number + RECENT < one.high) return
    const body = this.#opener.open(now, packet, one.keys.at(header.epoch))
    if (!body) return
    this.#keys.heard(now, header.epoch)
    const isNew = number > one.high
    if (isNew) {
      one.high = number
      one.heardAt = now
    }
    if (isSame(one.way, way) && !one.lost) {
      one.strays = 0
      one.address = from.address
      one.way = way
      this.#events.came(one)
    } else this.#stray(one, { way, from, isNew })
    this.#events.opened(now, one, heard)
    if (isNew) readControl(body, (record) => this.#onRecord(now, one, record))
  }

  #onRecord(now: number, one: Instance, record: ControlRecord): void {
    if (record.type === 'beacon') one.intervalMs = record.intervalMs
    this.#events.record(now, one, record)
  }

  #stray(
    one: Instance,
    { way, from, isNew }: { readonly way: Way; readonly from: Endpoint; readonly isNew: boolean },
  ): void {
    if (isNew) one.strays += 1
    const nearer = isNear(way) && !isNear(one.way)
    const moves = isNew && (one.lost || nearer || one.strays >= STRAYS_MAX)
    const shorter = way.hops > 0 && way.hops < one.way.hops
    if (!moves && !shorter) {
      this.#compare(one, way)
      return this.#events.strayed(one, way)
    }
    one.beside.clear()
    Object.assign(one, { way, address: from.address, lost: false, strays: 0 })
    this.#events.settled(one)
  }

  #compare(one: Instance, way: Way): void {
    if (way.face === one.way.face || way.hops + one.way.hops === 0) return
    const before = one.beside.size
    if (isAsNear(way, one.way)) one.beside.add(way.face)
    else one.beside.delete(way.face)
    if (one.beside.size !== before) this.#events.moved(one)
  }

  #place(one: Instance): void {
    this.#byInstance.set(one.instance, one)
    const others = this.#byPort.get(one.port)
    if (others) others.add(one)
    else this.#byPort.set(one.port, new Set([one]))
    if (this.#byInstance.size <= this.#sizeMax) return
    // The one that has been here longest without a hello.
    for (const oldest of this.#byInstance.values()) return this.#forget(oldest)
  }

  #unplace(one: Instance): void {
    this.#byInstance.delete(one.instance)
    const others = this.#byPort.get(one.port)
    others?.delete(one)
    if (others?.size === 0) this.#byPort.delete(one.port)
  }

  #forget(one: Instance): void {
    this.#unplace(one)
    this.#events.gone(one)
  }
}

export function isSame(a: Way, b: Way): boolean {
  return a.face === b.face && a.via === b.via
}

/** Whether whoever comes that way is there itself. */
function isNear({ face, via }: Way): boolean {
  return face === LINKS || via === 0n
}

/** How far it is by another relay of a segment nobody knows; two trunks can be compared. */
function isAsNear(way: Way, own: Way): boolean {
  if (isNear(way) || isNear(own)) return false
  return way.hops === 0 || own.hops === 0 || way.hops === own.hops
}

/** Control packets that came so much later than others still tell of their way. */
const RECENT = 64
/** So many new packets by other ways, and none by the own one, move an instance. */
const STRAYS_MAX = 3
const SILENCE_MIN_MS = 15_000
const INTERVAL_MAX_MS = 60_000
