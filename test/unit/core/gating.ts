/** A peer behind the gate of a realm with an owner, and members that show it rights, good or not. */
import { Rights } from '../../../bus/core/rights.ts'
import type { Grant } from '../../../bus/core/wire/grant.ts'
import type { Member } from '../../fuzz/member.ts'
import { signatureOf } from '../../fuzz/target.ts'
import { Attack, startedEntry } from './attacking.ts'
import { counting } from './crypto.ts'
import { controlBytes } from './wire/any.ts'
import { grantOn, rightsBytes, type Sign } from './granting.ts'

export const owner: Uint8Array = counting(32, 9)

export function signs(identity: Uint8Array): Sign {
  return (message) => signatureOf(identity, message)
}

/** The target's clock at the beginning, s. */
export const EPOCH_S = 1_700_000_000
export const all: { publish: readonly string[]; subscribe: readonly string[] } = {
  publish: ['**'],
  subscribe: ['**'],
}

/** A realm with an owner, a peer in it, and a member that shows rights. */
export class Gate extends Attack {
  readonly id: Uint8Array = this.keys.id

  constructor(own: Parameters<typeof grantOn>[1] = all) {
    super({}, { owner, rightsOf: (id, self) => granted(id, owner, grantOn(self, own)) })
  }

  /** Says hello with these rights, with the challenge that the peer holds by then. */
  greet(member: Member, rights: Uint8Array): this {
    this.send(member.hello({ rights, echoes: [this.target.challenge] })).wait(100)
    return this.send(member.hello({ rights, echoes: [this.target.challenge] })).wait(50)
  }

  /** Rights from the owner, and what else is put between. */
  granted(grant: Grant, by: Uint8Array = owner): Uint8Array {
    return granted(this.id, by, grant).bytes
  }

  knows({ sender }: Member): boolean {
    return this.target.present.has(sender.instance)
  }
}

export function granted(id: Uint8Array, by: Uint8Array, grant: Grant): Rights {
  return Rights.read(rightsBytes(id, { grant, sign: signs(by) }))!
}

export const beacon: Uint8Array = controlBytes({ type: 'beacon', intervalMs: 1000, streamCount: 0 })

export function started(gate: Gate, stream: number, ask: number = stream): Uint8Array {
  const { instance } = gate.target.peer
  return controlBytes({
    type: 'started',
    asker: instance,
    entries: [startedEntry(stream, { ask })],
  })
}
