/**
 * Looks up the peers that are named, each by itself, again and again: names move.
 *
 * What was found stays in use while a name cannot be looked up; that is told, and tried again.
 */
import { parsePeerAddress, type PeerAddress } from '../api/peer-address.ts'
import { type Endpoint, endpointName } from '../core/output.ts'

/** What DNS says, or the system where DNS does not know a host. Both reject with why. */
export interface Resolver {
  /** IPv6 addresses, and for how many seconds they are good, where that is known. */
  addresses(name: string): Promise<readonly { readonly address: string; readonly ttl?: number }[]>
  services(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>
}

export interface NamesOptions {
  readonly peers: readonly string[]
  readonly resolver: Resolver
  /** Runs `then` after `delayMs`; the result cancels it. */
  readonly after: (delayMs: number, then: () => void) => () => void
  /** All that are known now. */
  readonly named: (endpoints: readonly Endpoint[]) => void
  readonly failed: (peer: string, reason: string) => void
}

interface Name {
  readonly text: string
  readonly address: PeerAddress
  found: readonly Endpoint[]
  failures: number
  cancel: (() => void) | undefined
}

/** Begins to look up; the result ends it. */
export function lookUp(options: NamesOptions): () => void {
  const names = new Names(options)
  return () => names.stop()
}

class Names {
  readonly #options: NamesOptions
  readonly #names: readonly Name[]
  #stopped = false

  constructor(options: NamesOptions) {
    this.#options = options
    this.#names = options.peers.map((text) => {
      const address = parsePeerAddress(text)!
      const found = address.type === 'literal' ? [endpointOf(address)] : []
      return { text, address, found, failures: 0, cancel: undefined }
    })
    this.#tell()
    for (const name of this.#names) if (name.address.type !== 'literal') void this.#refresh(name)
  }

  stop(): void {
    this.#stopped = true
    for (const { cancel } of this.#names) cancel?.()
  }

  async #refresh(name: Name): Promise<void> {
    let againMs: number
    try {
      const { endpoints, validMs } = await this.#find(name.address)
      if (this.#stopped) return
      name.failures = 0
      againMs = validMs
      const before = name.found.map(endpointName).join()
      name.found = endpoints
      if (endpoints.map(endpointName).join() !== before) this.#tell()
    } catch (error) {
      if (this.#stopped) return
      againMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** name.failures)
      name.failures = Math.min(name.failures + 1, FAILURES_MAX)
      this.#options.failed(name.text, error instanceof Error ? error.message : String(error))
    }
    name.cancel = this.#options.after(againMs, () => void this.#refresh(name))
  }

  async #find(
    address: PeerAddress,
  ): Promise<{ readonly endpoints: readonly Endpoint[]; readonly validMs: number }> {
    const { resolver } = this.#options
    if (address.type === 'literal') return { endpoints: [endpointOf(address)], validMs: Infinity }
    if (address.type === 'host') return this.#addressesOf(address)
    const services = (await resolver.services(address.name)).slice(0, SERVICES_MAX)
    const found = await Promise.allSettled(services.map((one) => this.#addressesOf(one)))
    const good = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const bad = found.find((one) => one.status === 'rejected')
    if (good.length === 0 && bad) throw bad.reason
    const validMs = Math.min(USUAL_MS, ...good.map((one) => one.validMs))
    return { endpoints: good.flatMap(({ endpoints }) => endpoints), validMs }
  }

  async #addressesOf({
    name,
    port,
  }: {
    readonly name: string
    readonly port: number
  }): Promise<{ readonly endpoints: readonly Endpoint[]; readonly validMs: number }> {
    const found = (await this.#options.resolver.addresses(name)).slice(0, ADDRESSES_MAX)
    const ttls = found.map(({ ttl }) => (ttl === undefined ? USUAL_MS : ttl * 1000))
    const validMs = Math.max(VALID_MIN_MS, Math.min(VALID_MAX_MS, ...ttls))
    return { endpoints: found.map(({ address }) => ({ address, port })), validMs }
  }

  #tell(): void {
    this.#options.named(this.#names.flatMap(({ found }) => found))
  }
}

function endpointOf({ address, port }: { address: string; port: number }): Endpoint {
  return { address, port }
}

/** Of one service, and of one name. */
const SERVICES_MAX = 32
const ADDRESSES_MAX = 16
/** Where DNS does not say how long its answer is good. */
const USUAL_MS = 60_000
const VALID_MIN_MS = 5000
const VALID_MAX_MS = 3_600_000
const RETRY_MIN_MS = 2000
const RETRY_MAX_MS = 300_000
const FAILURES_MAX = 8
