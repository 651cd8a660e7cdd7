/** Relays, buses and links of one unit test, closed after it. */
import { afterEach } from 'vitest'
import { type Bus, connect, type ConnectOptions } from '../../../bus/index.ts'
import { type Relay, type RelayOptions, serve } from '../../../relay/index.ts'
import { counting } from '../core/crypto.ts'
import { LinkPeer } from './link-peer.ts'

export const realm = 'lab'
/** For what must come, on a busy machine as well. */
export const WAIT = { timeout: 8000 }
export const key: Uint8Array = counting(32)
/** What is open: closed in reverse order. */
export const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

/** A relay without a network. */
export async function relayWith(
  options: RelayOptions = {},
): Promise<Relay & { readonly url: string }> {
  const own = { realm, key, listen: '[::1]:0', multicast: false }
  const relay = await serve({ ...own, ...options })
  open.push(relay)
  return relay as Relay & { readonly url: string } // it listens by itself
}

export async function busAt(
  relay: string | readonly string[],
  options: ConnectOptions = {},
): Promise<Bus> {
  const bus = await connect({ realm, key, relay, multicast: false, linger: 200, ...options })
  open.push(bus)
  return bus
}

export async function linkAt(url: string, port = 0): Promise<LinkPeer> {
  const link = await LinkPeer.open(url, { name: realm, root: key }, { port })
  open.push(link)
  return link
}
