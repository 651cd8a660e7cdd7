/**
 * Finds interfaces that lie on one segment, so that only one of them sends.
 *
 * Every few seconds each interface says a random number to a link-local group on a port that only
 * this process listens to. Who hears on one interface what it said by another has both on one
 * segment: the source of a link-local datagram is written with the zone it came in by. Without
 * this every packet would cross such a segment once for each interface; receivers would drop the
 * copies, but the wire would carry them.
 */
import { randomBytes } from 'node:crypto'
import type { RemoteInfo, Socket } from 'node:dgram'
import type { NetworkInterface } from './interfaces.ts'
import { openSendSocket, openSocket } from './udp-socket.ts'

export class TwinFinder {
  readonly #changed: () => void
  #interfaces: readonly NetworkInterface[] = []
  #listener: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  /** What each interface said in this round and the last one, by the token. */
  readonly #saidBy = new Map<string, { readonly name: string; readonly round: number }>()
  /** Pairs of interface names, and the round they were last heard of. */
  readonly #pairs = new Map<string, number>()
  #round = 0
  #muted: ReadonlySet<string> = new Set()

  /** `changed` is called when another set of interfaces should be silent. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Interfaces whose segment another interface sends to already. */
  get muted(): ReadonlySet<string> {
    return this.#muted
  }

  /** The interfaces in use have changed: everybody sends until twins are found again. */
  watch(interfaces: readonly NetworkInterface[]): void {
    this.close()
    this.#interfaces = interfaces.filter((one) => one.linkLocal && !one.loopback)
    if (this.#interfaces.length < 2) return
    try {
      this.#listener = openSocket()
      for (const { zone } of this.#interfaces) this.#listener.addMembership(GROUP, `::%${zone}`)
    } catch {
      return // Without the probe everybody sends: copies, no loss.
    }
    this.#listener.on('message', (bytes, from) => this.#hear(bytes, from))
    this.#say()
    this.#timer = setInterval(() => this.#say(), ROUND_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#listener?.close()
    this.#listener = undefined
    this.#saidBy.clear()
    this.#pairs.clear()
    this.#settle()
  }

  #say(): void {
    this.#round += 1
    for (const [token, { round }] of this.#saidBy) {
      if (round < this.#round - 1) this.#saidBy.delete(token)
    }
    for (const [pair, round] of this.#pairs) {
      if (round < this.#round - ROUNDS_KEPT) this.#pairs.delete(pair)
    }
    this.#settle()
    for (const one of this.#interfaces) this.#sayBy(one)
  }

  #sayBy(one: NetworkInterface): void {
    const { port } = this.#listener!.address()
    const token = randomBytes(TOKEN_SIZE)
    this.#saidBy.set(token.toString('hex'), { name: one.name, round: this.#round })
    try {
      const socket = openSendSocket(one, 1)
      socket.send(token, port, `${GROUP}%${one.zone}`, () => socket.close())
    } catch {
      // An interface that cannot send now is asked again in the next round.
    }
  }

  #hear(bytes: Uint8Array, from: RemoteInfo): void {
    const said = this.#saidBy.get(Buffer.from(bytes).toString('hex'))
    const zone = from.address.split('%')[1]
    const heard = this.#interfaces.find((one) => one.zone === zone)
    if (!said || !heard || heard.name === said.name) return
    this.#pairs.set([said.name, heard.name].sort().join(' '), this.#round)
    this.#settle()
  }

  /** Of the interfaces of one segment the one with the lowest number goes on sending. */
  #settle(): void {
    const muted = new Set<string>()
    for (const [at, one] of this.#interfaces.entries()) {
      const before = this.#interfaces.slice(0, at)
      const twin = before.some(({ name }) => this.#pairs.has([name, one.name].sort().join(' ')))
      if (twin) muted.add(one.name)
    }
    const same =
      muted.size === this.#muted.size && [...muted].every((name) => this.#muted.has(name))
    this.#muted = muted
    if (!same) this.#changed()
  }
}

/** Link-local whatever the bus's scope is: only then does the source carry a zone. */
const GROUP = 'ff12::8006:ca57'
const TOKEN_SIZE = 16
const ROUND_MS = 5000
/** Rounds without an echo after which two interfaces count as apart again. */
const ROUNDS_KEPT = 2
