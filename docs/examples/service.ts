/** A service that closes cleanly: it ends by SIGTERM or a signal of its own, and tells who missed. */
import { type Bus, connect } from 'sixcast'

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

const service = await connect({ name: 'greeter', linger: 5000 })
const client = await connect({ name: 'client' })

let served = 0
const jobs = service.subscribe<{ who: string }>('jobs/greet', async ({ value, from }) => {
  await greet(service, value.who)
  console.log(`served ${service.presence.get(from)?.name}`)
  if (++served === 2) stop.abort()
})
const greetings = client.subscribe<string>('greetings', ({ value }) => console.log(value))
client.publish('jobs/greet', { who: 'Ada' })
client.publish('jobs/greet', { who: 'Grace' })

await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
await jobs.close()
// Waits until the client has confirmed the last greeting, for 5 s at most.
const { unconfirmed, incomplete } = await service.close()
for (const peer of unconfirmed) console.log(`${peer.name} may have missed something`)
for (const { peer, lost } of incomplete) console.log(`${peer.name} has missed ${lost} messages`)
await greetings.close()
await client.close()

async function greet(bus: Bus, who: string): Promise<void> {
  await bus.ready
  bus.publish('greetings', `Hello, ${who}!`)
}

// Prints, in one order or another:
// Hello, Ada!
// Hello, Grace!
// served client
// served client
