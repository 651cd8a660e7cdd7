/** What a peer tells relays: the groups that it wants, as long as it does, to those that it hears. */
import { describe, expect, it } from 'vitest'
import type { Context } from '../../../../bus/core/peer/context.ts'
import type { ControlOut } from '../../../../bus/core/peer/control.ts'
import { InterestOut } from '../../../../bus/core/peer/interest.ts'
import { controlParts } from '../../../../bus/core/seal/keys.ts'
import { Sealer } from '../../../../bus/core/seal/sealer.ts'
import type { ControlRecord } from '../../../../bus/core/wire/control.ts'
import { RelayFlag } from '../../../../bus/core/wire/relay.ts'
import { RelayKeys } from '../../../../relay/keys.ts'
import { Neighbours } from '../../../../relay/neighbours.ts'
import { counting, crypto } from '../crypto.ts'

const keys = new RelayKeys(crypto, controlParts(crypto, { name: 'home', root: counting(32) }))

/** What of a peer its interest looks at, and what it has said. */
class World {
  readonly members = new Set<string>()
  readonly said: Extract<ControlRecord, { type: 'interest' }>[] = []
  readonly counts = new Map<string, number>()
  readonly interest: InterestOut
  readonly onMember: ((group: string, joined: boolean) => void)[] = []
  greeted = 0

  constructor() {
    const count = (name: string): void => {
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    }
    const context = {
      self: { instance: 1n },
      controlGroup: 'control',
      relayUntil: -Infinity,
      members: this.members,
      onMember: this.onMember,
      emit: () => undefined,
      timers: { set: () => undefined, setBefore: () => undefined },
      metrics: { count },
      reject: count,
      sealer: new Sealer(crypto, keys.sealing, 1n),
      epochs: { at: (epoch: number) => keys.at(epoch) },
      roster: { size: 1 },
      unit: () => 0.5,
    } as unknown as Context // what is looked at
    const add = (_: string, record: ControlRecord): void => {
      if (record.type === 'interest') this.said.push(record)
    }
    const control = { add } as unknown as ControlOut // the same
    this.interest = new InterestOut(context, control, () => (this.greeted += 1))
  }

  join(group: string): void {
    this.members.add(group)
    for (const told of this.onMember) told(group, true)
  }

  leave(group: string): void {
    this.members.delete(group)
    for (const told of this.onMember) told(group, false)
  }

  hears(packet: Uint8Array, address = 'fe80::1', now = 0): void {
    this.interest.onRelay(now, packet, { address, port: 6000 })
  }

  /** The groups that are said to be wanted at the next turns. */
  wanted(turns = 1): string[] {
    this.said.length = 0
    for (let turn = 0; turn < turns; turn++) this.interest.onTimer(10)
    return this.said.filter(({ validMs }) => validMs > 0).flatMap(({ groups }) => groups)
  }
}

function beacon(relay: Neighbours): Uint8Array {
  return relay.beacon({ flags: RelayFlag.askAll, intervalMs: 500, asked: [] })
}

describe('the interest of a peer', () => {
  it('is not said any more of a group that was left while it waited for its turn', () => {
    const world = new World()
    const groups = Array.from({ length: 300 }, (_, at) => `group ${at}`)
    for (const group of groups) world.join(group)
    world.hears(beacon(new Neighbours(crypto, keys, 77n)))
    expect(world.wanted()).toEqual(groups.slice(0, 256))
    world.leave('group 299')
    expect(world.wanted()).toEqual(groups.slice(256, 299))
    expect(world.said).toContainEqual({ type: 'interest', validMs: 0, groups: ['group 299'] })
    expect(world.wanted(8)).not.toContain('group 299')
  })

  it('is said to a relay that was heard before, however much junk comes from elsewhere', () => {
    const world = new World()
    const relay = new Neighbours(crypto, keys, 77n)
    world.hears(beacon(relay))
    const junk = beacon(new Neighbours(crypto, keys, 78n))
    junk[junk.length - 1]! ^= 1
    for (let at = 0; at < 3000; at++) world.hears(junk, `fe80::${at.toString(16)}:2`, 2000)
    expect(world.counts.get('forged')).toBe(2000)
    expect(world.counts.get('helloBudget')).toBe(1000)
    world.hears(beacon(relay), 'fe80::1', 2000)
    expect(world.greeted).toBe(2)
  })
})
