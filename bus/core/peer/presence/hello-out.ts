/** Makes hellos, has them signed, and sends them: to everybody, or to one that may not hear the group. */
import { concat } from '../../bytes.ts'
import type { Endpoint } from '../../output.ts'
import type { Context } from '../context.ts'
import type { ControlOut } from '../control.ts'
import type { Challenge } from '../../service/challenge.ts'
import { statedInterval } from '../../service/presence.ts'
import { utf8 } from '../../text.ts'
import { type Hello, listRoom, writeHello } from '../../wire/hello.ts'
import { Kind, NUMBER_MAX } from '../../wire/packet.ts'

/** What differs from one hello to the next, and where it goes. */
export interface Greeting {
  readonly flags: number
  readonly asked: readonly bigint[]
  readonly echoes: readonly bigint[]
  readonly to: readonly (string | Endpoint)[]
}

interface About {
  readonly challenge: Challenge
  /** How many streams this peer has opened. */
  readonly streamCount: () => number
}

export class HelloOut {
  readonly #context: Context
  readonly #control: ControlOut
  readonly #about: About

  constructor(context: Context, control: ControlOut, about: About) {
    this.#context = context
    this.#control = control
    this.#about = about
  }

  /** How many instances and challenges one hello has room for. */
  get room(): number {
    return listRoom(this.#aboutSelf())
  }

  /** `then` runs with the hello once it has been handed out. */
  send(greeting: Greeting, then?: (now: number, packet: Uint8Array) => void): void {
    const { env, keys, sealer, self, roster, backlog } = this.#context
    const random = env.random(10)
    const view = new DataView(random.buffer, random.byteOffset, random.byteLength)
    const number = (view.getUint16(4) * 0x100000000 + view.getUint32(6)) % NUMBER_MAX
    const id = { kind: Kind.hello, flags: 0, stream: view.getUint32(0), number }
    const { flags, asked, echoes, to } = greeting
    const body = writeHello({
      flags,
      identity: self.identity,
      salt: self.salt,
      challenge: this.#about.challenge.value,
      controlNumber: this.#control.number,
      intervalMs: statedInterval(roster.size + 1, backlog.ms),
      port: this.#context.port,
      streamCount: this.#about.streamCount(),
      ...this.#aboutSelf(),
      asked,
      echoes,
    })
    this.#context.sign(HELLO_LABEL, [sealer.headerBytes(id), body], (now, signature) => {
      // The epoch in the header has been signed.
      if (this.#context.keys !== keys) return this.send(greeting, then)
      const packet = sealer.seal(id, concat(body, signature), keys.control)
      for (const one of to) this.#context.transmit(one, packet)
      then?.(now, packet)
    })
  }

  #aboutSelf(): Pick<Hello, 'name' | 'tags' | 'rights'> {
    const { config, rights } = this.#context
    const tags = Object.entries(config.tags).map(([key, value]) => utf8(`${key}=${value}`))
    return { name: utf8(config.name), tags, rights: rights?.bytes ?? NO_RIGHTS }
  }
}

/** What the signature of a hello names. */
export const HELLO_LABEL: Uint8Array = utf8('sixcast/1/hello')
const NO_RIGHTS = new Uint8Array(0)
