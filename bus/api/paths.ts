/** By which way packets go, as the program sees it: the transport's, or unicast while that is needed. */
import type { BusEvent, Logger, PathKind } from './options.ts'

export class Paths {
  readonly #event: (event: BusEvent) => void
  readonly #log: Logger | undefined
  #base: PathKind
  #unicast = false

  constructor(
    { path, log }: { readonly path: PathKind; readonly log?: Logger | undefined },
    event: (event: BusEvent) => void,
  ) {
    this.#base = path
    this.#log = log
    this.#event = event
  }

  /** The lowest rung that somebody needs. */
  get shown(): PathKind {
    return this.#unicast && this.#base === 'multicast' ? 'unicast' : this.#base
  }

  /** How peers come of whom nothing else is known. */
  get base(): PathKind {
    return this.#base === 'hub' ? 'unicast' : this.#base
  }

  /** The transport goes by another way. */
  turn(path: PathKind, reason: string): void {
    this.#change(reason, () => (this.#base = path))
  }

  /** Somebody is reached by unicast alone, or nobody any more. */
  useUnicast(inUse: boolean, reason: string): void {
    this.#change(reason, () => (this.#unicast = inUse))
  }

  /** What is lower on the ladder than somebody's way is no change: on a hub all go by unicast. */
  #change(reason: string, change: () => void): void {
    const from = this.shown
    change()
    const to = this.shown
    if (to === from) return
    this.#log?.info({ path: to, reason }, 'path changed')
    this.#event({ type: 'path', from, to, reason })
  }
}
