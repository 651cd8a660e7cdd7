/** Two peers alike to the last random bit, of which one is attacked: it must behave as the other. */
import { concat } from '../../bus/core/bytes.ts'
import { NakFlag } from '../../bus/core/wire/nak.ts'
import { BODY_OFFSET, Kind, readHeader } from '../../bus/core/wire/packet.ts'
import type { Member } from '../fuzz/member.ts'
import { Random } from '../../bus/testing/random.ts'
import { Attack, body, startedEntry } from '../unit/core/attacking.ts'
import { hex } from '../unit/core/crypto.ts'
import { controlBytes } from '../unit/core/wire/any.ts'

/** What an outsider has recorded, and of whom. */
export interface Recorded {
  readonly hello: Uint8Array
  readonly control: Uint8Array
  readonly bindings: Uint8Array
  readonly data: Uint8Array
}

/**
 * A busy peer: a member is here whose stream it follows, it publishes itself, and somebody has
 * attached. `twins` makes two; whatever an attack does to the state of one shows in what it sends,
 * delivers, joins and waits for from then on.
 */
export class Twin {
  readonly attack: Attack = new Attack()
  readonly member: Member
  readonly recorded: Recorded
  readonly #log: string[] = []

  constructor() {
    const { attack } = this
    attack.target.watch = (to, datagram) => {
      this.#log.push(`${typeof to === 'string' ? to : to.address} ${hex(datagram)}`)
    }
    this.member = attack.member()
    const { member } = this
    const bindings = member.control(member.bindings([member.entry(1, 'plant/1/x', 0)]))
    member.streams.set(1, { topic: 'plant/1/x', mode: 0, number: 0, index: 0 })
    attack.send(bindings).wait(20)
    const asker = attack.target.peer.instance
    const entries = [startedEntry(1)]
    attack.send(member.control(controlBytes({ type: 'started', asker, entries })))
    const data = this.data(1)
    const control = this.beacon()
    attack.send(data).send(control).wait(300)
    const hello = member.hello({ echoes: [attack.target.challenge] })
    attack.send(hello)
    this.recorded = { hello, control, bindings, data }
  }

  beacon(): Uint8Array {
    const beacon = { type: 'beacon', intervalMs: 500, streamCount: 1 } as const
    return this.member.control(controlBytes(beacon))
  }

  /** Message `number` of the member's stream. */
  data(number: number): Uint8Array {
    return this.member.data(1, number, { flags: 0, body: body(number - 1) })
  }

  /** The member attaches to the peer's own stream, and asks for its first packet: answered to it. */
  questions(): Uint8Array {
    const target = this.attack.target.peer.instance
    const entry = { stream: 1, ask: 1, from: 1, ageMs: 0, back: 0, attempt: 0 }
    const about = { type: 'nak', target, flags: NakFlag.solo, rttUs: 0, missed: 0, all: 0 } as const
    return this.member.control(
      concat(
        controlBytes({ type: 'attach', target, entries: [entry] }),
        controlBytes({ ...about, stream: 1, first: 1, missing: Uint8Array.of(0x80) }),
      ),
    )
  }

  /** Goes on for two seconds, with messages and questions, and tells all that came of it. */
  future(): string[] {
    const { attack } = this
    const { target } = attack
    this.#log.length = 0
    for (let number = 2; number < 12; number++) {
      attack.send(this.data(number)).send(this.beacon()).send(this.questions())
      const message = { topic: 'own/x', segments: ['own', 'x'], codec: 0, urgent: false } as const
      const payload = new Uint8Array([number])
      target.peer.publish(attack.now, { ...message, payload, delivery: 'reliable' })
      target.peer.turnEnds(attack.now)
      target.drain(attack.now)
      attack.wait(200)
      this.#log.push(`delivered ${target.delivered}, present ${target.present.size}`)
    }
    return [...this.#log, `groups ${[...target.groups].join()}`, `deadline ${target.peer.deadline}`]
  }
}

/** What the attack leads to beside what would have been. */
export function futures(run: (twin: Twin) => void): { attacked: string[]; spared: string[] } {
  const [attacked, spared] = [new Twin(), new Twin()]
  run(attacked)
  return { attacked: attacked.future(), spared: spared.future() }
}

/**
 * Whether a packet says that it is of an instance or a stream that is not known here. Such a one
 * waits in the quarantine, and its sender is asked who it is: the one trace that may be left.
 */
export function namesAnother(packet: Uint8Array, twin: Twin): boolean {
  if (packet.length < BODY_OFFSET) return false
  const { instance, kind, stream } = readHeader(packet)
  const known = [twin.member.sender.instance, twin.attack.target.peer.instance]
  return !known.includes(instance) || (kind === Kind.data && stream !== 1)
}

export function flipped(packet: Uint8Array, ...bits: readonly number[]): Uint8Array {
  const changed = packet.slice()
  for (const bit of bits) changed[bit >>> 3]! ^= 0x80 >>> (bit & 7)
  return changed
}

/** The attacker's own dice: a peer must not see them fall. */
export function dice(label: string): Random {
  return new Random(1, label)
}
