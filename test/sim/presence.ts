/** Who sees whom: changes alternate, the dead do not come, everybody finds everybody. */
import type { Notice, Process } from './process.ts'
import { check } from './violation.ts'

type Change = Extract<Notice, { readonly type: 'peer' }>

export class Presence {
  readonly #processesByInstance = new Map<bigint, Process>()
  readonly #seen = new Map<Process, Set<Process>>()
  readonly #metAt = new Map<Process, Map<Process, number>>()
  readonly #firstMetAt = new Map<Process, Map<Process, number>>()

  born(process: Process): void {
    this.#processesByInstance.set(process.peer.instance, process)
    this.#seen.set(process, new Set())
    this.#metAt.set(process, new Map())
    this.#firstMetAt.set(process, new Map())
  }

  seenBy(process: Process): ReadonlySet<Process> {
    return this.#seen.get(process) ?? new Set()
  }

  /** When a process last met another one; `Infinity`: never. */
  metAt(process: Process, other: Process): number {
    return this.#metAt.get(process)?.get(other) ?? Infinity
  }

  /** The same of the first time. */
  firstMetAt(process: Process, other: Process): number {
    return this.#firstMetAt.get(process)?.get(other) ?? Infinity
  }

  onChange(process: Process, time: number, { change, peer }: Change): void {
    const other = this.#processesByInstance.get(peer.instance)
    check(other !== undefined, 'foreign', () => `${process.id} sees ${peer.name}, who never lived`)
    check(other.options.realm === process.options.realm, 'foreign', () => {
      return `${process.id} sees ${other.id} of another realm`
    })
    const seen = this.#seen.get(process)!
    if (change === 'leave') {
      check(seen.delete(other), 'liveness', () => `${process.id} lost ${other.id} twice`)
      return
    }
    const dead = other.endedAt !== undefined && other.endedAt + BELIEVED_MS < time
    check(!dead, 'foreign', () => `${process.id} sees ${other.id} ${change}, who is dead`)
    check(change === 'update' || !seen.has(other), 'liveness', () => {
      return `${process.id} met ${other.id} twice`
    })
    if (change === 'join') {
      this.#metAt.get(process)!.set(other, time)
      const first = this.#firstMetAt.get(process)!
      if (!first.has(other)) first.set(other, time)
    }
    seen.add(other)
  }
}

/** For so long the answer to a challenge counts: as much later may a replay bring somebody back. */
const BELIEVED_MS = 10_500
