/**
 * Peers that have a link and a network of their own: whether the relay hears them there as well, by
 * which of the two their packets are taken, and what need not go down to them.
 *
 * A peer names itself by its boot salt, which with the identity that its link has proved gives the
 * instance: nobody can speak for another. It counts as heard on a segment by control packets that
 * open and are newer than all that have come there before, so recordings keep nobody near.
 */
import type { Crypto } from '../bus/core/env.ts'
import { patienceMs } from '../bus/core/path/steadiness.ts'
import { instanceOf } from '../bus/core/seal/control-keys.ts'
import { type LinkRecord, RELAY_ADDRESS } from '../bus/core/wire/link.ts'
import { type Instance, LINKS, type Way } from './instances.ts'

export type RungRecord = Extract<LinkRecord, { type: 'rung' | 'spare' | 'need' }>

export interface RungsEvents {
  /** The peer on that link is heard on a segment; or no more. */
  hears(port: number, yes: boolean): void
  /** The instance comes by that way from now on. */
  move(instance: bigint, way: Way, address: string): void
  /** It comes by that way no more, and nobody knows yet by which it will. */
  lose(instance: bigint, way: Way): void
}

interface Rung {
  readonly identity: Uint8Array
  /** 0: it has not named itself. */
  instance: bigint
  /** The segment where it was heard last, and where from. */
  face: string
  address: string
  /** The highest number of a control packet that has come there. */
  high: number
  heardAt: number
  /** What the peer has been told. */
  told: boolean
  /** Whose packets do not go down. */
  readonly spares: Set<bigint>
}

export class Rungs {
  readonly #crypto: Crypto
  readonly #sparesMax: number
  readonly #events: RungsEvents
  readonly #rungByPort = new Map<number, Rung>()
  readonly #portByInstance = new Map<bigint, number>()

  /** `sparesMax`: instances that one link may spare. */
  constructor(crypto: Crypto, sparesMax: number, events: RungsEvents) {
    this.#crypto = crypto
    this.#sparesMax = sparesMax
    this.#events = events
  }

  /** A link has been admitted, as this identity. */
  opened(port: number, identity: Uint8Array): void {
    this.closed(port)
    const rung = { identity, instance: 0n, face: '', address: '', high: -1, told: false }
    this.#rungByPort.set(port, { ...rung, heardAt: -Infinity, spares: new Set() })
  }

  closed(port: number): void {
    this.#unname(port)
    this.#rungByPort.delete(port)
  }

  /** Whether the instance has a link by which it has named itself. */
  has(instance: bigint): boolean {
    return this.#portByInstance.has(instance)
  }

  /** Whether packets of the instance go down that link: not its own, nor what it hears by itself. */
  takes(port: number, instance: bigint): boolean {
    const rung = this.#rungByPort.get(port)
    return !rung || (rung.instance !== instance && !rung.spares.has(instance))
  }

  take(port: number, record: RungRecord): void {
    const rung = this.#rungByPort.get(port)
    if (!rung) return
    if (record.type === 'rung') return this.#onRung(port, { rung, ...record })
    for (const instance of record.instances) {
      if (record.type === 'need') rung.spares.delete(instance)
      else if (rung.spares.size < this.#sparesMax) rung.spares.add(instance)
    }
  }

  /** A control packet of the instance has come and opens. */
  came(
    now: number,
    { instance }: Instance,
    { way, number, address }: { way: Way; number: number; address: string },
  ): void {
    const port = this.#portByInstance.get(instance)
    const rung = port === undefined ? undefined : this.#rungByPort.get(port)
    if (!rung || way.face === LINKS || way.via !== 0n || number <= rung.high) return
    Object.assign(rung, { face: way.face, address, high: number, heardAt: now })
    if (!rung.told) this.#tell(port!, rung, true)
  }

  /** A segment is there no more. */
  faceClosed(face: string): void {
    for (const [port, rung] of this.#rungByPort) {
      if (rung.face === face) this.#silent(port, rung)
    }
  }

  /** `intervalOf`: how often each instance speaks. */
  tick(now: number, intervalOf: (instance: bigint) => number): void {
    for (const [port, rung] of this.#rungByPort) {
      const silentMs = now - rung.heardAt
      if (rung.told && silentMs > patienceMs(intervalOf(rung.instance))) this.#silent(port, rung)
    }
  }

  #onRung(
    port: number,
    { rung, near, salt }: { rung: Rung; near: boolean; salt: Uint8Array },
  ): void {
    const instance = instanceOf(this.#crypto, rung.identity, salt)
    if (rung.instance !== instance) {
      this.#unname(port)
      // A link of before that is not known to be broken has nothing to say of it any more.
      Object.assign(rung, { instance, high: -1, heardAt: -Infinity, told: false })
      this.#portByInstance.set(instance, port)
    }
    if (!near) {
      this.#events.move(instance, { face: LINKS, via: BigInt(port), hops: 0 }, RELAY_ADDRESS)
    } else if (rung.told) {
      this.#events.move(instance, { face: rung.face, via: 0n, hops: 0 }, rung.address)
    }
  }

  /** Nobody goes by the name that the link has had: there is one for each link at most. */
  #unname(port: number): void {
    const { instance = 0n } = this.#rungByPort.get(port) ?? {}
    if (this.#portByInstance.get(instance) === port) this.#portByInstance.delete(instance)
  }

  #silent(port: number, rung: Rung): void {
    if (!rung.told) return
    this.#tell(port, rung, false)
    this.#events.lose(rung.instance, { face: rung.face, via: 0n, hops: 0 })
  }

  #tell(port: number, rung: Rung, yes: boolean): void {
    rung.told = yes
    this.#events.hears(port, yes)
  }
}
