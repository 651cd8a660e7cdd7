/** A relay: the door, the links, the trunks, the backbone, the bridge and the segment, joined. */
import type { WebSocket } from 'ws'
import { orAborted } from '../bus/api/abort.ts'
import type { Cancel, Logger } from '../bus/api/options.ts'
import { CANCEL } from '../bus/api/option-rules.ts'
import { checkOptions } from '../bus/api/rules.ts'
import { type Env, randomUint64 } from '../bus/core/env.ts'
import { SCOPES } from '../bus/core/path/group.ts'
import { strictVerifier } from '../bus/io/ed25519.ts'
import type { LinkOutbox } from '../bus/io/link-outbox.ts'
import type { ControlKey } from '../bus/io/control-key.ts'
import { keyName } from '../bus/io/identity.ts'
import { nodeEnv } from '../bus/io/system.ts'
import { Admission } from './admission.ts'
import { Junction } from './backbone/junction.ts'
import { natsBackbone } from './backbone/nats.ts'
import { Bridge } from './bridge.ts'
import { Carrier } from './carrier.ts'
import { Counters } from './counters.ts'
import { Dashboard } from './dashboard/dashboard.ts'
import { snapshotOf } from './dashboard/snapshot.ts'
import { Door } from './door.ts'
import { Judge } from './judge.ts'
import { RelayKeys } from './keys.ts'
import { Link } from './link.ts'
import { type RelaySettings, settleRelay } from './options.ts'
import { Places } from './places.ts'
import { Ports } from './ports.ts'
import { prometheusText } from './prometheus.ts'
import { Reachability } from './reachability.ts'
import { Refusals } from './refusals.ts'
import { Renewal } from './renewal.ts'
import { Room } from './room.ts'
import { Segment } from './segment.ts'
import { Sessions } from './sessions.ts'
import { TrunkProofs } from './trunk-proof.ts'
import { Trunks } from './trunks.ts'
import { RelayTurns } from './turns.ts'
import type { LinkInfo, Relay, Reloaded, RelayOptions, RelayStats } from './types.ts'
import { linkWay, segmentWay, trunkWay } from './ways.ts'

/**
 * Runs a relay: peers reach it by `connect({ relay })`. Rejects with NO_PATH, NO_INTERFACE,
 * PORT_IN_USE, DENIED, INVALID_OPTION, INVALID_KEY, or UNSUPPORTED without the package of NATS.
 */
export async function serve(options: RelayOptions = {}): Promise<Relay> {
  const env = await nodeEnv()
  const settings = await settleRelay(env.crypto, options)
  options.signal?.throwIfAborted()
  const relay = new LiveRelay(env, settings, options)
  try {
    await orAborted(relay.open(), options.signal)
  } catch (error) {
    await relay.close()
    throw error
  }
  return relay
}

