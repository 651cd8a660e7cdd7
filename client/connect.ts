/** Connects in a page: always by a link to a relay. */
import type { KeptEpoch } from '../bus/api/epoch-options.ts'
import type { Bus, ConnectOptions } from '../bus/api/options.ts'
import { following, PeerCredentials } from '../bus/io/link-credentials.ts'
import { openBus } from '../bus/io/open.ts'
import { linkTransport } from '../bus/io/websocket.ts'
import { noFiles } from './absent.ts'
import { PageClock } from './clock.ts'
import { follow } from './lifecycle.ts'
import { settlePage } from './settings.ts'
import { pageSockets } from './socket.ts'
import { pageSystem } from './system.ts'

/**
 * Opens a bus over a link to a relay (option `relay`). Rejects with NO_PATH, DENIED, INVALID_OPTION
 * or INVALID_KEY.
 */
export async function connect(options: ConnectOptions = {}): Promise<Bus> {
  const clock = new PageClock()
  const settings = await settlePage(options)
  options.signal?.throwIfAborted()
  const system = await pageSystem(settings.identity, clock)
  const credentials = new PeerCredentials(settings, system)
  const sockets = pageSockets(clock)
  const transport = linkTransport({ urls: settings.relays, credentials, sockets })
  const over = new AbortController()
  const closed = (): void => {
    over.abort()
    clock.close()
  }
  const keep = async (kept: KeptEpoch): Promise<void> => options.keep?.(kept)
  const followed = following(credentials, transport, keep)
  const more = { path: 'relay' as const, system, files: noFiles, ...followed, closed }
  try {
    const bus = await openBus(transport, { settings, options, ...more })
    follow({ bus, transport, clock, system }, over.signal)
    return bus
  } catch (error) {
    closed()
    throw error
  }
}
