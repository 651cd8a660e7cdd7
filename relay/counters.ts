/** Counters of everything that a relay carries, drops or refuses, by name. */

export const RELAY_COUNTERS = [
  // links
  'linksOpened',
  'linksClosed',
  'trunksOpened',
  'trunksClosed',
  // traffic
  'messagesIn',
  'messagesOut',
  'bytesIn',
  'bytesOut',
  'datagramsUp',
  'datagramsDown',
  'datagramsCrossed',
  'unicastCrossed',
  'datagramsFar',
  // links refused or ended, by reason
  'linksFull',
  'addressFull',
  'protocolRefused',
  'originRefused',
  'handshakeLate',
  'realmRefused',
  'scopeRefused',
  'proofRefused',
  'admitRefused',
  'rightsRefused',
  'trunkSelf',
  'trunkDouble',
  'trunksFull',
  'malformed',
  'idle',
  'stuck',
  // bounds that were hit, datagrams dropped
  'groupsFull',
  'linkGroupsFull',
  'throttled',
  'bufferFull',
  'trunkBufferFull',
  'foreign',
  'otherEpoch',
  'denied',
  'helloBudget',
  'peersFull',
  'groupRefused',
  'unicastRefused',
  'copies',
  'circling',
  'hopsSpent',
  'interestFull',
  'portTaken',
  'tooLarge',
  'noPort',
] as const

export type RelayCounter = (typeof RELAY_COUNTERS)[number]

export class Counters {
  readonly #counts = new Map<RelayCounter, number>()

  count(name: RelayCounter, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  /** Every counter, zeros included. */
  snapshot(): Record<RelayCounter, number> {
    const all = {} as Record<RelayCounter, number> // filled completely by the loop
    for (const name of RELAY_COUNTERS) all[name] = this.#counts.get(name) ?? 0
    return all
  }
}
