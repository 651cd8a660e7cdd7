/** MQTT: Debian's mosquitto and the client `mqtt`, at quality of service 0, its quickest. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant, Where } from './contestant.ts'
import { load } from './package.ts'

interface Mqtt {
  readonly default: {
    connectAsync(url: string): Promise<{
      publish(topic: string, payload: Buffer, options: { qos: 0 }): void
      subscribeAsync(topic: string): Promise<unknown>
      on(event: 'message', listener: (topic: string, payload: Buffer) => void): void
      end(force: boolean): void
    }>
  }
}

export const mqtt: Contestant = {
  label: 'open, broker, QoS 0',
  broker: {
    command: 'mosquitto',
    debian: 'mosquitto',
    args: ({ address, port, folder }) => {
      const file = join(folder, 'mosquitto.conf')
      const lines = [
        `listener ${port} ${address}`,
        'allow_anonymous true',
        'max_queued_messages 0',
        'set_tcp_nodelay true',
        'persistence false',
        'log_dest none',
      ]
      writeFileSync(file, `${lines.join('\n')}\n`)
      return ['-c', file]
    },
  },
  async publisher(where) {
    const client = await dial(where)
    return {
      turn: (payloads) => {
        for (const payload of payloads) client.publish('bench', payload as Buffer, { qos: 0 })
      },
      close: () => client.end(true),
    }
  },
  async subscriber(where, heard) {
    const client = await dial(where)
    client.on('message', (_topic, payload) => heard(payload))
    await client.subscribeAsync('bench')
    return { close: () => client.end(true) }
  },
}

async function dial({ address, port }: Where): ReturnType<Mqtt['default']['connectAsync']> {
  const { default: client } = await load<Mqtt>('mqtt')
  return client.connectAsync(`mqtt://[${address}]:${port}`)
}
