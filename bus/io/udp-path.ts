/** One interface in use: its memberships and its send sockets. */
import type { NetworkInterface } from './interfaces.ts'
import type { FastPath } from '../native/fast-path.ts'
import { GroupSender } from './udp-send.ts'
import { systemCode } from './udp-socket.ts'

/** The memberships of one interface; `join` and `rejoin` throw the system's error. */
export interface GroupMemberships {
  join(group: string): void
  leave(group: string): void
  rejoin(group: string): void
  close(): Promise<void>
}

export interface PathOptions {
  readonly interface: NetworkInterface
  readonly memberships: GroupMemberships
  readonly port: number
  readonly hops: number
  readonly hostOnly: boolean
  readonly fast?: FastPath | undefined
  readonly changed: (reason: string | undefined) => void
  readonly refused: (code: string) => void
  readonly warn: (message: string) => void
}

export class UdpPath {
  readonly interface: NetworkInterface
  readonly sender: GroupSender
  readonly #name: string
  readonly #memberships: GroupMemberships
  readonly #warn: (message: string) => void
  /** Joins that failed: tried again until they succeed. */
  readonly #missing = new Set<string>()

  constructor(options: PathOptions) {
    this.interface = options.interface
    this.#name = options.interface.name
    this.#memberships = options.memberships
    this.#warn = options.warn
    this.sender = new GroupSender(options)
  }

  join(group: string): void {
    this.#try(group, () => this.#memberships.join(group))
  }

  leave(group: string): void {
    this.#missing.delete(group)
    this.#memberships.leave(group)
  }

  rejoin(group: string): void {
    this.#try(group, () => this.#memberships.rejoin(group))
  }

  /** Called now and then: goes on only while the system lets it, so a full table costs one call. */
  retry(): void {
    for (const group of this.#missing) {
      this.join(group)
      if (this.#missing.has(group)) return
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#memberships.close(), this.sender.close()])
  }

  #try(group: string, join: () => void): void {
    try {
      join()
      this.#missing.delete(group)
    } catch (error) {
      // One line for a thousand failed groups; the next one after all have been joined.
      if (this.#missing.size === 0) this.#warn(this.#complaint(group, error))
      this.#missing.add(group)
    }
  }

  #complaint(group: string, error: unknown): string {
    const code = systemCode(error)
    const mend =
      code === 'ENOMEM' || code === 'ENOBUFS'
        ? 'as root: sysctl -w net.core.optmem_max=131072'
        : code === 'EMFILE' || code === 'ENFILE'
          ? 'raise `ulimit -n`'
          : 'it is tried again every second'
    return `cannot join ${group} on ${this.#name}: ${code}; ${mend}`
  }
}
