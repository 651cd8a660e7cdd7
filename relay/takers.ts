/** Which links of peers are given a datagram. */
import { readHeader } from '../bus/core/wire/packet.ts'
import type { Crossing } from './crossing.ts'
import type { LinkGroups } from './link-groups.ts'

export class Takers {
  readonly #links: LinkGroups
  readonly #crossing: Pick<Crossing, 'rungs' | 'linksOf'>

  constructor(links: LinkGroups, crossing: Pick<Crossing, 'rungs' | 'linksOf'>) {
    this.#links = links
    this.#crossing = crossing
  }

  /** The links that have joined the group, but those whose peers have the packet by themselves. */
  of(group: string, datagram: Uint8Array): readonly number[] {
    const { instance } = readHeader(datagram)
    const ports = this.#links.members(group)
    return ports.filter((port) => this.#crossing.rungs.takes(port, instance))
  }

  /** The links of that port: the one that has it, and those of peers who have it elsewhere. */
  at(port: number): readonly number[] {
    const own = this.#links.isLink(port) ? [port] : []
    return [...own, ...this.#crossing.linksOf(port)]
  }
}
