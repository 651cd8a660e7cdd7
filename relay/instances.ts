/**
 * Where the instances of the realm are, as a relay sees them: by which way each comes in.
 *
 * Only control packets that open and are newer than all before move an instance to another way, so
 * junk and recordings do not. By trunks the shortest way counts, as control packets that are not
 * old show it: then ways there and back are of one length, and what is wanted by a way is sent it.
 * A hello says who somebody is, and where only of one who is not known. One that says another port
 * or address than before, or goodbye, is signed and of today.
 */
import type { Endpoint } from '../bus/core/output.ts'
import { Recent } from '../bus/core/recent.ts'
import { ReplayWindow } from '../bus/core/seal/replay.ts'
import { type ControlRecord, readControl } from '../bus/core/wire/control.ts'
import { HelloFlag } from '../bus/core/wire/hello.ts'
import { type Header, Kind } from '../bus/core/wire/packet.ts'
import type { Arrival, Passed } from './arrival.ts'
import type { HeardHello } from './hellos.ts'
import type { RelayKeys } from './keys.ts'

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
  /** The same by its way; what has come by that is here. */
  highHere: number
  readonly here: ReplayWindow
  /** New control packets that have come by other ways since one came by its own. */
  strays: number
  heardAt: number
  intervalMs: number
}

export interface InstancesEvents {
  /** It is new, has another port, or comes by another way. */
  settled(one: Instance): void
  gone(one: Instance): void
  /** A control packet of it has come by its way, newer than all that have. */
  came(one: Instance): void
  /** One has come by another way. */
  strayed(one: Instance, stray: Stray): void
  /** A control packet of it opens, by whichever way it has come. */
  opened(now: number, one: Instance, stray: Stray): void
  /** Other faces are as near as its way than before. */
  moved(one: Instance): void
  record(now: number, one: Instance, record: ControlRecord): void
  unknown(instance: bigint): void
}

/** A packet as it was heard. */
export interface HeardPacket {
  readonly passed: Passed
  readonly way: Way
  readonly from: Endpoint
}

/** A control packet by a way. */
export interface Stray {
  readonly way: Way
  readonly from: Endpoint
  readonly number: number
  /** It is newer than all that have come by any way. */
  readonly isNew: boolean
}

export class Instances {
  readonly #keys: RelayKeys
  readonly #sizeMax: number
  readonly #events: InstancesEvents
  readonly #byInstance = new Map<bigint, Instance>()
  readonly #byPort = new Map<number, Set<Instance>>()
  /** Hellos that have been taken, by their nonces. */
  readonly #taken = new Recent(REMEMBERED_MAX)
  /** Who has said goodbye is not believed again. */
  readonly #departed = new Recent(REMEMBERED_MAX)

