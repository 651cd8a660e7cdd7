/** The public types of a relay, in one place. */
import type { Cancel, Logger, Scope, Secret } from '../bus/api/options.ts'
import type { RelayCounter } from './counters.ts'
import type { RelayLimits } from './limits.ts'

/** What a relay needs of a server of node:http or node:https; their types are not everybody's. */
export interface LinkServer {
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

export interface RelayOptions extends Cancel {
  /**
   * Where links come to: `[ADDRESS]:PORT`, `:PORT` for every address, or an HTTP server of the
   * program's own. Default: `[::1]:62278`, this host alone.
   */
  readonly listen?: string | LinkServer
  /** The realm's name. Default: that of the control key, or 'local'. */
  readonly realm?: string
  /**
   * The text of a control key file, with which the relay can read no name and no value; or the key
   * as for `connect`, of which it keeps that part; or a function that brings one of them, again with each `reload`. Default:
   * the realm's control key file or key file.
   */
  readonly key?: Secret<Uint8Array | string>
  /** True for an open realm. */
  readonly open?: boolean
  /** How far multicast goes, as for `connect`; links of another scope are refused. Default: 'host'. */
  readonly scope?: Scope
  /** False: links reach each other and no network. Default: true. */
  readonly multicast?: boolean
  readonly interface?: string | readonly string[]
  /**
   * False: the relay carries nothing from one of its interfaces to another. Default: true; it does
   * so at scope `link` alone.
   */
  readonly bridge?: boolean
  /**
   * Addresses of other relays, `ws://…` or `wss://…`: this one keeps a trunk to each, by which
   * their networks and links are joined. Default: none.
   */
  readonly links?: string | readonly string[]
  /**
   * Servers of NATS, `nats://…` or `tls://…`, with `user:password@` or `token@` where they ask for
   * it: relays of the realm that share them are joined as by trunks. Needs the package
   * @nats-io/transport-node. Default: none.
   */
  readonly nats?: string | readonly string[]
  /**
   * What proves the relay to them: the text of a `.creds` file, or the seed of a user NKey (`SU…`).
   * Default: what their addresses say.
   */
  readonly natsCredentials?: string
  /** The same by something else than NATS. */
  readonly backbone?: Backbone
  /** UDP port of the groups. Default: 62278. */
  readonly port?: number
  readonly hops?: number
  /** Web origins whose pages may call; requests without an origin come from no browser. */
  readonly origins?: readonly string[]
  /** Whether a peer that has proved itself is let in. Default: everybody is. */
  readonly admit?: (link: LinkInfo) => boolean | Promise<boolean>
  /** True: /metrics tells the counters to everybody who reaches the relay. Default: false. */
  readonly metrics?: boolean
  /**
   * A token of 16 to 256 printable characters, which opens the dashboard at /dashboard. Default:
   * there is none.
   */
  readonly dashboard?: string
  readonly limits?: Partial<RelayLimits>
  /** Silent when absent. */
  readonly log?: Logger
}

/**
 * What joins relays by a network of its own, other than by trunks: it brings each message to
 * everybody who has subscribed to its subject. NATS is one, by the option `nats`.
 *
 * The relay trusts it with nothing: what it brings is proved, and what it loses is asked for again.
 */
export interface Backbone {
  /** What logs and /readyz call it, such as `NATS`. */
  readonly name: string
  /**
   * Called once, when the relay starts. A network that cannot be reached is no error: `host.down`
   * is told why, and it goes on trying until `close`. What no trying mends may reject.
   */
  open(host: BackboneHost): void | Promise<void>
  /** Between `host.up` and `host.down`; after that whatever was subscribed is forgotten. */
  subscribe(subject: string): void
  unsubscribe(subject: string): void
  /** False when it is not there, or when more would wait than may: the message is dropped. */
  publish(subject: string, message: Uint8Array): boolean
  close(): Promise<void>
}

/** The relay, as its backbone sees it. */
export interface BackboneHost {
  /** Bytes that may wait in the backbone; a reload may change it. */
  readonly bufferSize: number
  /** It can be used from now on. */
  up(): void
  /** It cannot be used, and why; also each time that it could not be reached. */
  down(reason: string): void
  message(subject: string, message: Uint8Array): void
}

/** One link as its relay sees it. */
export interface LinkInfo {
  /** The Ed25519 public key that the peer has proved to hold, 64 hexadecimal digits. */
  readonly identity: string
  /** The address that it calls from. */
  readonly remote: string
  /** When it called, ms since 1970. */
  readonly since: number
  /** Groups that it has joined. */
  readonly groups: number
}

/** What there is now, and every counter. */
export interface RelayStats extends Readonly<Record<RelayCounter, number>> {
  readonly links: number
  /** Peers whose links have broken, and whose sessions are kept. */
  readonly absent: number
  /** Groups that any link has joined. */
  readonly groups: number
  /** Peers of the network that have said hello. */
  readonly peers: number
  /** Other relays on its segments. */
  readonly relays: number
  /** The newest epoch of the realm whose control key it has. */
  readonly epoch: number
  /** Relays that it has a trunk to. */
  readonly trunks: number
  /** Relays that it meets by its backbone. */
  readonly backbone: number
}

/** What `reload` has done, by the names of options: `origins`, `limits.links`. */
export interface Reloaded {
  readonly changed: readonly string[]
  /** Options that are other ones now, and need a restart to count. */
  readonly restart: readonly string[]
}

export interface Relay extends AsyncDisposable {
  /** Where it listens, such as `ws://[::1]:62278`; undefined with a server of the program's own. */
  readonly url: string | undefined
  /** The links that have been admitted. */
  readonly links: Iterable<LinkInfo>
  stats(): RelayStats
  /**
   * Reads the key anew from where it came: a file, or the program's function. The realm's epoch
   * before still counts for 30 s after somebody has sealed in the new one.
   *
   * With `options`, all of them as for `serve`, `origins`, `links`, `metrics`, `dashboard` and most `limits`
   * change as well; links that are there stay. Rejects with INVALID_OPTION, or with INVALID_KEY
   * when what is there is of another realm or of an older epoch, or names no owner any more; then
   * nothing has changed.
   */
  reload(options?: RelayOptions): Promise<Reloaded>
  /** Tells all links to go elsewhere, and ends. */
  close(options?: Cancel): Promise<void>
}
