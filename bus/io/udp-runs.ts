/** Collects what one turn sends into runs, so that a system call carries many datagrams. */
import type { FastPath } from '../native/fast-path.ts'
import { Run, RUN_DATAGRAM_MAX } from './udp-run.ts'

/** Where runs go; a run of one datagram is none. */
export interface RunsTo {
  readonly fast: FastPath
  single(group: string, datagram: Uint8Array): void
  run(group: string, run: Run): void
}

export class Runs {
  readonly #to: RunsTo
  #group = ''
  #run = new Run()

  constructor(to: RunsTo) {
    this.#to = to
  }

  /** False when the datagram is not taken; whatever was taken before it has left then. */
  take(group: string, datagram: Uint8Array): boolean {
    if (!this.#to.fast.inUse || datagram.length > RUN_DATAGRAM_MAX) {
      this.flush()
      return false
    }
    if (group !== this.#group || !this.#run.add(datagram)) {
      this.flush()
      this.#group = group
      this.#run.add(datagram)
    }
    // Behind the call that sends, before anything else happens.
    if (this.#run.datagrams.length === 1) process.nextTick(this.flush)
    return true
  }

  readonly flush = (): void => {
    const { datagrams } = this.#run
    if (datagrams.length === 0) return
    const run = this.#run
    this.#run = new Run()
    if (datagrams.length > 1) this.#to.run(this.#group, run)
    else this.#to.single(this.#group, datagrams[0]!)
  }
}
