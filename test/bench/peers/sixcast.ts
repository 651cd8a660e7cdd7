/** sixcast itself, in each of its ways; the first of them is the headline. */
import { type Bus, connect, type ConnectOptions, type Delivery } from '../../../bus/index.ts'
import type { Contestant, Where } from './contestant.ts'

interface Way {
  readonly open: boolean
  readonly delivery: Delivery
  readonly native?: boolean
}

export function sixcast(way: Way): Contestant {
  const { open, delivery, native = true } = way
  return {
    label: `${open ? 'open' : 'sealed'}, ${delivery}, ${native ? 'native' : 'dgram'}`,
    async publisher(where) {
      const bus = await join(where, { open, native })
      return {
        turn: (payloads) => {
          for (const payload of payloads) bus.publish(TOPIC, payload, { delivery })
          return bus.ready
        },
        about: () => ({ ...bus.stats(), ...(native && { native: bus.native }) }),
        close: () => leave(bus),
      }
    },
    async subscriber(where, heard) {
      const bus = await join(where, { open, native })
      bus.subscribe(TOPIC, ({ value }) => heard(value as Uint8Array), { queue: QUEUE })
      return { close: () => leave(bus) }
    },
  }
}

function join(
  { place, port, key }: Where,
  { open, native }: { readonly open: boolean; readonly native: boolean },
): Promise<Bus> {
  const options: ConnectOptions = {
    ...(open ? { open } : { key: new Uint8Array(Buffer.from(key, 'hex')) }),
    realm: 'bench',
    scope: place === 'host' ? 'host' : 'link',
    port,
    native,
    rate: RATE,
  }
  return connect(options)
}

async function leave(bus: Bus): Promise<void> {
  await bus.close({ linger: 0 })
}

const TOPIC = 'bench'
/** More than the window of the benchmark: a subscriber's handler is never too late. */
const QUEUE = 100_000
/** Bytes a second: the window sets the pace, as it does for the others. */
const RATE = 10 ** 10
