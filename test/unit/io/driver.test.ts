/** A driver and its clock: read anew for each input, and for the many of one turn now and then. */
import { expect, it } from 'vitest'
import type { Peer } from '../../../bus/core/peer.ts'
import { Driver } from '../../../bus/io/driver.ts'
import type { System } from '../../../bus/io/runtime.ts'
import { memoryNetwork } from '../../../bus/io/memory.ts'

/** A driver of nobody, whose clock goes on by 1 ms whenever it is read; `end` ends the turn. */
function drive(): {
  readonly driver: Driver
  readonly soon: () => number
  readonly command: () => number
  readonly end: () => void
} {
  let reads = 0
  let then = (): void => undefined
  const turn = (after: () => void): void => void (then = after)
  const system: Partial<System> = { now: () => ++reads, turn }
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
  const { soon } = drive()
  expect([soon(), soon(), soon()]).toEqual([1, 2, 3])
})

it('reads it once for sixteen more of a turn', () => {
  const { driver, soon } = drive()
  const first = soon()
  driver.endTurn()
  expect(Array.from({ length: 40 }, soon)).toEqual([
    ...Array<number>(16).fill(first),
    ...Array<number>(17).fill(first + 1),
    ...Array<number>(7).fill(first + 2),
  ])
})

it('reads it anew in the next turn', () => {
  const { driver, soon, end } = drive()
  soon()
  driver.endTurn()
  soon()
  end()
  expect(soon()).toBeGreaterThan(1)
})

it('never goes back behind another input', () => {
  const { driver, soon, command } = drive()
  soon()
  driver.endTurn()
  const between = command()
  expect(soon()).toBe(between)
})
