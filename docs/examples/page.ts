/** A page on the bus: asks for its key once, and shows what comes. Bundle it for browsers. */
import { connect } from 'sixcast'
import { openVault } from 'sixcast/vault'

const vault = await openVault()
const kept = (await vault.read('home')) ?? (await vault.keep({ realm: 'home', key: ask() }))
const bus = await connect({ ...kept, relay: 'wss://relay.example.org', name: 'wall display' })

for await (const { topic, value } of bus.subscribe('home/**')) show(topic, value)

function ask(): string {
  return globalThis.prompt('The key of the realm, or a guest key') ?? ''
}

function show(topic: string, value: unknown): void {
  const line = globalThis.document.createElement('p')
  line.textContent = `${topic}: ${String(value)}`
  globalThis.document.body.append(line)
}
