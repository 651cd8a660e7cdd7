/** What comes to this bus on one topic of actors: what is told, and what is asked. */
import { BusError } from '../api/errors.ts'
import type { Message } from '../api/message.ts'
import type { Subscription } from '../api/options.ts'
import type { Question, Responder } from '../api/request-options.ts'
import { isName } from './address.ts'
import type { ActorsHost } from './host.ts'
import { Pairing } from './pairing.ts'
import { readSaid, type Said } from './wire.ts'

/** A question, and the signal that nobody waits for its answer any more. */
export interface Asked {
  readonly from: Message['from']
  readonly signal: AbortSignal
}

export interface InboxListener {
  /** Whether what is said is for this bus. */
  concerns(said: Said): boolean
  told(said: Said, from: Message['from']): void
  /** A question to or about an actor; called in its turn. What it gives is the answer. */
  asked(said: Said, asked: Asked): Promise<unknown>
  /** A question about actors, whose turn does not matter. */
  inquired(said: Said, asked: Asked): unknown
}

export class Inbox {
  readonly #host: ActorsHost
  readonly #listener: InboxListener
  readonly #pairing: Pairing
  readonly #subscription: Subscription<never>
  readonly #responder: Responder

  /** Throws as `subscribe` and `respond` do. */
  constructor(host: ActorsHost, topic: string, listener: InboxListener) {
    this.#host = host
    this.#listener = listener
    const { bus } = host
    this.#pairing = new Pairing(host.after, () => this.#subscription.queued)
    const onMessage = (message: Message): void | Promise<void> => this.#onMessage(message)
    this.#subscription = bus.subscribe(topic, onMessage, { queue: QUEUE })
    try {
      this.#responder = bus.respond(topic, (question) => this.#onQuestion(question))
    } catch (error) {
      void this.#subscription.close()
      throw error
    }
  }

  close(): void {
    void this.#subscription.close()
    void this.#responder.close()
  }

  #onMessage({ value, from, sequence }: Message): void | Promise<void> {
    const isSettled = this.#pairing.passed()
    const said = saidIn(value)
    if (!said) return this.#host.count('malformed')
    if (!this.#listener.concerns(said)) return undefined
    if (said.kind === 'tell') return this.#listener.told(said, from)
    return hasTurn(said) ? this.#pairing.message({ from, sequence }, isSettled) : undefined
  }

  #onQuestion(question: Question): unknown {
    const said = saidIn(question.value)
    // Counted as a message, which it is as well.
    if (!said || said.kind === 'tell') {
      const fault = 'the question to actors is malformed, or of a later version'
      throw new BusError('UNSUPPORTED', `${fault}: do both run the same version of sixcast?`)
    }
    if (!hasTurn(said)) return this.#listener.inquired(said, question)
    if (!this.#listener.concerns(said)) {
      throw new BusError('NO_ACTOR', `actor "${said.name}" is of another peer`)
    }
    return this.#pairing.question(question, () => this.#listener.asked(said, question))
  }
}

/** The turn of these among the messages of their sender counts. */
function hasTurn({ kind }: Said): boolean {
  return kind === 'ask' || kind === 'deliver' || kind === 'watch'
}

/** A sender that no actor can be would make who answers it fail. */
function saidIn(value: unknown): Said | undefined {
  const said = value instanceof Uint8Array ? readSaid(value) : undefined
  return said && (said.sender === '' || isName(said.sender)) ? said : undefined
}

/** What one turn of the network may bring; their bytes count in limits.queueSize. */
const QUEUE = 65_536
