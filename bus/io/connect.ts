/** Connects on Node: by multicast, by a link, or over any transport. */
import type { Bus, ConnectOptions } from '../api/options.ts'
import { type FastPath, fastPath } from '../native/fast-path.ts'
import { keeping } from './epoch-files.ts'
import { fileWork as files } from './files/work.ts'
import { following, PeerCredentials } from './link-credentials.ts'
import { dnsResolver } from './dns.ts'
import { loggingKeys } from './key-log.ts'
import { HubTransport } from './hub.ts'
import { hubPortsOf } from './hub-port.ts'
import { lookUp } from './names.ts'
import { openBus, type Opening } from './open.ts'
import type { Settings } from './settled.ts'
import { settle } from './settings.ts'
import type { Clock } from './clock.ts'
import type { System } from './runtime.ts'
import { nodeSystem } from './system.ts'
import type { Transport } from './transport.ts'
import { udpTransport } from './udp.ts'
import { loopbackTransport, unicastTransport } from './udp-unicast.ts'
import type { Beside, LinkTransport } from './websocket.ts'

/**
 * Opens a bus. With no options: the user's own local realm at scope host, which never leaves the
 * machine. Rejects with NO_PATH, NO_INTERFACE, PORT_IN_USE, DENIED, INVALID_OPTION or INVALID_KEY.
 */
export async function connect(options: ConnectOptions = {}): Promise<Bus> {
  const settings = await settle(options)
  options.signal?.throwIfAborted()
  const { scope, interfaces, port, hops, relays, unicastPort } = settings
  const fast = await fastPath(options.native !== false)
  const waits = scope === 'host' && interfaces === undefined && relays.length === 0
  const native = (): Transport =>
    udpTransport({ scope, interfaces, port, hops, waits }, { unicastPort, fast })
  if (relays.length > 0) return connectByRelay(settings, options, { native, fast })
  const system = keysLogged(await nodeSystem(settings.identity), options)
  const parts = { ...common(settings, options), system }
  const { multicast = true } = options
  if (multicast) {
    options.log?.debug({ inUse: fast.inUse, reason: fast.reason }, 'many datagrams a system call')
  }
  const use = multicast ? { native: fast } : {}
  if (scope === 'host' && interfaces === undefined) {
    const base = multicast ? native() : loopbackTransport()
    const ports = hubPortsOf(settings, system.env)
    const transport = new HubTransport({ base, multicast, ports, clock: nodeClock })
    const named: Opening['named'] = (listener) => transport.meet(listener.named)
    return openBus(transport, { ...parts, ...use, named, path: 'multicast' })
  }
  if (multicast) return openBus(native(), { ...parts, ...use, path: 'multicast' })
  return openBus(unicastTransport(unicastPort), { ...parts, path: 'unicast' })
}

/** By a link to one of the relays, and by multicast as well unless that is not wanted. */
async function connectByRelay(
  settings: Settings,
  options: ConnectOptions,
  { native, fast }: { readonly native: () => Transport; readonly fast: FastPath },
): Promise<Bus> {
  // Who needs no relay shall not load what links are made of.
  const [{ linkTransport }, { nodeSockets }, { ladderTransport }] = await Promise.all([
    import('./websocket.ts'),
    import('./ws-socket.ts'),
    import('./ladder.ts'),
  ])
  const system = keysLogged(await nodeSystem(settings.identity), options)
  const credentials = new PeerCredentials(settings, system)
  const { relays: urls } = settings
  let made: LinkTransport | undefined
  const link = (beside?: Beside): LinkTransport => {
    const given = { urls, credentials, sockets: nodeSockets }
    made = linkTransport(beside ? { ...given, beside } : given)
    return made
  }
  const transport =
    options.multicast === false ? link() : ladderTransport({ native, link, clock: nodeClock })
  const { keep, ...more } = common(settings, options)
  const follow = following(credentials, { show: (chain) => made?.show(chain) }, keep)
  const use = options.multicast === false ? {} : { native: fast }
  return openBus(transport, { ...more, ...follow, ...use, path: 'relay', system })
}

/** The same over any transport, and in another system than the machine's if there is one. */
export async function connectOver(
  transport: Transport,
  options: ConnectOptions = {},
  system: typeof nodeSystem = nodeSystem,
): Promise<Bus> {
  const settings = await settle(options)
  const own = keysLogged(await system(settings.identity), options)
  return openBus(transport, { ...common(settings, options), path: 'memory', system: own })
}

function keysLogged(system: System, { keyLog, log }: ConnectOptions): System {
  return keyLog === undefined ? system : loggingKeys(system, keyLog, log)
}

const nodeClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, then) => {
    const timer = setTimeout(then, delayMs)
    return () => clearTimeout(timer)
  },
}

/** What a bus on Node has, by whichever way it goes. */
function common(
  settings: Settings,
  options: ConnectOptions,
): Pick<Opening, 'settings' | 'options' | 'files' | 'keep' | 'named'> {
  const keep = keeping(settings, options.keep)
  const { peers } = settings
  const after: Clock['after'] = (delayMs, then) => nodeClock.after(delayMs, then)
  const named: Opening['named'] = (listener) =>
    lookUp({ peers, resolver: dnsResolver(), after, ...listener })
  return { settings, options, files, keep, ...(peers.length > 0 && { named }) }
}
