/** What a behaviour is given with a message. */
import type { ActorContext, ActorRef } from '../api/actor-options.ts'
import type { Bus, PeerId } from '../api/options.ts'
import { addressText } from './address.ts'
import type { Life } from './life.ts'
import type { Mail } from './mailbox.ts'
import type { ContextCalls } from './system.ts'

export class LiveContext implements ActorContext<unknown> {
  readonly from: PeerId
  readonly after: ContextCalls['after']
  readonly watch: ContextCalls['watch']
  readonly spawn: ContextCalls['spawn']
  readonly actor: ContextCalls['actor']
  readonly group: ContextCalls['group']
  readonly #life: Life
  readonly #senderName: string

  constructor(life: Life, { from, sender }: Mail) {
    this.from = from
    this.#life = life
    this.#senderName = sender
    const { after, watch, spawn, actor, group } = life.calls
    this.after = after
    this.watch = watch
    this.spawn = spawn
    this.actor = actor
    this.group = group
  }

  get self(): ActorRef {
    const { name, system } = this.#life.actor
    return this.#refTo(name, system.id)
  }

  get sender(): ActorRef | undefined {
    return this.#senderName === '' ? undefined : this.#refTo(this.#senderName, this.from)
  }

  get bus(): Bus {
    return this.#life.actor.system.host.bus
  }

  get signal(): AbortSignal {
    return this.#life.signal
  }

  #refTo(name: string, peer: PeerId): ActorRef {
    const { name: own, system } = this.#life.actor
    return system.ref(addressText(name, peer), own)
  }
}
