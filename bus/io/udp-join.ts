/** The group memberships of one interface, spread over sockets that are never read. */
import type { Socket } from 'node:dgram'
import type { NetworkInterface } from './interfaces.ts'
import { closeSocket, openSocket, systemCode } from './udp-socket.ts'

/**
 * The kernel pays for memberships from a small budget of each socket (net.core.optmem_max), so
 * one socket holds a few hundred. The sockets have ports of their own: a membership is the
 * interface's, and the one socket that reads the shared port hears all of them.
 */
export class Memberships {
  readonly #interface: NetworkInterface
  readonly #holders: Holder[] = []
  readonly #holderByGroup = new Map<string, Holder>()

  constructor(by: NetworkInterface) {
    this.#interface = by
  }

  has(group: string): boolean {
    return this.#holderByGroup.has(group)
  }

  /** Throws the system's error. */
  join(group: string): void {
    if (this.#holderByGroup.has(group)) return
    let holder = this.#roomy()
    if (!this.#add(holder, group)) {
      // The budget is smaller than we thought: this socket is full, a fresh one decides.
      holder.full = true
      holder = this.#roomy()
      if (!this.#add(holder, group)) {
        this.#release(holder)
        throw Object.assign(new Error('no memory for a membership'), { code: 'ENOMEM' })
      }
    }
    this.#holderByGroup.set(group, holder)
  }

  leave(group: string): void {
    const holder = this.#holderByGroup.get(group)
    if (holder === undefined) return
    this.#holderByGroup.delete(group)
    holder.size -= 1
    holder.full = false
    this.#drop(holder, group)
    if (holder.size === 0) this.#release(holder)
  }

  /** Makes the kernel report the membership again, at once. */
  rejoin(group: string): void {
    const holder = this.#holderByGroup.get(group)
    if (holder === undefined) return this.join(group)
    this.#drop(holder, group)
    try {
      holder.socket.addMembership(group, this.#zone)
    } catch (error) {
      this.#holderByGroup.delete(group)
      holder.size -= 1
      throw error
    }
  }

  async close(): Promise<void> {
    this.#holderByGroup.clear()
    await Promise.all(this.#holders.splice(0).map(({ socket }) => closeSocket(socket)))
  }

  /** False when the socket's budget is used up. */
  #add(holder: Holder, group: string): boolean {
    try {
      holder.socket.addMembership(group, this.#zone)
    } catch (error) {
      const code = systemCode(error)
      if (code === 'ENOMEM' || code === 'ENOBUFS') return false
      if (code !== 'EADDRINUSE') {
        if (holder.size === 0) this.#release(holder)
        throw error
      }
    }
    holder.size += 1
    return true
  }

  #drop(holder: Holder, group: string): void {
    try {
      holder.socket.dropMembership(group, this.#zone)
    } catch {
      // The interface has gone and has taken the membership with it.
    }
  }

  #roomy(): Holder {
    const roomy = this.#holders.find((holder) => !holder.full && holder.size < groupsMax)
    if (roomy !== undefined) return roomy
    const opened = { socket: openSocket(), size: 0, full: false }
    this.#holders.push(opened)
    return opened
  }

  #release(holder: Holder): void {
    this.#holders.splice(this.#holders.indexOf(holder), 1)
    holder.socket.close()
  }

  /** By name: sockets take a zone they do not know without complaint and join by default. */
  get #zone(): string {
    return `::%${this.#interface.zone}`
  }
}

interface Holder {
  readonly socket: Socket
  size: number
  full: boolean
}

/** Below the 365 that fit where net.core.optmem_max is 20 kB, the default of older kernels. */
const groupsMax = 256
