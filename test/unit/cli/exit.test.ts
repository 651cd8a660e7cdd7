/** Which exit code an error stands for. */
import { expect, it } from 'vitest'
import { exitCodeOf, Failure, UsageError } from '../../../bus/cli/exit.ts'
import { BusError } from '../../../bus/index.ts'

it.each<[Error, number]>([
  [new BusError('TIMEOUT', 'nobody has answered'), 2],
  [new Failure('TIMEOUT', 'no message came'), 2],
  // What it was asked for may have been done.
  [new BusError('ABANDONED', 'it has left before it answered'), 2],
  [new BusError('DENIED', 'it may not be set'), 1],
  [new Error('a slip'), 1],
  [new BusError('INVALID_TOPIC', 'a wildcard'), 64],
  [new UsageError('a flag'), 64],
])('%s ends a command with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code)
})
