/**
 * The port of `::1` at which newcomers find this process on a host without multicast: one of a few
 * that all processes of the realm know, if one is free. It is looked for until it is had, so that
 * when a process dies another one takes its port.
 */
import type { Socket } from 'node:dgram'
import type { Env } from '../core/env.ts'
import { hubPorts } from '../core/path/hub.ts'
import { RealmKeys } from '../core/seal/keys.ts'
import type { Clock } from './clock.ts'
import { realmOptions } from './realm-keys.ts'
import type { Settings } from './settled.ts'
import { closeSocket, openSocket, systemCode } from './udp-socket.ts'

export interface HubPortOptions {
  readonly ports: readonly number[]
  readonly clock: Pick<Clock, 'after'>
  /** What has come there. */
  readonly datagram: (bytes: Uint8Array, from: { address: string; port: number }) => void
  /** It has a port now. */
  readonly taken: () => void
}

export class HubPort {
  readonly #options: HubPortOptions
  #socket: Socket | undefined
  #isOpen = false
  #cancel: (() => void) | undefined

  constructor(options: HubPortOptions) {
    this.#options = options
  }

  /** 0 while there is none. */
  get port(): number {
    return this.#socket?.address().port ?? 0
  }

  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#look()
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#cancel?.()
    const socket = this.#socket
    this.#socket = undefined
    if (socket) await closeSocket(socket)
  }

  #look(): void {
    for (const port of this.#options.ports) {
      this.#socket = bound(port)
      if (this.#socket) break
    }
    if (!this.#socket) {
      this.#cancel = this.#options.clock.after(LOOK_MS, () => this.#look())
      return
    }
    this.#socket.on('message', (bytes, { address, port }) => {
      this.#options.datagram(bytes, { address, port })
    })
    this.#options.taken()
  }
}

/** Undefined where it cannot be had, mostly since another process has it. */
function bound(port: number): Socket | undefined {
  try {
    return openSocket({ address: LOOPBACK, port })
  } catch {
    return undefined
  }
}

/** Why nothing can be bound on this host alone; undefined: it can. */
export function loopbackFault(): string | undefined {
  try {
    openSocket({ address: LOOPBACK }).close()
    return undefined
  } catch (error) {
    return systemCode(error)
  }
}

/** The ports that all processes of the realm know. */
export function hubPortsOf(settings: Settings, { crypto }: Pick<Env, 'crypto'>): number[] {
  const { realm, port } = settings
  const keys = new RealmKeys(crypto, realmOptions(realm, settings))
  return hubPorts((label) => keys.groupBytes(label), port)
}

export const LOOPBACK = '::1'
const LOOK_MS = 500
