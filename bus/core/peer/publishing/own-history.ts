/** Gives the own subscriptions of a peer what it has itself published before. */
import type { Past } from '../subscribing/attacher.ts'
import type { Context } from '../context.ts'
import { AssemblyPool } from '../../stream/assembly.ts'
import { renewed } from '../../stream/history.ts'
import { Messages } from '../../stream/messages.ts'
import type { SenderStream } from '../../stream/sender.ts'
import { matches, type Pattern } from '../../topic/pattern.ts'
import { Flag, readHeader } from '../../wire/packet.ts'
import { readSigned } from '../../wire/signed.ts'

export class OwnHistory {
  readonly #context: Context
  readonly #streams: readonly SenderStream[]

  constructor(context: Context, streams: readonly SenderStream[]) {
    this.#context = context
    this.#streams = streams
  }

  /** For a new subscription, before it is given anything else. */
  replay(now: number, id: number, pattern: Pattern, past: Past): void {
    for (const stream of this.#streams) {
      const { segments, delivery } = stream.options
      if (delivery === 'reliable' && matches(pattern, segments)) this.#give(now, id, stream, past)
    }
  }

  #give(now: number, id: number, stream: SenderStream, { ageMs, back }: Past): void {
    // What was published in this very moment was so before the subscription.
    const place = stream.locate(ageMs > 0 ? now - ageMs : Infinity, back)
    const { keys, self, sealer } = this.#context
    const messages = this.#reader(id, stream)
    messages.begin(place.index, place.wanted)
    const key = keys.dataKeyOf(self, stream.options.topic)
    const { history } = stream
    for (let number = place.start; number < history.next; number++) {
      const stored = history.get(number)!
      const { sentAt: since = now, bare } = stored
      if (bare) continue
      const awaited = stream.options.proof?.awaited(number)
      const packet = renewed(stream.options, stored)
      const content = awaited ?? contentOf(packet, sealer.open(packet, key))
      if (content) messages.open(now, { flags: content.flags, body: content.body, since })
    }
    // Copies: what is still to be sealed is not the program's to change.
    for (const one of stream.unsealed(now)) {
      messages.open(now, { ...one, body: new Uint8Array(one.body) })
    }
    // What expired before it was sent is in no packet.
    messages.giveUp(stream.index, 'expired')
  }

  #reader(id: number, { options }: SenderStream): Messages {
    const { limits, metrics, self } = this.#context
    const { topic, stream, delivery, shares } = options
    const messages = new Messages({
      info: { topic, from: self.instance, stream, delivery },
      // Nothing stays unfinished here: a message whose beginning is at hand is so to its end.
      pool: new AssemblyPool(limits.assemblySize, () => undefined),
      messageSize: limits.messageSize,
      tally: { lost: 0 },
      metrics,
      emit: (output) => this.#context.emit(output),
    })
    messages.subscriptions = [id]
    // What is given to a member once more is no news to others.
    if (shares) messages.takers = ({ again }) => (again === undefined ? [id] : [])
    return messages
  }
}

/** What a packet of this peer's own holds, behind its signature if it has one. */
function contentOf(
  packet: Uint8Array,
  body: Uint8Array | undefined,
): { readonly flags: number; readonly body: Uint8Array } | undefined {
  const { flags } = readHeader(packet)
  const content = body && flags & Flag.signed ? readSigned(body)?.content : body
  return content && { flags, body: content }
}
