/**
 * What parity that has come gives back: sealed packets, byte for byte as they were sent.
 *
 * Nothing is opened that cannot be of use, and nothing is believed for having come out of parity:
 * the packets go the way of all others and have to authenticate.
 */
import type { Context, Inflow } from '../context.ts'
import { ROWS } from '../../stream/erasure.ts'
import type { Header } from '../../wire/packet.ts'
import { blockOf, packetOf, SYMBOL_PREFIX } from '../../wire/parity.ts'

/** A data packet of a stream that is being received. */
export interface StreamPacket {
  readonly number: number
  readonly flags: number
  readonly packet: Uint8Array
  /** Parity has given it back. */
  readonly mended?: boolean
}

/** The packets that this parity, with what is kept, gives back. */
export function mended(
  context: Context,
  { receiver, remote, binding }: Inflow,
  { now, header, packet }: { now: number; header: Header; packet: Uint8Array },
): StreamPacket[] {
  const { flags: row, number: last } = header
  const { blocks } = receiver.options
  const nothing = (reason: 'malformed' | 'forged'): StreamPacket[] => {
    context.reject(reason)
    return []
  }
  if (last === 0 || row >= ROWS) return nothing('malformed')
  const base = blockOf(last)
  const isOfUse = blocks?.isIn(header.epoch) && blocks.wants(now, base, row)
  if (!blocks || !isOfUse || !receiver.lacks(last)) {
    context.metrics.count('paritySpare')
    return []
  }
  const keys = context.epochs.at(header.epoch)
  const sum = keys && context.sealer.open(packet, remote.controlKey.of(keys))
  if (!sum) return nothing('forged')
  if (sum.length < SYMBOL_PREFIX || packet.length > binding.packetSize) return nothing('malformed')
  const missing = receiver.covered(now, last)
  if (missing.length === 0) {
    context.metrics.count('paritySpare')
    return []
  }
  const found = blocks.add(base, { row, count: last - base + 1, sum }, missing)
  return found.map(({ number, symbol }) => packetOfMended(header, number, symbol))
}

/** Where the symbol is no packet's, one that will not authenticate. */
function packetOfMended(header: Header, number: number, symbol: Uint8Array): StreamPacket {
  const packet = packetOf(header, number, symbol) ?? new Uint8Array(0)
  return { number, flags: symbol[2] ?? 0, packet, mended: true }
}
