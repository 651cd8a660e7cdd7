/**
 * One condition: watches variables, tests each of them or what all of them come to, and acts.
 *
 * An aggregate is made as often as functions are called (`every`) and no oftener: at the beginning
 * the answers of all peers come one after the other, and so would a thousand aggregates.
 */
import { BusError } from '../errors.ts'
import { asError, attempt } from '../thrown.ts'
import type { Change } from '../variable-options.ts'
import type { Condition, Observed, WhenStep } from '../when-options.ts'
import { Acts } from './acts.ts'
import type { VariablesHost } from './host.ts'
import { Subject } from './subject.ts'
import { LiveWatching } from './watching.ts'
import type { WhenCall } from './when-call.ts'

type About = Pick<Observed, 'name' | 'from'>

export class LiveCondition implements Condition {
  readonly ended: Promise<void>
  readonly #host: VariablesHost
  readonly #call: WhenCall
  readonly #changes: AsyncIterator<Change>
  readonly #acts: Acts
  /** What the test is true of, or has been. */
  readonly #subjectsByKey = new Map<string, Subject>()
  /** What is known of every variable: of an aggregate alone. */
  readonly #observedByKey = new Map<string, Observed>()
  readonly #aboutOf = new WeakMap<Subject, Pick<Observed, 'name' | 'from' | 'version'>>()
  readonly #control = new AbortController()
  /** A look at all of them is due. */
  #stopLook: (() => void) | undefined
  #closed = false
  #settle: { readonly resolve: () => void; readonly reject: (reason: unknown) => void }

  /** Watches. Throws as `publish` does. */
  constructor(host: VariablesHost, call: WhenCall) {
    this.#host = host
    this.#call = call
    const { concurrency, signal } = call
    signal?.throwIfAborted()
    this.#acts = new Acts({
      concurrency,
      act: (subject) => this.#act(subject),
      done: (subject) => this.#tidy(this.#keyOf(subject), subject),
    })
    let settle = { resolve: (): void => undefined, reject: (_reason: unknown): void => undefined }
    this.ended = new Promise((resolve, reject) => (settle = { resolve, reject }))
    this.#settle = settle
    // Who does not ask how it ends need not be told so.
    this.ended.catch(() => undefined)
    this.#changes = new LiveWatching(host, call.watch)[Symbol.asyncIterator]()
    if (call.aggregate) this.#lookSoon()
    void this.#run()
    const abort = (): void => this.#end(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true, signal: this.#control.signal })
  }

  get holding(): number {
    return [...this.#subjectsByKey.values()].filter(({ isIn }) => isIn).length
  }

  get working(): number {
    return this.#acts.working
  }

  async close(): Promise<void> {
    this.#stop()
    await this.#acts.close()
    this.#control.abort()
    this.#settle.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const next = await this.#changes.next()
        if (next.done || this.#closed) return
        this.#onChange(next.value)
      }
    } catch (error) {
      this.#end(error)
    }
  }

  /** The watch has failed, the bus was closed, or the program gives it up. */
  #end(reason: unknown): void {
    if (this.#control.signal.aborted) return
    const isExpected = reason === this.#call.signal?.reason || isClosed(reason)
    if (!isExpected) this.#host.failed(reason)
    this.#stop()
    this.#control.abort(reason)
    void this.#acts.close()
    this.#settle.reject(reason)
  }

  #stop(): void {
    this.#closed = true
    this.#stopLook?.()
    for (const subject of this.#subjectsByKey.values()) subject.stop()
    void this.#changes.return?.()
  }

  #onChange(change: Change): void {
    const { name, from } = change
    const key = keyOf(change)
    if (!this.#call.aggregate) return this.#look(key, change)
    if (change.type !== 'value') this.#observedByKey.delete(key)
    else {
      const { value, version } = change
      this.#observedByKey.set(key, { name, value, from, version })
    }
    this.#lookSoon()
  }

  #look(key: string, change: Change): void {
    const subject = this.#subjectsByKey.get(key) ?? this.#subject(change)
    // Who waits to act keeps what it is about: the variable as it is now.
    if (change.type === 'value') this.#aboutOf.set(subject, aboutOf(change))
    this.#see(key, subject, () => {
      if (change.type === 'value') subject.see(change.value, change.age)
      else if (change.type === 'failed') subject.doubt()
      else subject.lose()
    })
  }

  #lookSoon(): void {
    this.#stopLook ??= this.#host.after(this.#call.watch.everyMs, () => {
      this.#stopLook = undefined
      const subject = this.#subjectsByKey.get('') ?? this.#subject(undefined)
      this.#see('', subject, () => {
        const value = this.#call.aggregate?.([...this.#observedByKey.values()])
        if (value === undefined) subject.doubt()
        else subject.see(value, 0)
      })
    })
  }

  /** Only those of which it is true are kept, and those that are acted upon. */
  #see(key: string, subject: Subject, look: () => void): void {
    try {
      look()
    } catch (error) {
      subject.doubt()
      this.#failed(subject, error)
    }
    this.#subjectsByKey.set(key, subject)
    this.#tidy(key, subject)
  }

  #tidy(key: string, subject: Subject): void {
    if (!subject.isOut) return
    this.#acts.drop(subject)
    if (!this.#acts.has(subject)) this.#subjectsByKey.delete(key)
  }

  #subject(about: About | undefined): Subject {
    const { after, now } = this.#host
    const subject: Subject = new Subject({
      call: this.#call,
      after,
      now,
      step: (type) => this.#tell(subject, { type }),
      due: () => {
        if (!this.#call.dryRun) return this.#acts.add(subject)
        subject.begin()
        this.#tell(subject, { type: 'would' })
      },
    })
    if (about) this.#aboutOf.set(subject, { ...about, version: 0 })
    return subject
  }

  #keyOf(subject: Subject): string {
    const about = this.#aboutOf.get(subject)
    return about ? keyOf(about) : ''
  }

  async #act(subject: Subject): Promise<void> {
    const { act } = this.#call
    const about = this.#aboutOf.get(subject) ?? { readings: [...this.#observedByKey.values()] }
    const { value, heldMs: held } = subject
    subject.begin()
    this.#tell(subject, { type: 'acts' })
    try {
      // The types of `when` say what it takes: one variable, or an aggregate.
      await act({ ...about, value, held, signal: this.#control.signal } as never)
      this.#tell(subject, { type: 'acted' })
    } catch (error) {
      this.#failed(subject, error)
    }
  }

  #failed(subject: Subject, thrown: unknown): void {
    const error = asError(thrown)
    this.#host.failed(error)
    this.#tell(subject, { type: 'failed', error })
  }

  #tell(
    subject: Subject,
    what: { readonly type: Exclude<WhenStep['type'], 'failed'> } | Failed,
  ): void {
    const { name, from } = this.#aboutOf.get(subject) ?? { name: undefined, from: undefined }
    const { value, heldMs: held } = subject
    const step = { ...what, name, from, value, held }
    attempt(() => this.#call.told?.(step), this.#host.failed)
  }
}

interface Failed {
  readonly type: 'failed'
  readonly error: Error
}

function keyOf({ name, from }: About): string {
  return `${from}/${name}`
}

function aboutOf({ name, from, ...change }: Extract<Change, { readonly type: 'value' }>) {
  return { name, from, version: change.version }
}

function isClosed(reason: unknown): boolean {
  return reason instanceof BusError && reason.code === 'CLOSED'
}
