/** A peer, and members whose packets come to it by unicast or by multicast: what it sends where. */
import type { Endpoint } from '../../../bus/core/output.ts'
import { bodyOf, Kind, readHeader, splitDatagram } from '../../../bus/core/wire/packet.ts'
import { readControl } from '../../../bus/core/wire/control.ts'
import type { Place } from '../../../bus/core/wire/places.ts'
import type { Member } from '../../fuzz/member.ts'
import { Attack } from './attacking.ts'
import { controlBytes } from './wire/any.ts'

export const OTHER_PORT = 2000

/** A place by its number, or another address. */
type Where = number | { readonly address: string }

export class Reaching {
  readonly attack: Attack
  /** What has left by unicast: to whom, and of which kind. */
  readonly sent: { readonly to: string; readonly kind: number; readonly size: number }[] = []
  /** Packets to groups, and what the program was told of ways. */
  toGroups = 0
  hellosToGroups = 0
  /** Pages of bindings that have left to groups. */
  bindingsToGroups = 0
  readonly told: string[] = []
  /** Why copies have begun, or ceased. */
  reason = ''
  /** Where others are, as it has told everybody. */
  readonly places: (readonly Place[])[] = []
  /** What it has said, to one alone, that it wants. */
  readonly wants: { readonly to: string; readonly validMs: number; groups: readonly string[] }[] =
    []
  readonly #tokens = new Map<string, bigint>()

  constructor(limits = {}) {
    // Open, so that what leaves can be read.
    this.attack = new Attack(limits, { open: true })
    const { target } = this.attack
    target.watch = (to, datagram) => this.#see(to, datagram)
    target.notice = (output) => {
      if (output.type === 'way') this.told.push(`${output.path}: ${output.reason}`)
      if (output.type === 'unicast') this.told.push(`in use ${output.inUse}`)
      if (output.type === 'unicast') this.reason = output.reason
    }
    this.attack.wait(400)
  }

  name(...endpoints: readonly Endpoint[]): this {
    const { target, now } = this.attack
    target.peer.name(now, endpoints)
    return this.wait(1)
  }

  wait(ms: number): this {
    this.attack.wait(ms)
    return this
  }

  hear(datagram: Uint8Array, place: Where, rung: 'multicast' | 'unicast' = 'unicast'): this {
    const { target, now } = this.attack
    target.advance(now)
    target.hear(now, datagram, { address: addressOf(place), port: OTHER_PORT, rung })
    return this
  }

  /** A member that is known, whose hello has come by unicast. */
  known(place: number): Member {
    const member = this.attack.stranger()
    for (let i = 0; i < 2; i++) {
      const echoes = [this.attack.target.challenge]
      this.hear(member.hello({ echoes }), place).wait(100)
    }
    return member
  }

  /** The same, when it has echoed the token. */
  met(place: number): Member {
    const member = this.known(place)
    return (this.report(member, place, { multicast: false }), member)
  }

  /** A report with the token that has last gone to that place. */
  report(
    member: Member,
    place: Where,
    about: { to?: bigint; multicast: boolean; token?: bigint },
  ): this {
    const { to: target = this.attack.target.peer.instance, multicast, token = 5n } = about
    const echo = this.#tokens.get(addressOf(place)) ?? 0n
    const record = { type: 'reach', target, multicast, token, echo } as const
    return this.hear(member.control(controlBytes(record)), place)
  }

  /** Both hear each other by multicast for so long. */
  together(member: Member, place: number, ms: number): this {
    for (let passed = 0; passed < ms; passed += 500) {
      const beacon = { type: 'beacon', intervalMs: 750, streamCount: 0 } as const
      this.hear(member.control(controlBytes(beacon)), place, 'multicast')
      this.report(member, place, { multicast: true }).wait(500)
    }
    return this
  }

  /** What has left since the last call. */
  since(): { copies: number; hellos: string[] } {
    const all = this.sent.splice(0)
    const hellos = all.filter(({ kind }) => kind === Kind.hello).map(({ to }) => to)
    return { copies: all.length - hellos.length, hellos }
  }

  #note(datagram: Uint8Array): void {
    if (readHeader(datagram).kind === Kind.hello) this.hellosToGroups += 1
    if (readHeader(datagram).kind !== Kind.control) return
    readControl(bodyOf(datagram), (record) => {
      if (record.type === 'bindings') this.bindingsToGroups += 1
      if (record.type === 'places') this.places.push(record.entries)
    })
  }

  #see(to: string | Endpoint, datagram: Uint8Array): void {
    if (typeof to === 'string') {
      this.toGroups += 1
      this.#note(datagram)
    } else {
      splitDatagram(datagram, (packet) => {
        const { kind } = readHeader(packet)
        this.sent.push({ to: `${to.address} ${to.port}`, kind, size: datagram.length })
        if (kind !== Kind.control) return
        readControl(bodyOf(packet), (record) => {
          if (record.type === 'reach') this.#tokens.set(to.address, record.token)
          if (record.type === 'interest') this.wants.push({ to: to.address, ...record })
        })
      })
    }
  }
}

export function addressOf(place: Where): string {
  return typeof place === 'number' ? `2001:db8::${place}` : place.address
}

export function endpoint(place: number): Endpoint {
  return { address: addressOf(place), port: OTHER_PORT }
}
