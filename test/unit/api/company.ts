/** Buses on one memory network that know each other, and waiting for what must come. */
import { afterEach } from 'vitest'
import type { Bus, BusEvent, ConnectOptions, Message } from '../../../bus/api/options.ts'
import { connectOver } from '../../../bus/io/connect.ts'
import { type MemoryOptions, memoryNetwork } from '../../../bus/io/memory.ts'

const open: Bus[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close({ linger: 0 })))
})

export const key: Uint8Array = new Uint8Array(32).fill(5)

/** Opens further buses on the same network. */
export type Join = (options?: ConnectOptions) => Promise<Bus>

export function network(options: MemoryOptions = {}): Join {
  const wires = memoryNetwork(options)
  return async (given = {}) => {
    const secret = given.open ? {} : { key }
    const bus = await connectOver(wires.transport(), { realm: 'test', ...secret, ...given })
    open.push(bus)
    return bus
  }
}

/** Two buses, each of which has heard of the other. */
export async function pair(options: ConnectOptions = {}): Promise<readonly [Bus, Bus]> {
  const join = network()
  const [a, b] = [await join(options), await join(options)]
  await acquainted(a, b)
  return [a, b]
}

/** Resolves when each of them has all others in its presence. */
export async function acquainted(...buses: readonly Bus[]): Promise<void> {
  const waits = buses.flatMap((bus) =>
    buses.filter((other) => other !== bus).map((other) => present(bus, other)),
  )
  await Promise.all(waits)
}

async function present(bus: Bus, other: Bus): Promise<void> {
  const changes = bus.presence.watch()
  if (bus.presence.get(other.id)) return
  for await (const { type, peer } of changes) if (type === 'join' && peer.id === other.id) return
}

/** The first `count` items of an iterable, which is then left. */
export async function first<T>(count: number, items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) {
    found.push(item)
    if (found.length >= count) break
  }
  return found
}

export async function values(
  count: number,
  messages: AsyncIterable<Pick<Message, 'value'>>,
): Promise<unknown[]> {
  return (await first(count, messages)).map(({ value }) => value)
}

/** The next event of a type; ask before what brings it. */
export async function event<T extends BusEvent['type']>(
  bus: Bus,
  type: T,
): Promise<Extract<BusEvent, { type: T }>> {
  for await (const one of bus.events()) {
    if (one.type === type) return one as Extract<BusEvent, { type: T }> // by the comparison
  }
  throw new Error(`the bus closed before an event of type ${type}`)
}
