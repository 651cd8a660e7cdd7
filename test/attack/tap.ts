/** An outsider's ear and mouth on a memory network: hears everything, sends anything anywhere. */
import type { Bus, ConnectOptions } from '../../bus/api/options.ts'
import { connectOver } from '../../bus/io/connect.ts'
import { memoryNetwork } from '../../bus/io/memory.ts'
import type { Transport } from '../../bus/io/transport.ts'
import type { Random } from '../../bus/testing/random.ts'

export interface Overheard {
  /** Undefined for unicast. */
  readonly group: string | undefined
  readonly datagram: Uint8Array
}

export class Segment implements AsyncDisposable {
  readonly heard: Overheard[] = []
  readonly groups = new Set<string>()
  /** How many datagrams are kept. */
  keep = 2000
  readonly #network = memoryNetwork({ lose: ({ group, datagram }) => this.#hear(group, datagram) })
  readonly #buses: Bus[] = []
  readonly #taps: Transport[] = []

  async bus(options: ConnectOptions = {}): Promise<Bus> {
    const key = options.open ? {} : { key: new Uint8Array(32).fill(5) }
    const bus = await connectOver(this.#network.transport(), { realm: 'siege', ...key, ...options })
    this.#buses.push(bus)
    return bus
  }

  /** Another address to send from. */
  async tap(): Promise<Transport> {
    const transport = this.#network.transport()
    await transport.open({ datagram: () => undefined, event: () => undefined })
    this.#taps.push(transport)
    return transport
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#buses.map((bus) => bus.close({ linger: 0 })))
    await Promise.all(this.#taps.map((tap) => tap.close()))
  }

  #hear(group: string | undefined, datagram: Uint8Array): boolean {
    if (group !== undefined) this.groups.add(group)
    if (this.heard.length < this.keep) this.heard.push({ group, datagram })
    return false
  }
}

/** Sends made-up datagrams to every group there is, some in each turn, until it is stopped. */
export async function flood(
  segment: Segment,
  make: (random: Random, count: number) => Uint8Array,
  terms: { readonly random: Random; readonly perTurn: number; readonly taps?: number },
): Promise<{ fallen: (least: number) => Promise<void>; stop: () => Promise<number> }> {
  const taps = await Promise.all(Array.from({ length: terms.taps ?? 1 }, () => segment.tap()))
  let [running, count] = [true, 0]
  const flooding = (async () => {
    while (running) {
      for (let i = 0; i < terms.perTurn; i++) {
        const groups = [...segment.groups]
        const tap = taps[count % taps.length]!
        tap.send(groups[count % groups.length]!, make(terms.random, count++))
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  return {
    fallen: async (least) => {
      while (count < least) await new Promise((resolve) => setImmediate(resolve))
    },
    stop: async () => {
      running = false
      await flooding
      return count
    },
  }
}
