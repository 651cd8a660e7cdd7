/** zeromq by its Node binding: the publisher binds, and writes to each subscriber. */
import { join } from 'node:path'
import type { Contestant, Where } from './contestant.ts'
import { load } from './package.ts'

interface Zeromq {
  readonly Publisher: new (options: { sendHighWaterMark: number; ipv6: boolean }) => {
    bind(address: string): Promise<void>
    send(payload: Uint8Array): Promise<void>
    close(): void
  }
  readonly Subscriber: new (options: { receiveHighWaterMark: number; ipv6: boolean }) => {
    connect(address: string): void
    subscribe(): void
    close(): void
    [Symbol.asyncIterator](): AsyncIterator<Buffer[]>
  }
}

/** No high-water mark: nothing is dropped, and the benchmark's window bounds what waits. */
export const zeromq: Contestant = {
  label: 'open, no broker, a copy for each',
  async publisher(where) {
    const { Publisher } = await load<Zeromq>('zeromq')
    const socket = new Publisher({ sendHighWaterMark: 0, ipv6: true })
    await socket.bind(addressOf(where))
    return {
      turn: async (payloads) => {
        // Its socket takes the next message when the promise of the last one is settled.
        for (const payload of payloads) await socket.send(payload)
      },
      close: () => socket.close(),
    }
  },
  async subscriber(where, heard) {
    const { Subscriber } = await load<Zeromq>('zeromq')
    const socket = new Subscriber({ receiveHighWaterMark: 0, ipv6: true })
    socket.connect(addressOf(where))
    socket.subscribe()
    void (async () => {
      for await (const [payload] of {
        [Symbol.asyncIterator]: () => socket[Symbol.asyncIterator](),
      })
        heard(payload!)
    })()
    return { close: () => socket.close() }
  },
}

/** On one host by a socket with a path, which is its quickest way there. */
function addressOf({ place, folder, address, port }: Where): string {
  return place === 'host' ? `ipc://${join(folder, 'zeromq')}` : `tcp://[${address}]:${port}`
}
