/** What goes to actors of other peers: messages, questions, and deliveries until one is confirmed. */
import { pause } from '../api/matching.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { BusError } from '../api/errors.ts'
import { instanceOf } from '../api/request-call.ts'
import type { PeerId } from '../api/terms.ts'
import type { Address } from './address.ts'
import type { ActorMetrics } from './counters.ts'
import { ACTORS, type ActorsHost } from './host.ts'
import { Routes } from './routes.ts'
import { type Said, writeSaid } from './wire.ts'

/** A message on its way, encoded. */
export type Letter = Pick<Said, 'sender' | 'codec' | 'payload'>

export interface Waiting {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Of the reply. */
  readonly schema?: StandardSchemaV1 | undefined
}

export class Outbox {
  readonly routes: Routes
  readonly #host: ActorsHost
  readonly #metrics: ActorMetrics
  #lastId = 0
  /** Messages that were told and wait for their actors to be found. */
  #seeking = 0
  /** Of those, how many were lost. */
  #lost = 0
  /** None of them waits any more. */
  #settled: () => void = () => undefined

  constructor(host: ActorsHost, metrics: ActorMetrics) {
    this.#host = host
    this.#metrics = metrics
    this.routes = new Routes(host, (name) => metrics.count(name))
  }

  /** Throws as `publish` does, unless the name has to be looked for first. */
  tell({ name, peer }: Address, letter: Letter): void {
    let { payload } = letter
    let within = true
    const publish = (to: PeerId): void => {
      const about = { to: instanceOf(to), id: 0, name, sender: letter.sender, codec: letter.codec }
      this.#host.last.publish(ACTORS, writeSaid({ kind: 'tell', ...about, payload }))
    }
    if (peer !== undefined) return publish(peer)
    this.#seeking += 1
    this.routes.through(name, (to) => {
      this.#seeking -= 1
      if (within && typeof to === 'string') return publish(to)
      try {
        if (typeof to === 'string') publish(to)
        else this.#lose()
      } catch {
        this.#lose()
      }
      if (this.#seeking === 0) this.#settled()
    })
    within = false
    // What waits outlives the buffer that it was encoded into.
    payload = payload.slice()
  }

  #lose(): void {
    this.#lost += 1
    this.#metrics.count('mailLost')
  }

  /**
   * Nothing is told any more: what waits leaves when its actor is found, for so long. Resolves to how
   * many of them are lost; nothing, where none waits.
   */
  close(lingerMs: number): Promise<number> | undefined {
    const lostBefore = this.#lost
    if (this.#seeking === 0) {
      this.routes.close()
      return undefined
    }
    return new Promise((resolve) => {
      const end = (): void => {
        this.#settled = () => undefined
        cancel()
        this.routes.close()
        resolve(this.#lost - lostBefore)
      }
      const cancel = this.#host.after(lingerMs, end)
      this.#settled = end
    })
  }

  async ask(address: Address, letter: Letter, waiting: Waiting): Promise<unknown> {
    const said = { kind: 'ask', id: 0, ...letter, payload: letter.payload.slice() } as const
    const endsAt = this.#host.now() + waiting.timeoutMs
    return this.#attempt({ address, said, endsAt, waiting })
  }

  /** Tries until its time is over, as long as that may help: the id keeps it from being done twice. */
  async deliver(address: Address, letter: Letter, waiting: Waiting): Promise<void> {
    const kept = { ...letter, payload: letter.payload.slice() }
    this.#lastId += 1
    const said = { kind: 'deliver', id: this.#lastId, ...kept } as const
    const endsAt = this.#host.now() + waiting.timeoutMs
    for (;;) {
      try {
        const attemptEndsAt = Math.min(endsAt, this.#host.now() + ATTEMPT_MS)
        await this.#attempt({ address, said, endsAt: attemptEndsAt, waiting })
        return
      } catch (error) {
        const left = endsAt - this.#host.now()
        if (left <= AGAIN_MS || !mayHelp(error, address)) throw error
        await pause(this.#host.after, AGAIN_MS)
        waiting.signal?.throwIfAborted()
      }
    }
  }

  /** What is sent at once is sent within the call: the order of a sender's calls is kept. */
  #attempt(attempt: Attempt): Promise<unknown> {
    const { peer } = attempt.address
    return peer === undefined ? this.#byName(attempt, true) : this.#request(attempt, peer)
  }

  #byName(attempt: Attempt, mayHaveMoved: boolean): Promise<unknown> {
    const { address, endsAt, waiting } = attempt
    const { name } = address
    const { after, now } = this.#host
    return new Promise((resolve, reject) => {
      let wanted = true
      const giveUp = (reason: unknown): void => {
        wanted = false
        reject(reason as Error)
      }
      const mend = `actor "${name}" has not been found in time: give it a longer "timeout"`
      const late = (): void => giveUp(new BusError('TIMEOUT', mend))
      const abort = (): void => giveUp(waiting.signal?.reason)
      const cancel = after(Math.max(0, endsAt - now()), late)
      waiting.signal?.addEventListener('abort', abort, { once: true })
      this.routes.through(name, (to) => {
        cancel()
        waiting.signal?.removeEventListener('abort', abort)
        if (!wanted) return
        if (typeof to !== 'string') return reject(to)
        this.#request(attempt, to).then(resolve, (error: unknown) => {
          // Since it was found. No behaviour can say so: nothing was begun.
          if (!mayHaveMoved || !isNoActor(error)) return reject(error as Error)
          this.#byName(attempt, false).then(resolve, reject)
        })
      })
    })
  }

  async #request({ address, said, endsAt, waiting }: Attempt, peer: PeerId): Promise<unknown> {
    const { request, now } = this.#host
    const timeout = Math.max(1, Math.ceil(endsAt - now()))
    const { schema, signal } = waiting
    try {
      const question = writeSaid({ ...said, to: instanceOf(peer), name: address.name })
      const options = { to: peer, timeout, ...(schema && { schema }), ...(signal && { signal }) }
      const about = `for actor "${address.name}"`
      return (await request(about, ACTORS, question, options)).value
    } catch (error) {
      throw this.#known(address, peer, error)
    }
  }

  /** What a failed request says of the actor. */
  #known({ name }: Address, peer: PeerId, error: unknown): unknown {
    if (!(error instanceof BusError)) return error
    const { code } = error
    if (code === 'NO_RESPONDER' || code === 'NO_ACTOR' || code === 'ABANDONED') {
      this.routes.forget(name, peer)
    }
    if (code !== 'NO_RESPONDER') return error
    const mend = 'it has left, or has no actors any more'
    return new BusError('NO_ACTOR', `there is no actor "${name}" at peer ${peer}: ${mend}`)
  }
}

interface Attempt {
  readonly address: Address
  readonly said: Omit<Said, 'to' | 'name'>
  readonly endsAt: number
  readonly waiting: Waiting
}

function isNoActor(error: unknown): boolean {
  return error instanceof BusError && error.code === 'NO_ACTOR'
}

/** Whether another attempt may come to something else. */
function mayHelp(error: unknown, { peer }: Address): boolean {
  if (!(error instanceof BusError)) return false
  if (error.code === 'TIMEOUT' || error.code === 'BUSY') return true
  // Where the name alone is given somebody else may have it by now.
  return error.code === 'ABANDONED' && peer === undefined
}

const ATTEMPT_MS = 5000
const AGAIN_MS = 100
