/** Puts a bus together, in every runtime: settings, transport, peer, driver. */
import { orAborted } from '../api/abort.ts'
import { LiveBus } from '../api/bus.ts'
import type { KeptEpoch } from '../api/epoch-options.ts'
import type { FileWork } from '../api/file-work.ts'
import type { After } from '../api/matching.ts'
import type { Native } from '../api/native-options.ts'
import type { ConnectOptions, Logger, PathKind } from '../api/options.ts'
import { Peer } from '../core/peer.ts'
import type { Rights } from '../core/rights.ts'
import { Driver } from './driver.ts'
import { epochKeeper, readPage } from './epochs.ts'
import type { NamesOptions } from './names.ts'
import { realmOptions } from './realm-keys.ts'
import type { System } from './runtime.ts'
import type { Settings } from './settled.ts'
import type { Transport, TransportEvent } from './transport.ts'

export interface Opening {
  readonly settings: Settings
  readonly options: ConnectOptions
  readonly path: PathKind
  /** Absent: datagrams do not go by UDP multicast. */
  readonly native?: NativeWay
  readonly system: System
  readonly files: FileWork
  /** Keeps the realm's epochs. */
  readonly keep: (kept: KeptEpoch) => Promise<void>
  /** Begins to tell whom unicast is to reach; the result ends it. */
  readonly named?: (listener: Pick<NamesOptions, 'named' | 'failed'>) => () => void
  /** Called with rights that the program has renewed. */
  readonly renewed?: (rights: Rights) => void
  /** Called when the bus has closed. */
  readonly closed?: () => void
}

/** A fast path: what programs see of it, and who is told when it has failed. */
export interface NativeWay {
  readonly use: Native
  whenOver(then: (reason: string) => void): void
}

/** Rejects with what the transport does not open for. */
export async function openBus(transport: Transport, given: Opening): Promise<LiveBus> {
  const { settings, options, system, files, keep } = given
  const { identity } = settings
  const early: TransportEvent[] = []
  // Until the bus exists there is nobody to tell; nothing comes in before the peer has joined.
  let onEvent = (event: TransportEvent): void => void early.push(event)
  let onDatagram: Driver['datagram'] = () => undefined
  const opening = transport.open({
    datagram: (bytes, from) => onDatagram(bytes, from),
    event: (event) => onEvent(event),
  })
  await orAborted(opening, options.signal).catch(async (error: unknown) => {
    await transport.close()
    throw error
  })
  const path = transport.path ?? given.path
  const peer = peerOf(system, settings, { identity: identity.publicKey, transport })
  transport.begin?.({ salt: peer.salt })
  const driver = new Driver(peer, { system, transport, listener: (notice) => bus.notice(notice) })
  const link = {
    command: driver.command.bind(driver),
    endTurn: () => driver.endTurn(),
    close: async () => {
      unname?.()
      driver.stop()
      await drained(transport, system)
      await transport.close()
      peer.wipe()
      for (const key of [settings.root, settings.epochKey]) key?.fill(0)
      given.closed?.()
    },
  }
  const { realm, limits, lingerMs, proof, tags } = settings
  const { codec, log } = options
  const { wallOffset } = system
  const after: After = (delayMs, then) => system.after(delayMs, then)
  const readRights = (text: string): Rights => {
    const rights = settings.readRights(text)
    given.renewed?.(rights)
    return rights
  }
  const keepEpoch = epochKeeper(settings, keep)
  const rest = { after, wallOffset, codec, log, files, readRights, keepEpoch, readPage }
  const native = given.native?.use ?? NO_DATAGRAMS
  const bus = new LiveBus({ link, realm, path, native, limits, lingerMs, proof, tags, ...rest })
  onDatagram = (bytes, from) => driver.datagram(bytes, from)
  onEvent = (event) => react(event, { bus, driver, transport, path, log })
  for (const event of early) onEvent(event)
  given.native?.whenOver(lacking(bus, log))
  if (settings.root === undefined && settings.ring === undefined) {
    log?.warn({ realm }, 'this realm is open: anybody on the network can read, forge and inject')
  }
  driver.command((starting, now) => starting.start(now))
  const unname = given.named?.(naming({ bus, driver, log }))
  if (options.signal?.aborted) {
    await bus.close({ linger: 0 })
    throw options.signal.reason
  }
  return bus
}

