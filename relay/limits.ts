/**
 * Every bound of a relay, with its default and its reason; each one has a counter for when it is
 * hit. Sizes in bytes, times in milliseconds.
 */
export interface RelayLimits {
  /** Links at once, those that have not proved themselves yet included. */
  readonly links: number
  /** The same from one IPv4 address or one IPv6 network of 64 bits. */
  readonly linksPerAddress: number
  /** From the call to the proof. */
  readonly handshakeTime: number
  /** A link from which nothing has come for so long is closed. */
  readonly idleTime: number
  /** Groups that one link may join, and that one peer elsewhere may want. */
  readonly groupsPerLink: number
  /** Groups that the relay joins for all its links. */
  readonly groups: number
  /** Bytes a second that are read from one link; a link that sends more is read later. */
  readonly bytesPerSecond: number
  /** Bytes that wait for one link; datagrams that find no room are dropped. */
  readonly bufferSize: number
  /** The same for all links: beyond it each of them has its equal share. */
  readonly buffersSize: number
  /** A peer whose link has broken may take up its session again for so long. */
  readonly sessionTime: number
  /** Bytes that are kept for one such peer, and of what it has not said to have received. */
  readonly sessionSize: number
  /** The same for all peers: each has its equal share of it. */
  readonly sessionsSize: number
  /** Trunks at once. */
  readonly trunks: number
  /** Bytes that wait for one trunk; datagrams that find no room are dropped. */
  readonly trunkBufferSize: number
  /** Relays that are met by the backbone at once. */
  readonly backboneRelays: number
  /** Bytes that wait for the backbone; messages that find no room are dropped. */
  readonly backboneBufferSize: number
  /** A link or trunk that has had no room for so long is closed. */
  readonly stuckTime: number
  /** Instances whose private ports the relay remembers. */
  readonly peers: number
  /** Groups that peers want beyond the relay, counted for each of them. */
  readonly interest: number
  /** Packets that have crossed lately, remembered so that none goes round. */
  readonly crossings: number
  /**
   * Control packets a second that go on from one network, of instances that have said no hello that
   * opens: half of them from one address, an eighth of one instance.
   */
  readonly strangers: number
  /** Bytes of data packets that are kept to answer who asks for them on a segment; 1: none. */
  readonly cacheSize: number
  /** The same for so long, ms. */
  readonly cacheAge: number
  /** Kept packets a second that are sent again on one segment; half of them for one peer. */
  readonly repairs: number
  /** Viewers of the dashboard at once. */
  readonly viewers: number
  /** Packets a second about epochs, which no relay opens, from one network; half from one address. */
  readonly pages: number
}

export const defaultRelayLimits: RelayLimits = {
  // A socket, a port and some ten KiB each.
  links: 1000,
  // A whole office may share them. Behind a reverse proxy all links do: raise it there.
  linksPerAddress: 256,
  handshakeTime: 5000,
  // Some pings unanswered; a process that was stopped for a while is let back.
  idleTime: 30_000,
  groupsPerLink: 4096,
  // A socket each.
  groups: 8192,
  // Twice what a peer sends at most unless told otherwise.
  bytesPerSecond: 10_000_000,
  // 0.2 s of a peer's default rate: more would only make packets late, and asked for again.
  bufferSize: 1024 * 1024,
  buffersSize: 128 * 1024 * 1024,
  // So long a peer gives nobody up for its own silence.
  sessionTime: 60_000,
  sessionSize: 8 * 1024 * 1024,
  // What many are told alike they share: it is counted for each of them.
  sessionsSize: 256 * 1024 * 1024,
  // Each costs what all control of the realm does.
  trunks: 64,
  // It carries many peers: 0.4 s of what one sends at most unless told otherwise.
  trunkBufferSize: 4 * 1024 * 1024,
  // Each says a few small things a second, and each hears them.
  backboneRelays: 1024,
  // As for a trunk.
  backboneBufferSize: 4 * 1024 * 1024,
  stuckTime: 10_000,
  peers: 4096,
  // Beyond it, whatever the relay hears goes everywhere.
  interest: 65_536,
  // At 1,232 bytes some 80 MB: seconds of what a network carries; some 150 bytes each.
  crossings: 65_536,
  // Each goes to all links. Who is not known is asked at once, and known half a second later.
  strangers: 64,
  // Four seconds of what a peer sends at most unless told otherwise, at 1,232 bytes a packet.
  cacheSize: 48 * 1024 * 1024,
  // So long publishers keep their packets.
  cacheAge: 10_000,
  // A quarter of what a peer sends at most unless told otherwise.
  repairs: 2000,
  // Each is sent some 10 kB a second, 150 kB of a large realm.
  viewers: 16,
  // As many as one peer answers in a second.
  pages: 100,
}
