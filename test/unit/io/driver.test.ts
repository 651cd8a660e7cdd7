/** A driver and its clock: read anew for each input, and for the many of one turn now and then. */
import { expect, it } from 'vitest'
import type { Peer } from '../../../bus/core/peer.ts'
import { Driver } from '../../../bus/io/driver.ts'
import type { System } from '../../../bus/io/runtime.ts'
import { memoryNetwork } from '../../../bus/io/memory.ts'

/** A driver of nobody, whose clock goes on by so many ms whenever it is read; `end` ends the turn. */
function drive(stepMs: number): {
  readonly driver: Driver
  readonly soon: () => number
  readonly command: () => number
  readonly end: () => void
} {
  let reads = 0
  let then = (): void => undefined
  const turn = (after: () => void): void => void (then = after)
  const system: Partial<System> = { now: () => ++reads * stepMs, turn }
  const peer: Partial<Peer> = {
    poll: () => undefined,
    deadline: Infinity,
    turnEnds: () => undefined,
  }
  const driver = new Driver(peer as Peer, {
    system: system as System,
    transport: memoryNetwork().transport(),
    listener: () => undefined,
  })
  return {
    driver,
    soon: () => driver.soon((_, now) => now),
    command: () => driver.command((_, now) => now),
    end: () => then(),
  }
}

it('reads the clock for each of many inputs where no turn has begun', () => {
  const { soon } = drive(0.5)
  expect([soon(), soon(), soon()]).toEqual([0.5, 1, 1.5])
})

it('reads it once for sixteen more that follow at once', () => {
  const { driver, soon } = drive(0.5)
  soon()
  driver.endTurn()
  expect(Array.from({ length: 40 }, soon)).toEqual([
    ...Array<number>(17).fill(1),
    ...Array<number>(17).fill(1.5),
    ...Array<number>(6).fill(2),
  ])
})

it('reads it each time for a program that takes its time', () => {
  const { driver, soon } = drive(1)
  soon()
  driver.endTurn()
  expect([soon(), soon(), soon()]).toEqual([2, 3, 4])
})

it('reads it anew in the next turn', () => {
  const { driver, soon, end } = drive(0.5)
  soon()
  driver.endTurn()
  const before = [soon(), soon()]
  end()
  expect(before[1]).toBe(before[0])
  expect(soon()).toBeGreaterThan(before[1]!)
})

it('never goes back behind another input', () => {
  const { driver, soon, command } = drive(0.5)
  soon()
  driver.endTurn()
  soon()
  const between = command()
  expect(soon()).toBe(between)
})