/** Each datagram costs a system call from now on. */
function lacking(bus: LiveBus, log: Logger | undefined): (reason: string) => void {
  return (reason) => {
    log?.warn({ reason }, 'each datagram costs a system call from now on')
    bus.event({ type: 'native', inUse: false, reason })
  }
}

/** Whom unicast is to reach goes to the peer, and what cannot be looked up to the program. */
function naming(to: {
  bus: LiveBus
  driver: Driver
  log: Logger | undefined
}): Pick<NamesOptions, 'named' | 'failed'> {
  const { bus, driver, log } = to
  return {
    named: (endpoints) => driver.command((peer, now) => peer.name(now, endpoints)),
    failed: (peer, reason) => {
      log?.warn({ peer, reason }, 'a named peer cannot be looked up')
      bus.event({ type: 'unresolved', peer, reason })
    },
  }
}

function peerOf(
  system: System,
  settings: Settings,
  given: { identity: Uint8Array; transport: Transport },
): Peer {
  const { realm, page, rights, scope, fold, name, tags, rate, minRate, limits } = settings
  const { identity, transport } = given
  return new Peer(system.now(), system.env, {
    realm: realmOptions(realm, settings),
    page,
    scope,
    fold,
    identity,
    rights,
    name,
    tags,
    packetSize: transport.datagramSize,
    port: transport.port,
    rate,
    minRate,
    wallOffset: system.wallOffset,
    limits,
  })
}

/** What the transport reports becomes events, log lines, and a fresh hello on a new path. */
function react(
  event: TransportEvent,
  to: {
    bus: LiveBus
    driver: Driver
    transport: Transport
    path: PathKind
    log: Logger | undefined
  },
): void {
  const { bus, driver, transport, path, log } = to
  switch (event.type) {
    case 'interface':
      log?.info({ interface: event.name, up: event.up }, 'interface changed')
      bus.event({ type: 'interface', name: event.name, up: event.up })
      if (event.up) driver.command((peer, now) => peer.pathChanged(now))
      return undefined
    case 'unreachable':
      log?.warn({ reason: event.reason }, 'no datagram can leave')
      driver.command((peer, now) => peer.pathLost(now))
      return bus.paths.turn('none', event.reason)
    case 'reachable':
      bus.paths.turn(path, event.reason ?? 'datagrams leave again')
      return driver.command((peer, now) => peer.pathChanged(now, transport.port))
    case 'path':
      bus.paths.turn(event.path, event.reason)
      if (event.greets) driver.command((peer, now) => peer.pathChanged(now, transport.port))
      return undefined
    case 'peer':
      return bus.setPeerPath(event)
    case 'unlinked': {
      const { relay, reason } = event
      log?.warn({ relay, reason }, 'no link to a relay')
      return bus.event({ type: 'unlinked', relay, reason })
    }
    case 'full':
      log?.warn({ count: event.count }, 'the link is slower than what is sent: datagrams dropped')
      return driver.command((peer) => peer.metrics.count('linkFull', event.count))
    case 'warning':
      return log?.warn({}, event.message)
  }
}

/** Waits until the system has taken what was sent, for a moment at most. */
async function drained(transport: Transport, system: System): Promise<void> {
  const until = system.now() + DRAIN_MS
  while (transport.pending > 0 && system.now() < until) {
    await new Promise<void>((resolve) => system.turn(resolve))
  }
}

const DRAIN_MS = 500
const NO_DATAGRAMS: Native = { inUse: false, reason: 'no datagram goes by UDP multicast' }
