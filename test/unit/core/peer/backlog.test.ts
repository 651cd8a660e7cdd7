/** How far a process is behind with reading, as its own packets tell. */
import { describe, expect, it } from 'vitest'
import { Backlog } from '../../../../bus/core/peer/presence/backlog.ts'
import { Attack } from '../attacking.ts'
import { readControl } from '../../../../bus/core/wire/control.ts'
import { bodyOf, readHeader } from '../../../../bus/core/wire/packet.ts'

describe('the backlog', () => {
  it('looks for one packet each 250 ms, and counts those that take a second', () => {
    const backlog = new Backlog()
    for (const [at, number] of [
      [1000, 1],
      [1249, 2],
      [1250, 3],
    ] as const) {
      backlog.sent(at, number)
    }
    expect([1, 2, 3].map((number) => backlog.awaits(number))).toEqual([true, false, true])
    expect(backlog.returned(1700, 1)).toBe(false)
    expect(backlog.returned(2250, 3)).toBe(true)
    expect(backlog.awaits(3)).toBe(false)
  })

  it('is what the last two have taken at least, so that a standstill is none, nor less than a second', () => {
    const backlog = new Backlog()
    const told = [
      [1000, 4000],
      [4000, 4010],
      [5000, 7000],
      [6000, 9000],
      [9000, 9010],
    ].map(([at, back], number) => {
      backlog.sent(at!, number)
      backlog.returned(back!, number)
      return backlog.ms
    })
    expect(told).toEqual([0, 0, 0, 2000, 0])
  })

  it('counts up to 20 s, and for 30 s', () => {
    const backlog = new Backlog()
    backlog.sent(0, 1)
    backlog.sent(1000, 2)
    backlog.returned(25_000, 1)
    backlog.returned(25_000, 2)
    expect(backlog.ms).toBe(20_000)
    backlog.age(54_999)
    expect(backlog.ms).toBe(20_000)
    backlog.age(55_000)
    expect(backlog.ms).toBe(0)
  })

  it('remembers 128 packets, the newest', () => {
    const backlog = new Backlog()
    for (let number = 1; number <= 200; number++) backlog.sent(number * 250, number)
    const awaited = Array.from({ length: 200 }, (_, place) => place + 1).filter((number) =>
      backlog.awaits(number),
    )
    expect([awaited[0], awaited.length]).toEqual([73, 128])
  })
})

/** What the beacons of a packet state. */
function intervalsOf(packet: Uint8Array): number[] {
  const intervals: number[] = []
  readControl(bodyOf(packet), (record) => {
    if (record.type === 'beacon') intervals.push(record.intervalMs)
  })
  return intervals
}

describe('a peer that hears its own packets late', () => {
  /** One that has said beacons for a second, which nobody has brought back. */
  function speaking(open: boolean): { attack: Attack; own: Uint8Array[] } {
    const attack = new Attack({}, { open })
    const own: Uint8Array[] = []
    const [control] = attack.target.groups
    attack.target.watch = (to, datagram) => {
      if (to === control && readHeader(datagram).kind === 2) own.push(datagram.slice())
    }
    attack.wait(1500)
    return { attack, own }
  }

  it('counts those that took a second or more, once each, and not what only looks like them', () => {
    const { attack, own } = speaking(false)
    const forged = own[0]!.slice()
    forged[forged.length - 1]! ^= 1
    attack.wait(1500)
    attack.send(forged)
    expect([attack.count('behind'), attack.count('own')]).toEqual([0, 1])
    for (let copy = 0; copy < 3; copy++) attack.send(own[0]!)
    expect([attack.count('behind'), attack.count('own')]).toEqual([1, 4])
  })

  it('says beacons less often, and how long others are to wait for them', () => {
    const { attack, own } = speaking(true)
    attack.wait(1500)
    for (const packet of own.slice(0, 2)) attack.send(packet)
    attack.wait(1000)
    const before = own.length
    attack.wait(20_000)
    const intervals = own.slice(before).flatMap(intervalsOf)
    expect(new Set(intervals)).toEqual(new Set([4500]))
    // A mean of 3 s in place of half a second.
    expect(own.length - before).toBeLessThan(12)
    expect(own.length - before).toBeGreaterThan(3)
  })
})
