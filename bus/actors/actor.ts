/**
 * One actor of this bus: takes its messages one after the other, starts anew when it fails, and ends.
 *
 * What a life has begun (timers, watches, children) ends with it; the mailbox outlives it, so a
 * restart loses nothing but the message that it failed on.
 */
import type { ActorEnd, ActorEndReason } from '../api/actor-options.ts'
import { becomesRemote, CutOffError } from '../api/answer-error.ts'
import { decodeValue } from '../api/codec.ts'
import { BusError } from '../api/errors.ts'
import { asError } from '../api/thrown.ts'
import type { PeerId } from '../api/terms.ts'
import { validate } from '../api/schema.ts'
import { LiveContext } from './context.ts'
import { BACKOFF_MAX_MS, STOP_MS } from './defaults.ts'
import { Life, type Living } from './life.ts'
import { type Mail, Mailbox } from './mailbox.ts'
import type { SpawnCall } from './spawn-call.ts'
import { stepOf } from './step.ts'
import type { ActorsSystem, AnyBehaviour, Child, Parent } from './system.ts'
import type { Busy } from './turns.ts'

export class LiveActor implements Living, Child, Busy {
  readonly name: string
  readonly system: ActorsSystem
  readonly stopped: Promise<ActorEnd>
  readonly #call: SpawnCall
  readonly #parent: Parent | undefined
  readonly #mailbox: Mailbox
  #behaviour: AnyBehaviour
  #state: unknown
  #life: Life
  #children: Set<Child> | undefined
  /** Resting: between a failure and the restart. */
  #doing: 'nothing' | 'waits its turn' | 'works' | 'rests' = 'nothing'
  #atWork: Mail | undefined
  /** When it has failed, within the window. */
  #failures: number[] = []
  #closing: 'closed' | 'parent' | undefined
  #end: ActorEnd | undefined
  #resolve: (end: ActorEnd) => void = () => undefined
  /** Calls off what it waits for by itself: its restart, or its end. */
  #callOff: () => void = () => undefined

