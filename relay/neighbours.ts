/** The other relays on a relay's segments, by the beacons that they say there. */
import { bytesOf64, concat, uint64Of } from '../bus/core/bytes.ts'
import type { Crypto } from '../bus/core/env.ts'
import type { Endpoint } from '../bus/core/output.ts'
import { Sealer } from '../bus/core/seal/sealer.ts'
import { Kind, readHeader } from '../bus/core/wire/packet.ts'
import { readRelayBeacon, type RelayBeacon, writeRelayBeacon } from '../bus/core/wire/relay.ts'
import type { RelayKeys } from './keys.ts'
import { Opener } from './opener.ts'

interface Neighbour {
  readonly id: bigint
  readonly face: string
  /** Where what it sends comes from. */
  readonly source: string
  readonly number: number
  readonly until: number
}

/** A beacon that is of today. */
export interface HeardBeacon extends RelayBeacon {
  readonly id: bigint
  /** It was not known on that face, or not by this address. */
  readonly fresh: boolean
}

export class Neighbours {
  readonly id: bigint
  readonly #crypto: Crypto
  readonly #keys: RelayKeys
  readonly #sealer: Sealer
  readonly #opener: Opener
  readonly #neighbourByPlace = new Map<string, Neighbour>()
  readonly #placeBySource = new Map<string, string>()
  /** The last number of each relay, also of those that have ceased: their recordings tell nothing. */
  readonly #highById = new Map<bigint, number>()
  #number = 0

  /** `id` is random, of this start of the relay. */
  constructor(crypto: Crypto, keys: RelayKeys, id: bigint) {
    this.id = id
    this.#crypto = crypto
    this.#keys = keys
    this.#sealer = new Sealer(crypto, keys.sealing, id)
    this.#opener = new Opener(this.#sealer)
  }

  get size(): number {
    return this.#neighbourByPlace.size
  }

  /** What this relay says of itself. */
  beacon(beacon: RelayBeacon): Uint8Array {
    this.#number += 1
    const id = { kind: Kind.relay, flags: 0, stream: 0, number: this.#number }
    const { sealing } = this.#keys
    this.#sealer.use(sealing)
    return this.#sealer.seal(id, writeRelayBeacon(beacon), sealing.control)
  }

  /** A packet of kind 5 has come; `undefined` when it is an old one, the own, or none. */
  hear(
    now: number,
    { face, from }: { readonly face: string; readonly from: Endpoint },
    packet: Uint8Array,
  ): HeardBeacon | undefined {
    const { instance: id, number, epoch } = readHeader(packet)
    const place = `${face} ${id}`
    const known = this.#neighbourByPlace.get(place)
    const high = this.#highById.get(id) ?? -1
    if (id === this.id || number <= (known?.number ?? high)) return undefined
    const key = this.#keys.at(epoch)?.control
    const body = this.#opener.open(now, packet, { key, source: `${face} ${from.address}` })
    const beacon = body && readRelayBeacon(body)
    if (!beacon || (!known && this.#neighbourByPlace.size >= NEIGHBOURS_MAX)) return undefined
    const source = sourceOf(face, from)
    if (known) this.#placeBySource.delete(known.source)
    this.#placeBySource.set(source, place)
    const until = now + MISSED * Math.min(beacon.intervalMs, INTERVAL_MAX_MS)
    this.#neighbourByPlace.set(place, { id, face, source, number, until })
    this.#remember(id, Math.max(number, high))
    return { ...beacon, id, fresh: known?.source !== source }
  }

  /** The relay that sends from there; 0 when none is known to. */
  via(face: string, from: Endpoint): bigint {
    const place = this.#placeBySource.get(sourceOf(face, from))
    return (place !== undefined && this.#neighbourByPlace.get(place)?.id) || 0n
  }

  /** Those that have ceased since. */
  expire(now: number): readonly Pick<Neighbour, 'id' | 'face'>[] {
    const gone = [...this.#neighbourByPlace].filter(([, { until }]) => until <= now)
    for (const [place, { source }] of gone) {
      this.#neighbourByPlace.delete(place)
      this.#placeBySource.delete(source)
    }
    return gone.map(([, neighbour]) => neighbour)
  }

  /** Whether the other relay goes first where both bring an instance to one face. */
  outranks(other: bigint, instance: bigint): boolean {
    return this.#rank(other, instance) > this.#rank(this.id, instance)
  }

  #remember(id: bigint, high: number): void {
    this.#highById.delete(id)
    this.#highById.set(id, high)
    if (this.#highById.size <= REMEMBERED_MAX) return
    for (const oldest of this.#highById.keys()) {
      this.#highById.delete(oldest)
      return
    }
  }

  #rank(relay: bigint, instance: bigint): bigint {
    return uint64Of(this.#crypto.hash(concat(bytesOf64(instance), bytesOf64(relay))))
  }
}

function sourceOf(face: string, { address, port }: Endpoint): string {
  return `${face} ${address} ${port}`
}

/** Three beacons missed. */
const MISSED = 3.5
const INTERVAL_MAX_MS = 20_000
const NEIGHBOURS_MAX = 256
/** Relays that have been heard, those that have ceased included. */
const REMEMBERED_MAX = 4096
