/** NATS: Debian's nats-server and the client of its makers, plain TCP. */
import type { Contestant, Where } from './contestant.ts'
import { load } from './package.ts'

interface Nats {
  connect(options: { servers: string }): Promise<{
    publish(subject: string, payload: Uint8Array): void
    subscribe(
      subject: string,
      options: { callback: (error: Error | null, message: { data: Uint8Array }) => void },
    ): unknown
    flush(): Promise<void>
    close(): Promise<void>
  }>
}

export const nats: Contestant = {
  label: 'open, broker, TCP',
  broker: {
    command: 'nats-server',
    debian: 'nats-server',
    args: ({ address, port }) => ['-a', address, '-p', String(port)],
  },
  async publisher(where) {
    const client = await dial(where)
    return {
      turn: (payloads) => {
        for (const payload of payloads) client.publish('bench', payload)
      },
      close: () => client.close(),
    }
  },
  async subscriber(where, heard) {
    const client = await dial(where)
    client.subscribe('bench', { callback: (_error, { data }) => heard(data) })
    await client.flush()
    return { close: () => client.close() }
  },
}

async function dial({ address, port }: Where): ReturnType<Nats['connect']> {
  const client = await load<Nats>('@nats-io/transport-node')
  return client.connect({ servers: `[${address}]:${port}` })
}
