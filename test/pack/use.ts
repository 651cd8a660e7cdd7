/** What a user's program says to the compiler: checked against the installed package, strictly. */
import { type Bus, BusError, connect, type Message, topic } from 'sixcast'
import { openLibrecast } from 'sixcast/librecast'
import { type Relay, serve } from 'sixcast/relay'
import { simulate, type Simulation } from 'sixcast/testing'
import { type Kept, openVault, type Vault } from 'sixcast/vault'

const temperature = topic('home/{room}/temperature')

export async function show(bus: Bus): Promise<string> {
  for await (const { params } of bus.subscribe(temperature)) return params.room
  return ''
}

export async function run(): Promise<void> {
  await using bus = await connect({ scope: 'host' })
  bus.publish('home/kitchen/temperature', 21, { delivery: 'latest' })
  // @ts-expect-error No such scope.
  await connect({ scope: 'moon' })
}

export async function relay(): Promise<Relay> {
  return serve({ listen: ':62278', admit: ({ identity }) => identity !== '' })
}

export const describe = (message: Message | BusError): string =>
  message instanceof BusError ? message.code : message.topic

export async function rehearse(): Promise<Simulation> {
  const net = simulate({ seed: 1, delay: [1, 5] })
  await net.until(show(await net.connect({ host: 'a' })), 1000)
  return net
}

export { openLibrecast }

export async function remember(key: string): Promise<Kept> {
  const vault: Vault = await openVault()
  return (await vault.read('home')) ?? (await vault.keep({ realm: 'home', key }))
}
