/**
 * The link of one process to a relay in the simulator: records in order, with a delay, until it breaks.
 *
 * What was on its way when it broke is lost, both ways.
 */
import type { Endpoint } from '../../bus/core/output.ts'
import type { LinkRecord } from '../../bus/core/wire/link.ts'
import type { Act, Process } from './process.ts'
import type { World } from './world.ts'

/** A relay, as a link sees it. */
export interface LinkEnd {
  /** A port for the link; 0 while the relay is not there. */
  opened(link: SimLink): number
  closed(port: number): void
  record(port: number, record: LinkRecord): void
}

export class SimLink {
  readonly process: Process
  readonly #world: World
  readonly #relay: LinkEnd
  readonly #groups = new Set<string>()
  #port = 0
  /** Counts links: what was sent by an earlier one does not arrive. */
  #life = 0

  constructor(world: World, process: Process, relay: LinkEnd) {
    this.#world = world
    this.process = process
    this.#relay = relay
    for (const group of process.groups) this.#groups.add(group)
    world.network.detours.set(process, (act) => this.#act(act))
  }

  /** Nothing passes any more until it is opened again. */
  cut(): void {
    this.#life += 1
    if (this.#port !== 0) this.#relay.closed(this.#port)
    this.#port = 0
    if (this.process.alive) this.process.command((peer, now) => peer.pathLost(now))
  }

  /** Each time with another private port. */
  open(): void {
    if (this.#port !== 0 || !this.process.alive) return
    this.#port = this.#relay.opened(this)
    if (this.#port === 0) return
    this.#up({ type: 'join', groups: [...this.#groups] })
    this.process.command((peer, now) => peer.pathChanged(now, this.#port))
  }

  down(datagram: Uint8Array, from: Endpoint): void {
    this.#later(() => this.process.receive(datagram, from))
  }

  #act(act: Act): void {
    switch (act.type) {
      case 'transmit': {
        const { to, datagram } = act
        if (typeof to === 'string') return this.#up({ type: 'multicast', group: to, datagram })
        return this.#up({ type: 'unicast', to, datagram })
      }
      case 'join':
        this.#groups.add(act.group)
        break
      case 'leave':
        this.#groups.delete(act.group)
        break
      case 'rejoin':
        break
    }
    this.#up({ type: act.type, groups: [act.group] })
  }

  #up(record: LinkRecord): void {
    const port = this.#port
    this.#later(() => this.#relay.record(port, record))
  }

  #later(then: () => void): void {
    const life = this.#life
    if (this.#port === 0) return
    this.#world.schedule.after(LINK_MS, () => {
      if (life === this.#life) then()
    })
  }
}

const LINK_MS = 5
