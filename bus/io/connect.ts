/** Connects on Node: by multicast, by a link, or over any transport. */
import type { Bus, ConnectOptions } from '../api/options.ts'
import { keeping } from './epoch-files.ts'
import { fileWork as files } from './files/work.ts'
import { following, PeerCredentials } from './link-credentials.ts'
import { openBus, type Opening } from './open.ts'
import type { Settings } from './settled.ts'
import { settle } from './settings.ts'
import { nodeSystem } from './system.ts'
import type { Transport } from './transport.ts'
import { udpTransport } from './udp.ts'

/**
 * Opens a bus. With no options: the user's own local realm at scope host, which never leaves the
 * machine. Rejects with NO_PATH, NO_INTERFACE, PORT_IN_USE, DENIED, INVALID_OPTION or INVALID_KEY.
 */
export async function connect(options: ConnectOptions = {}): Promise<Bus> {
  const settings = await settle(options)
  options.signal?.throwIfAborted()
  const { scope, interfaces, port, hops, relays } = settings
  if (relays.length > 0) return connectByRelay(settings, options)
  const transport = udpTransport({ scope, interfaces, port, hops })
  const system = await nodeSystem(settings.identity)
  return openBus(transport, { ...common(settings, options), path: 'multicast', system })
}

/** By a link to one of the relays. */
async function connectByRelay(settings: Settings, options: ConnectOptions): Promise<Bus> {
  // Who needs no relay shall not load what links are made of.
  const [{ linkTransport }, { nodeSockets }] = await Promise.all([
    import('./websocket.ts'),
    import('./ws-socket.ts'),
  ])
  const system = await nodeSystem(settings.identity)
  const credentials = new PeerCredentials(settings, system)
  const transport = linkTransport({ urls: settings.relays, credentials, sockets: nodeSockets })
  const { keep, ...more } = common(settings, options)
  const follow = following(credentials, transport, keep)
  return openBus(transport, { ...more, ...follow, path: 'relay', system })
}

/** The same over any transport, and in another system than the machine's if there is one. */
export async function connectOver(
  transport: Transport,
  options: ConnectOptions = {},
  system: typeof nodeSystem = nodeSystem,
): Promise<Bus> {
  const settings = await settle(options)
  const own = await system(settings.identity)
  return openBus(transport, { ...common(settings, options), path: 'memory', system: own })
}

/** What a bus on Node has, by whichever way it goes. */
function common(
  settings: Settings,
  options: ConnectOptions,
): Pick<Opening, 'settings' | 'options' | 'files' | 'keep'> {
  return { settings, options, files, keep: keeping(settings, options.keep) }
}
