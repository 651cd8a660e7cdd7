/**
 * Makes a great many processes know each other without all hellos to all of them.
 *
 * A hello answers 32 others, so n peers that start at once need n * n / 32 hellos, each of which
 * everybody hears. Where a world is not about that, they meet in rounds: in each one, one set of
 * 32 says hello to one other set, and to nobody else. All that is heard and said is real.
 */
import { HELLO_LIST_MAX } from '../../bus/core/wire/hello.ts'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import type { Host } from './host.ts'
import type { Process } from './process.ts'
import { check } from './violation.ts'
import { advance, type World } from './world.ts'

/** Has `launch` start the processes of the plan; afterwards all of them know each other. */
export function introduce<T>(world: World, launch: () => T): T {
  const sets = new Sets(world)
  world.network.passes = (host, bytes) => sets.pass(host, bytes)
  const launched = launch()
  for (sets.round = 0; sets.round < sets.count; sets.round++) {
    if (sets.round > 0) {
      for (const process of world.processes) {
        process.command((peer, now) => peer.pathChanged(now))
      }
    }
    const from = world.schedule.time
    while (!sets.haveMet()) {
      check(world.schedule.time < from + ROUND_MS, 'liveness', () => 'a set has not met another')
      advance(world, world.schedule.time + LOOK_MS)
    }
  }
  world.network.passes = () => true
  return launched
}

class Sets {
  round = 0
  readonly count: number
  readonly #world: World
  readonly #placesByInstance = new Map<bigint, number>()
  readonly #placesByHost = new Map<Host, number>()

  /** The datagram that is under way to one after the other, and who has sent it. */
  #bytes: Uint8Array | undefined
  #isHello = false
  #from: number | undefined

  constructor(world: World) {
    this.#world = world
    this.count = Math.ceil(world.plan.processes / HELLO_LIST_MAX)
  }

  /** Hellos to the set whose turn it is, and everything else among those who know each other. */
  pass(host: Host, bytes: Uint8Array): boolean {
    if (bytes !== this.#bytes) this.#look(bytes)
    const from = this.#from
    const to = this.#placesByHost.get(host)
    if (from === undefined || to === undefined) return true
    if (this.#isHello) return this.#mayMeet(from, to)
    const { processes, presence } = this.#world
    return presence.seenBy(processes[to]!).has(processes[from]!)
  }

  #look(bytes: Uint8Array): void {
    const { kind, instance } = readHeader(bytes)
    this.#bytes = bytes
    this.#isHello = kind === Kind.hello
    this.#from = this.#placeOf(instance)
  }

  haveMet(): boolean {
    const { processes, presence } = this.#world
    return processes.every((process, place) => {
      const seen = presence.seenBy(process)
      return this.#partnersOf(place).every((partner) => seen.has(partner))
    })
  }

  #placeOf(instance: bigint): number | undefined {
    const { processes } = this.#world
    // Who has been launched since the last look.
    for (let place = this.#placesByInstance.size; place < processes.length; place++) {
      const { peer, options } = processes[place]!
      this.#placesByInstance.set(peer.instance, place)
      this.#placesByHost.set(options.host, place)
    }
    return this.#placesByInstance.get(instance)
  }

  #mayMeet(one: number, other: number): boolean {
    return (setOf(one) + setOf(other)) % this.count === this.round % this.count
  }

  #partnersOf(place: number): Process[] {
    const { count } = this
    const set = (this.round - setOf(place) + count) % count
    const all = this.#world.processes.slice(set * HELLO_LIST_MAX, (set + 1) * HELLO_LIST_MAX)
    return all.filter((process) => process !== this.#world.processes[place])
  }
}

function setOf(place: number): number {
  return Math.floor(place / HELLO_LIST_MAX)
}

const LOOK_MS = 20
/** Answers to a hello come within 2 s. */
const ROUND_MS = 10_000
