/** The options of a Librecast channel, and how they are checked. */
import { BusError } from '../api/errors.ts'
import type { Cancel, Logger, Overflow } from '../api/options.ts'
import type { LibrecastHash } from './group.ts'
import { KEY_SIZE } from './seal.ts'

export interface LibrecastOptions extends Cancel {
  /** The channel's name, as the other programs spell it. */
  readonly channel: string
  /** True: messages carry Librecast's header. Default: false, datagrams are the bare payload. */
  readonly framed?: boolean
  /** 'blake2b' for Librecast 0.4.4 and 0.4.5. Default: 'blake3'. */
  readonly hash?: LibrecastHash
  /** 32 bytes: the channel is encrypted, as with LC_CODE_SYMM. Default: none, it is open. */
  readonly key?: Uint8Array
  /** Name or glob of one interface. Default: the only one there is; of several name one. */
  readonly interface?: string
  /** Default: 4242. */
  readonly port?: number
  /** Hop limit, 0 to 255. Default: 1, the link; Librecast itself sends with 255. */
  readonly hops?: number
  /** True: programs on this host hear it, this one too. Default: false, as in Librecast. */
  readonly loopback?: boolean
  /** Largest datagram to send, header included. Default: 1232, which no link splits. */
  readonly datagramSize?: number
  /** Most messages waiting for the reader; all together at most 4 MiB. Default: 1024. */
  readonly queue?: number
  /** Default: 'drop-oldest'. */
  readonly overflow?: Overflow
  /** Told once that the channel is open to everybody. Silent when absent. */
  readonly log?: Pick<Logger, 'warn' | 'error'>
}

/** The same with every default filled in. */
export interface ChannelSettings {
  readonly channel: string
  readonly framed: boolean
  readonly hash: LibrecastHash
  readonly key: Uint8Array | undefined
  readonly interface: string | undefined
  readonly port: number
  readonly hops: number
  readonly loopback: boolean
  readonly datagramSize: number
  readonly queue: number
  readonly overflow: Overflow
}

/** Throws INVALID_OPTION or INVALID_KEY, which names the value and what is allowed. */
export function parseOptions(options: LibrecastOptions): ChannelSettings {
  const { channel, framed = false, loopback = false } = options
  if (typeof channel !== 'string' || channel === '' || channel.includes('\0')) {
    throw invalid('channel', channel, 'a name of at least one character, none of them NUL')
  }
  return {
    channel,
    framed,
    loopback,
    interface: options.interface,
    key: options.key && keyOf(options.key),
    hash: oneOf('hash', options.hash ?? 'blake3', ['blake3', 'blake2b']),
    port: whole('port', options.port ?? 4242, { from: 1, to: 65_535 }),
    hops: whole('hops', options.hops ?? 1, { from: 0, to: 255 }),
    datagramSize: whole('datagramSize', options.datagramSize ?? DATAGRAM_SIZE, {
      from: DATAGRAM_SIZE_MIN,
      to: DATAGRAM_SIZE_MAX,
    }),
    queue: whole('queue', options.queue ?? 1024, { from: 1, to: QUEUE_MAX }),
    overflow: oneOf('overflow', options.overflow ?? 'drop-oldest', OVERFLOWS),
  }
}

function keyOf(key: Uint8Array): Uint8Array {
  if (key instanceof Uint8Array && key.length === KEY_SIZE) return Uint8Array.from(key)
  throw new BusError('INVALID_KEY', `key has ${key.length} bytes: give ${KEY_SIZE}`)
}

function whole(name: string, value: number, range: { from: number; to: number }): number {
  const { from, to } = range
  if (Number.isInteger(value) && value >= from && value <= to) return value
  throw invalid(name, value, `a whole number from ${from} to ${to}`)
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value
  throw invalid(name, value, `one of ${allowed.join(', ')}`)
}

function invalid(name: string, value: unknown, allowed: string): BusError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value)
  return new BusError('INVALID_OPTION', `option '${name}' is ${shown}: give ${allowed}`)
}

const OVERFLOWS: readonly Overflow[] = ['drop-oldest', 'drop-newest', 'latest', 'fail']

/** The IPv6 minimum MTU of 1280 less the IPv6 and UDP headers. */
const DATAGRAM_SIZE = 1232
/** Room for a frame's header, a seal and a little more. */
const DATAGRAM_SIZE_MIN = 128
/** What UDP can carry over IPv6. */
const DATAGRAM_SIZE_MAX = 65_527
/** Empty messages have no bytes to be bounded by. */
const QUEUE_MAX = 65_536