  /** Throws what the function throws that makes its state. */
  constructor(system: ActorsSystem, call: SpawnCall, parent: Parent | undefined) {
    this.name = call.name
    this.system = system
    this.#call = call
    this.#parent = parent
    this.#behaviour = call.behaviour
    const { mailbox: limit, overflow } = call
    const full = (): void => system.metrics.count('mailboxFull')
    const { budget } = system
    this.#mailbox = new Mailbox({ owner: this.name, limit, overflow, budget, full })
    this.stopped = new Promise((resolve) => (this.#resolve = resolve))
    this.#state = call.initial()
    this.#life = new Life(this)
    parent?.adopt(this)
  }

  get queued(): number {
    return this.#mailbox.size
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** What its sender is to be told when it is refused. */
  accept(mail: Mail): BusError | undefined {
    if (this.#end || this.#closing) {
      this.#lose(mail)
      return undefined
    }
    const refused = this.#mailbox.put(mail)
    this.#wake()
    return refused
  }

  push(mail: Mail): void {
    if (this.#end || this.#closing) return this.#lose(mail)
    this.#mailbox.push(mail)
    this.#wake()
  }

  adopt(child: Child): void {
    this.#children ??= new Set()
    this.#children.add(child)
  }

  leave(child: Child, error?: Error): void {
    this.#children?.delete(child)
    if (error) this.failed(error)
    else this.#endIfIdle()
  }

  run(): void {
    if (this.#doing !== 'waits its turn') return
    const mail = this.#next()
    if (!mail) {
      this.#doing = 'nothing'
      return
    }
    this.#doing = 'works'
    this.#atWork = mail
    const life = this.#life
    try {
      const given = this.#checked(mail)
      if (given instanceof Promise) void this.#await(life, given)
      else this.#take(life, given)
    } catch (error) {
      this.#onThrown(life, error)
    }
  }

  /** What was at work is over with what it has begun; the life after it begins, or none does. */
  failed(thrown: unknown): void {
    if (this.#end) return
    const error = asError(thrown)
    const { metrics, host } = this.system
    metrics.count('actorsFailed')
    host.event({ type: 'error', error })
    this.#answerWork((answer) => answer?.fail(thrown))
    const { failure, restarts, windowMs } = this.#call
    const now = host.now()
    this.#failures = [...this.#failures.filter((at) => now - at < windowMs), now]
    const mayRestart = failure === 'restart' && this.#failures.length <= restarts
    if (this.#closing || !mayRestart) {
      return this.end(this.#closing ?? 'failed', error)
    }
    this.#endLife()
    this.#doing = 'rests'
    const { backoffMs } = this.#call
    const delayMs = Math.min(backoffMs * 2 ** (this.#failures.length - 1), BACKOFF_MAX_MS)
    this.#callOff()
    this.#callOff = host.after(delayMs, () => this.#restart())
  }

  close(reason: 'closed' | 'parent' = 'closed'): Promise<void> {
    if (!this.#end && !this.#closing) {
      this.#closing = reason
      this.#life.warn()
      this.#callOff()
      this.#callOff = this.system.host.after(STOP_MS, () => this.end(reason))
      for (const child of this.#children ?? []) void child.close('parent')
      this.#endIfIdle()
    }
    return this.stopped.then(() => undefined)
  }

  /** At once, whatever is at work. */
  end(reason: ActorEndReason, error?: Error): void {
    if (this.#end) return
    this.#end = error ? { reason, error } : { reason }
    this.#callOff()
    this.#answerWork((answer) => answer?.refuse(this.#cutOffError()))
    this.#endLife()
    for (let mail = this.#mailbox.take(); mail; mail = this.#mailbox.take()) this.#lose(mail)
    this.system.ended(this.name, reason)
    this.#resolve(this.#end)
    const escalates = reason === 'failed' && this.#call.failure === 'escalate'
    this.#parent?.leave(this, escalates ? error : undefined)
  }

  /** One that is being closed ends when nothing is at work any more, in it and below it. */
  #endIfIdle(): void {
    if (this.#closing && this.#doing !== 'works' && !this.#children?.size) this.end(this.#closing)
  }

  #wake(): void {
    if (this.#doing !== 'nothing') return
    this.#doing = 'waits its turn'
    this.system.turns.add(this)
  }

  /** The next message that is of use to anybody. */
  #next(): Mail | undefined {
    for (let mail = this.#mailbox.take(); mail; mail = this.#mailbox.take()) {
      mail.taken?.()
      if (mail.answer?.waited !== false) return mail
    }
    return undefined
  }

  /** The message, decoded and checked, as its behaviour has taken it. */
  #checked(mail: Mail): unknown {
    const { schema } = this.#call
    const life = this.#life
    const decoded = decodeValue(mail.codec, mail.payload, this.system.host.codec)
    const checked = schema && 'value' in decoded ? validate(schema, decoded.value) : decoded
    const call = (given: Awaited<typeof checked>): unknown => {
      if ('issues' in given) throw new Invalid(given.issues)
      // A check that takes its time may outlive the life that it was begun in.
      if (life.isOver) return undefined
      return this.#behaviour(this.#state, given.value, new LiveContext(life, mail))
    }
    return checked instanceof Promise ? checked.then(call) : call(checked)
  }

  async #await(life: Life, given: Promise<unknown>): Promise<void> {
    try {
      this.#take(life, await given)
    } catch (error) {
      this.#onThrown(life, error)
    }
  }

  #take(life: Life, given: unknown): void {
    // It has failed, or was ended, while this was at work.
    if (life.isOver) return
    const { state, reply, error, become, stop } = stepOf(this.name, given)
    this.#state = state
    if (become) this.#behaviour = become
    // The actor goes on; its owner is told what nobody else learns.
    if (error && becomesRemote(error)) this.system.host.event({ type: 'error', error })
    this.#answerWork((answer) => (error ? answer?.fail(error) : answer?.done(reply)))
    this.system.metrics.count('mailDone')
    if (stop) this.end('stopped')
    else this.#goOn()
  }

  #onThrown(life: Life, thrown: unknown): void {
    if (life.isOver) return
    if (!(thrown instanceof Invalid)) return this.failed(thrown)
    const { issues } = thrown
    const { host, metrics } = this.system
    metrics.count('mailInvalid')
    const from: PeerId = this.#atWork?.from ?? this.system.id
    host.event({ type: 'invalid', topic: this.name, from, issues })
    const error = new BusError(
      'INVALID_VALUE',
      `the message is not what actor "${this.name}" takes: ${issues.join('; ')}`,
    )
    this.#answerWork((answer) => answer?.refuse(error))
    this.#goOn()
  }

  #goOn(): void {
    this.#doing = 'nothing'
    if (this.#closing) return this.#endIfIdle()
    if (this.queued > 0) this.#wake()
  }

  #restart(): void {
    this.system.metrics.count('actorsRestarted')
    this.#behaviour = this.#call.behaviour
    this.#life = new Life(this)
    try {
      this.#state = this.#call.initial()
    } catch (error) {
      return this.failed(error)
    }
    this.#goOn()
  }

  #endLife(): void {
    this.#life.end()
    const children = this.#children
    this.#children = undefined
    for (const child of children ?? []) child.end('parent')
  }

  #answerWork(how: (answer: Mail['answer']) => void): void {
    const mail = this.#atWork
    this.#atWork = undefined
    if (mail) how(mail.answer)
  }

  #lose({ answer, taken }: Mail): void {
    taken?.()
    this.system.metrics.count('mailLost')
    answer?.refuse(this.#goneError())
  }

  #goneError(): BusError {
    return new BusError('NO_ACTOR', `actor "${this.name}" has stopped: spawn it again`)
  }

  #cutOffError(): CutOffError {
    const fault = `actor "${this.name}" was ended while this was at work: it may have been done`
    return new CutOffError(`${fault}; send it again if that does no harm`)
  }
}

/** The message does not match the schema. */
class Invalid extends Error {
  readonly issues: readonly string[]

  constructor(issues: readonly string[]) {
    super('a message is not what the schema says')
    this.issues = issues
  }
}
