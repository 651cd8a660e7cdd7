/** One life of an actor, from its beginning or a restart to its end: what it has begun ends with it. */
import type { Actor, ActorGone, ActorRef, SpawnOptions } from '../api/actor-options.ts'
import { encodeValue } from '../api/codec.ts'
import { BusError } from '../api/errors.ts'
import { DAY_MS } from './defaults.ts'
import type { Mail } from './mailbox.ts'
import type { ActorsSystem, AnyBehaviour, ContextCalls, Parent } from './system.ts'

/** The actor that lives. */
export interface Living extends Parent {
  readonly system: ActorsSystem
  /** A message of its own, that must not be lost. */
  push(mail: Mail): void
  /** Something that it has given to be called has thrown. */
  failed(error: unknown): void
}

export class Life {
  readonly #actor: Living
  /** Most actors ask for none of these: made when they do. */
  #control: AbortController | undefined
  #ends: Set<() => void> | undefined
  #calls: ContextCalls | undefined
  #ended = false

  constructor(actor: Living) {
    this.#actor = actor
  }

  get actor(): Living {
    return this.#actor
  }

  get isOver(): boolean {
    return this.#ended
  }

  get signal(): AbortSignal {
    this.#control ??= new AbortController()
    if (this.#ended) this.#control.abort(this.#overError())
    return this.#control.signal
  }

  /** Made with the first message. */
  get calls(): ContextCalls {
    this.#calls ??= callsOf(this)
    return this.#calls
  }

  after(delayMs: number, message: unknown): () => void {
    this.#assertAlive()
    const { system } = this.#actor
    const { timers, host, metrics } = system
    if (!Number.isFinite(delayMs) || delayMs < 0 || delayMs > DAY_MS) {
      const fault = `the delay of after() is ${String(delayMs)}`
      throw new BusError('INVALID_OPTION', `${fault}: ms, from 0 to ${DAY_MS}`)
    }
    if (timers.used >= timers.max) {
      metrics.count('actorTimersFull')
      const mend = 'call some off, or raise limits.actorTimers'
      throw new BusError('LIMIT', `${timers.max} timers of actors are set: ${mend}`)
    }
    const mail = this.#mailOf(message)
    const free = (): void => void (timers.used -= 1)
    let isDue = false
    const cancel = this.#ending(() => {
      stop()
      if (!isDue) free()
    })
    timers.used += 1
    const stop = host.after(delayMs, () => {
      isDue = true
      cancel()
      // It holds its place until it is taken: nothing else bounds what comes through a full mailbox.
      this.#actor.push({ ...mail, taken: free })
    })
    return cancel
  }

  watch(actor: ActorRef<never, unknown>, told: (end: ActorGone) => unknown): () => void {
    this.#assertAlive()
    const { system } = this.#actor
    let stop = (): void => undefined
    const cancel = this.#ending(() => stop())
    stop = system.watch(actor.address, (end) => {
      cancel()
      try {
        this.#actor.push(this.#mailOf(told(end)))
      } catch (error) {
        this.#actor.failed(error)
      }
    })
    return cancel
  }

  spawn(
    name: string,
    behaviour: AnyBehaviour,
    options: SpawnOptions<unknown, unknown>,
  ): Actor<unknown, unknown> {
    this.#assertAlive()
    const { name: above, system } = this.#actor
    return system.spawn(`${above}/${name}`, behaviour, { options, parent: this.#actor })
  }

  /** Aborts its signal; the rest goes on until its end. */
  warn(): void {
    this.#control?.abort(this.#overError())
  }

  /** Ends what it has begun. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.warn()
    for (const end of this.#ends ?? []) end()
  }

  /** Something that ends with it, if not before: once. */
  #ending(end: () => void): () => void {
    const ends = (this.#ends ??= new Set())
    const once = (): void => {
      if (ends.delete(once)) end()
    }
    ends.add(once)
    return once
  }

  #mailOf(message: unknown): Mail {
    const { system, name } = this.#actor
    const { codec, payload } = encodeValue(message, system.host.codec)
    const own = { from: system.id, sender: name, answer: undefined }
    return { ...own, codec, payload: payload.slice() }
  }

  #assertAlive(): void {
    if (this.#ended) throw this.#overError()
  }

  #overError(): BusError {
    const mend = 'its context is good for as long as its signal is not aborted'
    return new BusError('NO_ACTOR', `actor "${this.#actor.name}" has stopped: ${mend}`)
  }
}

function callsOf(life: Life): ContextCalls {
  const { name, system } = life.actor
  const calls = {
    after: (delayMs: number, message: unknown) => life.after(delayMs, message),
    watch: (...given: Parameters<Life['watch']>) => life.watch(...given),
    spawn: (...given: Parameters<Life['spawn']>) => life.spawn(...given),
    actor: (address: string) => system.ref(address, name),
    group: (group: string) => system.group(group, name),
  }
  // What an actor takes and replies is what the program says of it.
  return calls as unknown as ContextCalls
}
