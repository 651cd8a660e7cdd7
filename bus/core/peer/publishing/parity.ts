/**
 * Sends parity: in answer to several receivers at once, and unasked where they lose much.
 *
 * It is sealed under the control key of the sender, not of the topic: whoever may carry packets
 * without reading them, as a relay, can check and use it. What it gives back is a sealed packet,
 * which authenticates itself.
 */
import type { Context } from '../context.ts'
import type { Pacer } from './pacer.ts'
import { hasExpired } from '../../stream/history.ts'
import { Parity, type RowOut, sumOf } from '../../stream/parity.ts'
import type { SenderStream } from '../../stream/sender.ts'
import { epochOf, Kind } from '../../wire/packet.ts'
import { BLOCK, PARITY_SIZE_MAX } from '../../wire/parity.ts'

/** Symbols of one block that a receiver lacks. */
export interface Lack {
  readonly base: number
  readonly count: number
  readonly holdMs: number
  /** Whether the asker may have one more row. */
  readonly granted: (size: number) => boolean
}

export class ParityOut {
  readonly #context: Context
  readonly #pacer: Pacer
  readonly #parities = new Map<SenderStream, Parity>()

  constructor(context: Context, pacer: Pacer) {
    this.#context = context
    this.#pacer = pacer
  }

  /** Answers with parity; false when only the packets themselves will do. */
  answer(now: number, stream: SenderStream, lack: Lack): boolean {
    const { base, count, holdMs, granted } = lack
    const last = Math.min(base + BLOCK - 1, stream.sent)
    if (!hasParity(stream) || !this.#isKept(now, stream, { base, last })) return false
    const parity = this.#of(stream)
    for (let lacks = parity.asked(now, base, { count, holdMs }); lacks > 0; lacks--) {
      if (!granted(stream.options.packetSize)) break
      const row = parity.next(last)
      if (!row) return false
      this.#send(stream, row)
    }
    return true
  }

  /** A packet has left for the first time. */
  sent(now: number, stream: SenderStream): void {
    if (stream.sent % BLOCK === 0 || !stream.pending) this.rests(now, stream)
  }

  /** Nothing follows for a while. */
  rests(now: number, stream: SenderStream): void {
    if (stream.attached.size < 2 || !hasParity(stream)) return
    const parity = this.#of(stream)
    for (let due = parity.behind(now, stream.sent); due > 0; due--) {
      const row = parity.next(stream.sent)
      if (row) this.#send(stream, row)
    }
  }

  #of(stream: SenderStream): Parity {
    let parity = this.#parities.get(stream)
    if (!parity) this.#parities.set(stream, (parity = new Parity()))
    return parity
  }

  #send(stream: SenderStream, row: RowOut): void {
    this.#pacer.parity({
      to: stream.options.group,
      packet: () => this.#seal(stream, row),
      left: (now) => {
        this.#context.metrics.count('paritySent')
        row.sentAt = now
      },
    })
  }

  /** The bytes depend on the id alone, so a row that is sent twice is the same packet. */
  #seal(stream: SenderStream, row: RowOut): Uint8Array | undefined {
    const { keys, sealer, controlKey } = this.#context
    const body = sumOf(stream.history, row, keys.epoch)
    if (!body) return undefined
    const id = { kind: Kind.parity, flags: row.row, stream: stream.options.stream }
    return sealer.seal({ ...id, number: row.last }, body, controlKey.of(keys))
  }

  /** Whether all of a block can be sent: what has expired is not given back by parity either. */
  #isKept(
    now: number,
    { history }: SenderStream,
    { base, last }: { readonly base: number; readonly last: number },
  ): boolean {
    const { epoch } = this.#context.keys
    for (let number = base; number <= last; number++) {
      const stored = history.get(number)
      if (!stored || hasExpired(now, stored) || epochOf(stored.packet) !== epoch) return false
    }
    return true
  }
}

function hasParity({ options }: SenderStream): boolean {
  return options.delivery === 'reliable' && options.packetSize <= PARITY_SIZE_MAX
}
