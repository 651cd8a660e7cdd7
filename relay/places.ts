/** How many sockets there are from each place: one IPv4 address, or one IPv6 network of 64 bits. */
import { addressBytes, addressText } from '../bus/core/wire/address.ts'
import type { RelayCounter } from './counters.ts'
import type { RelayLimits } from './limits.ts'

export class Places {
  readonly #countByPlace = new Map<string, number>()
  #size = 0

  /** Sockets in all. */
  get size(): number {
    return this.#size
  }

  /** Sockets from where this address is. */
  count(address: string): number {
    return this.#countByPlace.get(placeOf(address)) ?? 0
  }

  /** Why there may be no other one from there. */
  full(address: string, { links, linksPerAddress }: RelayLimits): RelayCounter | undefined {
    if (this.#size >= links) return 'linksFull'
    return this.count(address) >= linksPerAddress ? 'addressFull' : undefined
  }

  add(address: string): void {
    this.#size += 1
    this.#countByPlace.set(placeOf(address), this.count(address) + 1)
  }

  remove(address: string): void {
    const left = this.count(address) - 1
    this.#size -= 1
    if (left > 0) this.#countByPlace.set(placeOf(address), left)
    else this.#countByPlace.delete(placeOf(address))
  }
}

/** Whoever has one IPv6 address usually has all of its network. */
export function placeOf(remote: string): string {
  const bytes = addressBytes(remote.split('%')[0] ?? '')
  return bytes ? addressText(bytes).split(':').slice(0, 4).join(':') : remote
}
