/** What is missing at a process that stands still again and again, as on a busy machine. */
import { expect, it } from 'vitest'
import { numbersOf } from './asking.ts'
import { REPAIR_AGE, receiving } from './receiving.ts'

it('is asked for although one standstill follows the other, and put off again after a second', () => {
  const world = receiving({ repairAge: REPAIR_AGE })
  world.start()
  world.take(2)
  world.receiver.postpone(500)
  expect(world.receiver.ask(510)).toBeUndefined()
  world.receiver.postpone(600)
  expect(numbersOf(world.receiver.ask(600)!)).toEqual([1])
  world.receiver.postpone(1500)
  expect(world.receiver.deadline).toBeGreaterThanOrEqual(1520)
})
