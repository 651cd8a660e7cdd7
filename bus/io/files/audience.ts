/** The receivers of one file as its sender knows them: who has what, who is done, who has gone. */
import type { FileReceiver, FileState } from '../../api/file-options.ts'
import type { PeerId } from '../../api/options.ts'
import type { Status } from './wire.ts'

interface Member {
  peer: PeerId
  name: string
  state: FileState
  has: number
  reason: string | undefined
}

export class Audience {
  /** By the word that a receiver keeps over restarts. */
  readonly #members = new Map<string, Member>()

  get size(): number {
    return this.#members.size
  }

  get confirmed(): number {
    return this.#count((state) => state === 'done')
  }

  /** Those of whom nothing more is expected. */
  get settled(): number {
    return this.#count((state) => state === 'done' || state === 'refused' || state === 'gone')
  }

  /** Whether this is news. */
  hear(status: Status, peer: PeerId, name: string): boolean {
    const { receiver, state, has, reason } = status
    const known = this.#members.get(receiver)
    if (!known && this.#members.size >= MEMBERS_MAX) return false
    this.#members.set(receiver, { peer, name, state, has, reason })
    return !known || known.state !== state || known.has !== has || known.peer !== peer
  }

  /** Whether one of them was still to be waited for. */
  left(peer: PeerId): boolean {
    let waitedFor = false
    for (const member of this.#members.values()) {
      if (member.peer !== peer || member.state === 'done' || member.state === 'refused') continue
      member.state = 'gone'
      waitedFor = true
    }
    return waitedFor
  }

  list(wanted: 'confirmed' | 'unconfirmed'): FileReceiver[] {
    return [...this.#members.values()]
      .filter(({ state }) => (state === 'done') === (wanted === 'confirmed'))
      .map(({ peer, name, state, has, reason }) => {
        return { id: peer, name, state, has, ...(reason !== undefined && { reason }) }
      })
  }

  #count(fits: (state: FileState) => boolean): number {
    let count = 0
    for (const { state } of this.#members.values()) if (fits(state)) count += 1
    return count
  }
}

/** As many receivers as a stream remembers by default. */
const MEMBERS_MAX = 1024
