/** Makes the receivers of streams, with the bounds that all of them share. */
import type { StreamInfo } from '../../output.ts'
import type { Binding, Context, Remote } from '../context.ts'
import { AssemblyPool } from '../../stream/assembly.ts'
import { Blocks } from '../../stream/blocks.ts'
import type { Tally } from '../../stream/messages.ts'
import type { NakTiming } from '../../stream/nak-timing.ts'
import { ReceiverStream } from '../../stream/receiver.ts'
import type { Budget } from '../../stream/reorder.ts'
import { PARITY_SIZE_MAX } from '../../wire/parity.ts'
import { LEAVES_MAX } from '../../wire/signed.ts'

/** What a receiver has for itself. */
interface Own {
  readonly timing: NakTiming
  readonly tally: Tally
  /** Parity mends what it misses. */
  readonly mends?: boolean
}

export class Receivers {
  readonly #context: Context
  readonly #budget: Budget
  /** The same of packets that are kept to mend others of their block. */
  readonly #blocks: Budget
  readonly #pool: AssemblyPool

  constructor(context: Context) {
    this.#context = context
    this.#budget = { used: 0, max: context.limits.reorderSize }
    this.#blocks = { used: 0, max: context.limits.blocksSize }
    this.#pool = new AssemblyPool(context.limits.assemblySize, () => {
      context.metrics.count('assemblyFull')
    })
  }

  /** Bytes that wait for an earlier packet. */
  get earlySize(): number {
    return this.#budget.used
  }

  get blocksSize(): number {
    return this.#blocks.used
  }

  open(remote: Remote, binding: Binding, own: Own): ReceiverStream {
    const { timing, tally, mends = false } = own
    const { limits, metrics } = this.#context
    const proven = binding.proof !== 'group' && binding.delivery === 'reliable'
    return new ReceiverStream({
      info: infoOf(remote, binding),
      proven,
      // What waits for a signature must find room until it comes.
      reorderPackets: Math.max(limits.reorderPackets, proven ? 2 * LEAVES_MAX : 0),
      repairAge: limits.repairAge,
      timing,
      messageSize: limits.messageSize,
      tally,
      budget: this.#budget,
      blocks: mends ? this.#blocksOf(binding) : undefined,
      pool: this.#pool,
      metrics,
      emit: (output) => {
        if (output.type === 'deliver' && output.question) remote.asking.add(binding.stream)
        this.#context.emit(output)
      },
    })
  }

  /** What parity mends of a stream, if it has any. */
  #blocksOf({ delivery, packetSize }: Binding): Blocks | undefined {
    if (delivery !== 'reliable' || packetSize > PARITY_SIZE_MAX) return undefined
    return new Blocks(this.#blocks, this.#context.metrics)
  }
}

function infoOf({ instance: from }: Remote, { topic, stream, delivery }: Binding): StreamInfo {
  return { topic, from, stream, delivery }
}
