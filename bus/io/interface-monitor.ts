/** Watches the interfaces in use by looking once a second, and tells what has changed. */
import type { NetworkInterface } from './interfaces.ts'

export interface InterfaceChange {
  /**
   * `up`: new, back, or chosen now. `down`: gone, down, without carrier, or not chosen any more.
   * `recreated`: the same name with another number, so that memberships are lost.
   * `addresses`: sockets may hold a source address that is gone.
   */
  readonly type: 'up' | 'down' | 'recreated' | 'addresses'
  /** As it is now; for `down` as it was. */
  readonly interface: NetworkInterface
}

export interface MonitorOptions {
  /** The interfaces that should be in use now; undefined when that cannot be told. */
  readonly look: () => readonly NetworkInterface[] | undefined
  readonly report: (change: InterfaceChange) => void
  readonly everyMs?: number
  /** Tests run the looks by hand. */
  readonly timer?: RepeatTimer
}

/** Calls back again and again until the function it returns is called. */
export type RepeatTimer = (callback: () => void, everyMs: number) => () => void

export class InterfaceMonitor {
  readonly #options: MonitorOptions
  readonly #stop: () => void
  #known: ReadonlyMap<string, NetworkInterface>

  constructor(known: readonly NetworkInterface[], options: MonitorOptions) {
    this.#options = options
    this.#known = byName(known)
    const { timer = unreferencedTimer, everyMs = pollMs } = options
    this.#stop = timer(() => this.look(), everyMs)
  }

  /** Looks now; what is gone is reported before what is new. */
  look(): void {
    const { look, report } = this.#options
    const before = this.#known
    const now = look()
    if (now === undefined) return
    this.#known = byName(now)
    for (const [name, old] of before) {
      if (!this.#known.has(name)) report({ type: 'down', interface: old })
    }
    for (const [name, current] of this.#known) {
      const type = difference(before.get(name), current)
      if (type !== undefined) report({ type, interface: current })
    }
  }

  close(): void {
    this.#stop()
  }
}

function difference(
  before: NetworkInterface | undefined,
  now: NetworkInterface,
): InterfaceChange['type'] | undefined {
  if (before === undefined) return 'up'
  if (before.index !== now.index) return 'recreated'
  return sameSet(before.addresses, now.addresses) ? undefined : 'addresses'
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value) => b.includes(value))
}

function byName(all: readonly NetworkInterface[]): ReadonlyMap<string, NetworkInterface> {
  return new Map(all.map((one) => [one.name, one]))
}

/** Watching alone must not keep a process alive. */
function unreferencedTimer(callback: () => void, everyMs: number): () => void {
  const timer = setInterval(callback, everyMs).unref()
  return () => clearInterval(timer)
}

const pollMs = 1_000