class LiveRelay implements Relay {
  readonly #settings: RelaySettings
  readonly #log: Logger | undefined
  readonly #counters = new Counters()
  readonly #bridge: Bridge
  readonly #door: Door
  readonly #admission: Admission
  readonly #segment: Segment | undefined
  readonly #ports: Ports
  readonly #keys: RelayKeys
  readonly #renewal: Renewal
  readonly #trunks: Trunks
  readonly #junction: Junction | undefined
  readonly #room: Room
  readonly #turns = new RelayTurns()
  readonly #reachability: Reachability
  readonly #refusals: Refusals
  readonly #links = new Set<Link>()
  readonly #sessions: Sessions
  /** Of links and of trunks. */
  readonly #places = new Places()
  readonly #carrier: Carrier
  readonly #dashboard: Dashboard
  #ticks: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor(env: Env, settings: RelaySettings & ControlKey, options: RelayOptions) {
    const { parts, owner, scope, limits } = settings
    const [{ crypto }, verify] = [env, strictVerifier()]
    const [keys, counters] = [new RelayKeys(crypto, parts), this.#counters]
    this.#settings = settings
    this.#room = new Room(limits)
    this.#log = options.log
    this.#reachability = new Reachability(options.log)
    this.#refusals = new Refusals(options.log)
    const id = randomUint64(env)
    const rights = { owner, verify, wall: () => Date.now() }
    const about = { since: Date.now(), realm: parts.name, open: keys.open, scope }
    this.#dashboard = this.#dashboardOf({ ...about, relay: id.toString(16) })
    const judge = new Judge({ crypto, keys, rights }, limits)
    this.#keys = keys
    this.#renewal = new Renewal({ crypto, options, settings, keys, judge }, { parts, owner })
    const { heard } = this.#dashboard
    this.#bridge = new Bridge({ crypto, keys, verify, scope, id, limits, counters, judge, heard })
    this.#segment = settings.multicast ? this.#segmentOf(settings) : undefined
    this.#ports = new Ports(this.#segment)
    this.#sessions = this.#sessionsOf(limits)
    this.#admission = new Admission({
      env,
      keys,
      settings,
      admit: options.admit,
      judge,
      datagramSize: this.#segment?.datagramSize ?? (scope === 'host' ? 60_000 : 1232),
      infoOf: (link) => this.#infoOf(link),
      open: (link, claim) => (this.#links.has(link) ? this.#sessions.open(link, claim) : undefined),
    })
    this.#trunks = this.#trunksOf(env, { keys, id })
    this.#junction = this.#junctionOf(env, { keys, id })
    this.#carrier = new Carrier({
      bridge: this.#bridge,
      counters,
      segment: this.#segment,
      ports: this.#ports,
      sessions: this.#sessions,
      trunks: this.#trunks,
      junction: this.#junction,
      left: () => this.#dashboard.left,
    })
    this.#door = new Door({
      settings,
      counters,
      unready: () => this.#reachability.fault ?? this.#junction?.fault,
      full: (remote) => this.#places.full(remote, settings.limits),
      refused: (reason, remote) => this.#refusals.tell(reason, remote),
      metrics: () => prometheusText(this.stats(), this.#outboxes),
      dashboard: (request, response) => this.#dashboard.answer(request, response),
      link: (socket, remote) => this.#accept(socket, remote),
      trunk: (socket, remote) => {
        this.#places.add(remote)
        this.#trunks.accept(socket, remote)
      },
    })
  }

  get url(): string | undefined {
    return this.#door.url
  }

  get links(): Iterable<LinkInfo> {
    return [...this.#sessions.links()].map((link) => this.#infoOf(link))
  }

  async open(): Promise<void> {
    await this.#segment?.open()
    if (this.#closing) return // given up meanwhile
    this.#carrier.drain()
    this.#ticks = setInterval(() => {
      this.#feed((now) => {
        this.#bridge.tick(now)
        this.#admission.tick(now, this.#sessions.links())
        this.#sessions.tick(now)
        this.#junction?.tick(now)
      })
    }, TICK_MS)
    await this.#door.open()
    this.#trunks.open()
    await this.#junction?.open()
  }

  stats(): RelayStats {
    const counts = this.#counters.snapshot()
    for (const { messages, bytes } of this.#outboxes) {
      counts.messagesOut += messages
      counts.bytesOut += bytes
    }
    const [{ size: links, absent }, { epoch }] = [this.#sessions, this.#keys.newest]
    return { links, absent, epoch, ...this.#bridge.size, ...counts }
  }

  async reload(options?: RelayOptions): Promise<Reloaded> {
    const { changed, restart } = await this.#renewal.reload(options)
    this.#door.settle()
    this.#dashboard.settle(changed.includes('dashboard'))
    if (changed.includes('links')) this.#trunks.call(this.#settings.links)
    this.#log?.info({ epoch: this.#keys.newest.epoch, changed }, 'read anew')
    if (restart.length > 0) this.#log?.warn({ restart }, 'what needs a restart stays as it was')
    return { changed, restart }
  }

  close(options: Cancel = {}): Promise<void> {
    checkOptions('close', options, CANCEL)
    this.#closing ??= this.#close()
    return orAborted(this.#closing, options.signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#door.shut()
    this.#dashboard.close()
    clearInterval(this.#ticks)
    const links = [...this.#links].map((link) => link.ending('leaving'))
    await Promise.all([this.#trunks.close(), this.#junction?.close(), ...links])
    await Promise.all([this.#door.close(), this.#segment?.close()])
  }

  #dashboardOf(about: Parameters<typeof snapshotOf>[2]['about']): Dashboard {
    return new Dashboard({
      settings: this.#settings,
      counters: this.#counters,
      snapshot: (watch) =>
        snapshotOf(performance.now(), watch, {
          about,
          stats: this.stats(),
          segment: this.#segment,
          sessions: this.#sessions,
          infoOf: (link) => this.#infoOf(link),
          trunks: this.#trunks,
          junction: this.#junction,
        }),
    })
  }

  #trunksOf(env: Env, { keys, id }: Of): Trunks {
    const { links, scope, limits } = this.#settings
    return new Trunks(links, {
      id,
      proofs: new TrunkProofs(env.crypto, keys),
      hint: keys.hint,
      scope: SCOPES[scope],
      limits,
      counters: this.#counters,
      turns: this.#turns,
      log: this.#log,
      random: (size) => env.random(size),
      opened: (relay) => this.#feed((now) => this.#bridge.trunkOpened(now, relay)),
      closed: (relay) => {
        this.#dashboard.gone(trunkWay(relay))
        this.#feed(() => this.#bridge.trunkClosed(relay))
      },
      record: (relay, record) => this.#feed((now) => this.#bridge.fromTrunk(now, relay, record)),
      ended: ({ calls, at, outbox }) => {
        if (!calls) this.#places.remove(at)
        this.#countOut(outbox)
      },
    })
  }

  #junctionOf(env: Env, { keys, id }: Of): Junction | undefined {
    const { scope, limits, backbone: given } = this.#settings
    const backbone = given ?? natsBackbone(this.#settings)
    const [counters, log, bridge] = [this.#counters, this.#log, this.#bridge]
    const shared = { env, keys, id, scope: SCOPES[scope], limits, counters, log, bridge }
    return backbone && new Junction(backbone, { ...shared, feed: (input) => this.#feed(input) })
  }

  #sessionsOf(limits: RelaySettings['limits']): Sessions {
    return new Sessions({
      limits,
      counters: this.#counters,
      ports: this.#ports,
      turns: this.#turns,
      log: this.#log,
      room: () => this.#room.ofOne(performance.now(), this.#links),
      opened: (port, identity) => this.#bridge.opened(port, identity),
      closed: (port) => {
        this.#dashboard.gone(linkWay(port))
        this.#feed(() => this.#bridge.closed(port))
      },
    })
  }

  #segmentOf({ scope, interface: interfaces, port, hops, bridge }: RelaySettings): Segment {
    return new Segment({
      scope,
      interfaces,
      port,
      hops,
      // Beyond the link the system does not tell by which interface a datagram has come.
      apart: bridge && scope === 'link',
      opened: (face) => this.#feed((now) => this.#bridge.faceOpened(now, face)),
      closed: (face) => {
        this.#dashboard.gone(segmentWay(face))
        this.#feed(() => this.#bridge.faceClosed(face))
      },
      group: (group, heard) => this.#feed((now) => this.#bridge.fromGroup(now, group, heard)),
      unicast: (at, heard) => this.#feed((now) => this.#bridge.fromPort(now, at, heard)),
      event: (event) => this.#reachability.take(event),
    })
  }

  #accept(socket: WebSocket, remote: string): void {
    const nonce = this.#admission.nonce()
    const link = new Link(
      socket,
      { remote, nonce },
      {
        limits: this.#settings.limits,
        counters: this.#counters,
        turns: this.#turns,
        room: () => this.#room.ofOne(performance.now(), this.#links),
        prove: (proving, proof) => void this.#admission.prove(proving, proof),
        record: ({ port }, record) => this.#feed((now) => this.#bridge.fromLink(now, port, record)),
        shown: (from, chain) => this.#admission.shown(from, chain),
        ended: (ended) => this.#onEnded(ended),
      },
    )
    this.#links.add(link)
    this.#places.add(remote)
  }

  #onEnded(link: Link): void {
    if (!this.#links.delete(link)) return
    this.#places.remove(link.remote)
    if (link.session) return this.#sessions.ended(link)
    this.#countOut(link.outbox)
    if (link.fault !== undefined) this.#refusals.tell(link.fault, link.remote)
  }

  #countOut({ messages, bytes }: LinkOutbox): void {
    this.#counters.count('messagesOut', messages)
    this.#counters.count('bytesOut', bytes)
  }

  /** One input of the bridge, and all that follows from it. */
  #feed<T>(input: (now: number) => T): T {
    const result = input(performance.now())
    this.#carrier.drain()
    return result
  }

  #infoOf({ identity = new Uint8Array(0), remote, since, port }: Link): LinkInfo {
    return { identity: keyName(identity), remote, since, groups: this.#bridge.groupsOf(port) }
  }

  get #outboxes(): LinkOutbox[] {
    const opening = [...this.#links].filter(({ session }) => !session)
    return [...opening, ...this.#trunks].map((one) => one.outbox).concat(this.#sessions.outboxes)
  }
}

interface Of {
  readonly keys: RelayKeys
  readonly id: bigint
}

const TICK_MS = 100