  constructor({ keys, sizeMax }: { keys: RelayKeys; sizeMax: number }, events: InstancesEvents) {
    this.#keys = keys
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

  /** False when it has come before by the way of its instance. */
  heard(now: number, heard: HeardPacket): boolean {
    const { hello, body, header } = heard.passed
    if (hello || body) this.#keys.heard(now, header.epoch)
    if (hello) return this.#onHello(now, heard, hello)
    const one = this.#byInstance.get(header.instance)
    if (one && body) return this.#onControl(now, one, { ...heard, body })
    const mayOpen = header.kind === Kind.control && this.#keys.at(header.epoch) !== undefined
    if (mayOpen) this.#events.unknown(header.instance)
    return true
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

  /** A relay speaks there: what looked as if it were on the segment itself comes from it. */
  brought({ face, from }: Arrival, relay: bigint): void {
    for (const one of this.#byInstance.values()) {
      const same = one.way.face === face && one.way.via === 0n && one.address === from.address
      if (same) one.way = { face, via: relay, hops: 0 }
    }
  }

  /** Forgets those who have fallen silent. */
  expire(now: number): void {
    for (const one of this.#byInstance.values()) {
      const patience = Math.max(SILENCE_MIN_MS, 3 * Math.min(one.intervalMs, INTERVAL_MAX_MS))
      if (now - one.heardAt > patience) this.#forget(one)
    }
  }

  #onHello(now: number, { passed, way, from }: HeardPacket, hello: HeardHello): boolean {
    const { instance } = passed.header
    const { flags, port, intervalMs, controlNumber } = hello.hello
    const known = this.#byInstance.get(instance)
    if (flags & HelloFlag.bye) {
      this.#departed.add(`${instance}`)
      if (known) this.#forget(known)
      return true
    }
    if (known && !known.lost && !isSame(known.way, way)) return true
    if (this.#isTaken(passed.header) || this.#departed.has(`${instance}`)) return false
    if (known && controlNumber < known.high) return true
    const { address } = from
    const isOther = known && (known.lost || known.port !== port || known.address !== address)
    if (isOther && !hello.isSigned()) return true
    const one = known ?? newInstance(instance, { way, from, controlNumber })
    if (known) this.#unplace(known)
    Object.assign(one, { port, address, way, lost: false, heardAt: now, intervalMs })
    this.#place(one)
    this.#events.settled(one)
    return true
  }

  #isTaken({ instance, stream, number }: Header): boolean {
    const name = `${instance} ${stream} ${number}`
    if (this.#taken.has(name)) return true
    this.#taken.add(name)
    return false
  }

  #onControl(
    now: number,
    one: Instance,
    { passed, way, from, body }: HeardPacket & { readonly body: Uint8Array },
  ): boolean {
    const { number } = passed.header
    const isNew = number > one.high
    if (isNew) {
      one.high = number
      one.heardAt = now
    }
    const heard = { way, from, number, isNew }
    const isFirst = one.here.check(number) === 'new'
    const isOwn = isSame(one.way, way) && !one.lost
    if (isOwn && !isFirst) return false
    if (number + RECENT < one.high) {
      if (isOwn) one.here.accept(number)
      return true
    }
    if (isOwn) this.#come(one, heard)
    else this.#stray(one, heard)
    this.#events.opened(now, one, heard)
    if (isNew) readControl(body, (record) => this.#onRecord(now, one, record))
    return isFirst
  }

  #come(one: Instance, { way, from, number }: Stray): void {
    one.here.accept(number)
    if (number <= one.highHere) return
    one.highHere = number
    one.strays = 0
    one.address = from.address
    one.way = way
    this.#events.came(one)
  }

  #onRecord(now: number, one: Instance, record: ControlRecord): void {
    if (record.type === 'beacon') one.intervalMs = record.intervalMs
    this.#events.record(now, one, record)
  }

  #stray(one: Instance, stray: Stray): void {
    const { way, from, number, isNew } = stray
    if (isNew) one.strays += 1
    const nearer = isNear(way) && !isNear(one.way)
    const moves = isNew && (one.lost || nearer || one.strays >= STRAYS_MAX)
    const shorter = way.hops > 0 && way.hops < one.way.hops
    if (!moves && !shorter) {
      this.#compare(one, way)
      return this.#events.strayed(one, stray)
    }
    one.beside.clear()
    one.here.accept(number)
    one.highHere = number
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

function newInstance(
  instance: bigint,
  { way, from, controlNumber }: { way: Way; from: Endpoint; controlNumber: number },
): Instance {
  return {
    instance,
    port: 0,
    address: from.address,
    way,
    beside: new Set(),
    lost: false,
    high: controlNumber,
    highHere: -1,
    here: new ReplayWindow(Math.max(0, controlNumber - RECENT)),
    strays: 0,
    heardAt: 0,
    intervalMs: 0,
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
/** Hellos, and instances that have gone. */
const REMEMBERED_MAX = 4096
const SILENCE_MIN_MS = 15_000
const INTERVAL_MAX_MS = 60_000
