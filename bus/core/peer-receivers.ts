/** Makes the receivers of streams, with the bounds that all of them share. */
import type { Binding, Context, Remote } from './peer-context.ts'
import { AssemblyPool } from './stream/assembly.ts'
import type { Tally } from './stream/messages.ts'
import type { NakTiming } from './stream/nak-timing.ts'
import { ReceiverStream } from './stream/receiver.ts'
import type { Budget } from './stream/reorder.ts'

export class Receivers {
  readonly #context: Context
  readonly #budget: Budget
  readonly #pool: AssemblyPool

  constructor(context: Context) {
    this.#context = context
    this.#budget = { used: 0, max: context.limits.reorderSize }
    this.#pool = new AssemblyPool(context.limits.assemblySize, () => {
      context.metrics.count('assemblyFull')
    })
  }

  /** Bytes that wait for an earlier packet. */
  get earlySize(): number {
    return this.#budget.used
  }

  open(
    remote: Remote,
    binding: Binding,
    { timing, tally }: { readonly timing: NakTiming; readonly tally: Tally },
  ): ReceiverStream {
    const { limits, metrics } = this.#context
    return new ReceiverStream({
      info: { topic: binding.topic, from: remote.instance, delivery: binding.delivery },
      reorderPackets: limits.reorderPackets,
      repairAge: limits.repairAge,
      timing,
      messageSize: limits.messageSize,
      tally,
      budget: this.#budget,
      pool: this.#pool,
      metrics,
      emit: (output) => this.#context.emit(output),
    })
  }
}
