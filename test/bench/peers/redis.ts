/** Redis: Debian's redis-server and its own client, which pipelines; nothing is written to disk. */
import type { Contestant, Where } from './contestant.ts'
import { load } from './package.ts'

interface Redis {
  readonly createClient: (options: { socket: { host: string; port: number } }) => {
    connect(): Promise<unknown>
    publish(channel: string, payload: Buffer): Promise<number>
    subscribe(channel: string, listener: (payload: Buffer) => void, buffers: true): Promise<void>
    destroy(): void
    on(event: 'error', listener: (error: Error) => void): void
  }
}

export const redis: Contestant = {
  label: 'open, broker, TCP',
  broker: {
    command: 'redis-server',
    debian: 'redis-server',
    args: ({ address, port }) => `--bind ${address} --port ${port} ${SETTINGS}`.split(' '),
  },
  async publisher(where) {
    const client = await dial(where)
    return {
      turn: (payloads) => {
        // Not awaited: it sends what waits in one go. What fails is missed, and counted so.
        for (const payload of payloads) client.publish('bench', payload as Buffer).catch(ignore)
      },
      close: () => client.destroy(),
    }
  },
  async subscriber(where, heard) {
    const client = await dial(where)
    await client.subscribe('bench', heard, true)
    return { close: () => client.destroy() }
  },
}

async function dial({ address, port }: Where): Promise<ReturnType<Redis['createClient']>> {
  const { createClient } = await load<Redis>('@redis/client')
  const client = createClient({ socket: { host: address, port } })
  // Its broker ends before it does.
  client.on('error', ignore)
  await client.connect()
  return client
}

function ignore(): void {}

/** Of the server: nobody is cut off for being slow, and nothing is saved. */
const SETTINGS =
  '--protected-mode no --appendonly no --save --client-output-buffer-limit pubsub 0 0 0'
