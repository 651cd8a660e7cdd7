/** The groups that actors of this bus are members of: a topic each, joined while there is a member. */
import { BusError } from '../api/errors.ts'
import type { PeerId } from '../api/terms.ts'
import type { LiveActor } from './actor.ts'
import { replying } from './answer.ts'
import { type ActorsHost, groupTopic } from './host.ts'
import { type Asked, Inbox, type InboxListener } from './inbox.ts'
import type { Mail } from './mailbox.ts'
import { repliesOf } from './replies.ts'
import type { Said } from './wire.ts'

interface Joined {
  readonly inbox: Inbox
  readonly members: Set<LiveActor>
}

export class Groups {
  readonly #host: ActorsHost
  readonly #joinedByName = new Map<string, Joined>()

  constructor(host: ActorsHost) {
    this.#host = host
  }

  /** Throws as `subscribe` does. */
  join(name: string, actor: LiveActor): void {
    const known = this.#joinedByName.get(name)
    if (known) return void known.members.add(actor)
    const members = new Set([actor])
    const inbox = new Inbox(this.#host, groupTopic(name), this.#listener(name, members))
    this.#joinedByName.set(name, { inbox, members })
  }

  leave(name: string, actor: LiveActor): void {
    const joined = this.#joinedByName.get(name)
    if (!joined?.members.delete(actor) || joined.members.size > 0) return
    this.#joinedByName.delete(name)
    joined.inbox.close()
  }

  #listener(group: string, members: ReadonlySet<LiveActor>): InboxListener {
    return {
      concerns: ({ to }) => to === 0n,
      told: (said, from) => {
        const mail = mailOf(said, from)
        for (const actor of members) actor.accept({ ...mail, answer: undefined })
      },
      asked: async (said, asked) => {
        if (said.kind === 'ask') return this.#ask(members, { said, asked })
        throw new BusError('UNSUPPORTED', `no question of kind "${said.kind}" is for a group`)
      },
      inquired: ({ kind }) => {
        if (kind === 'pick') return leastBusy(group, members).name
        throw new BusError('UNSUPPORTED', `no question of kind "${kind}" is for a group`)
      },
    }
  }

  #ask(
    members: ReadonlySet<LiveActor>,
    { said, asked }: { readonly said: Said; readonly asked: Asked },
  ): AsyncIterable<Uint8Array> {
    const mail = mailOf(said, asked.from)
    const asking = [...members].map((actor) => {
      const answer = replying(this.#host)
      actor.accept({ ...mail, answer })
      return { name: actor.name, answer }
    })
    const abandon = (): void => {
      for (const { answer } of asking) answer.abandon()
    }
    asked.signal.addEventListener('abort', abandon, { once: true })
    return repliesOf(this.#host, asking)
  }
}

/** The bytes are kept once, and not with the packet that they have come in. */
function mailOf({ sender, codec, payload }: Said, from: PeerId): Omit<Mail, 'answer'> {
  return { from, sender, codec, payload: payload.slice() }
}

/** The one for which the fewest messages wait. */
function leastBusy(group: string, members: ReadonlySet<LiveActor>): LiveActor {
  let best: LiveActor | undefined
  for (const one of members) if (!best || one.queued < best.queued) best = one
  if (best) return best
  throw new BusError('NO_ACTOR', `group "${group}" has no member here any more`)
}
