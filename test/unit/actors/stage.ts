/** What the tests of actors share: behaviours that count, fail and hang, and waiting for them. */
import { vi } from 'vitest'
import type { ActorContext, Step } from '../../../bus/api/actor-options.ts'
import { BusError } from '../../../bus/api/errors.ts'

export type Told = { readonly add: number } | 'get' | 'fail' | 'refuse' | 'stop' | 'wrong'

/** Adds up, and does what else it is told. */
export function counter(
  state: number,
  message: Told,
): Step<Told, number, number> | Promise<Step<Told, number, number>> {
  if (message === 'fail') throw new Error('it broke')
  if (message === 'refuse') return { state, error: new BusError('NO_LAMP', 'there is no lamp') }
  if (message === 'stop') return { state, reply: state, stop: true }
  if (message === 'wrong') return 5 as unknown as Step<Told, number, number> // what JavaScript may do
  const now = message === 'get' ? state : state + message.add
  return { state: now, reply: now }
}

/** Keeps what it is told, in order. */
export function keeper(heard: unknown[]) {
  return (state: null, message: unknown): Step<unknown, null, number> => {
    heard.push(message)
    return { state, reply: heard.length }
  }
}

/** A behaviour that is at work until it is let go. */
export function gate() {
  const waiting: (() => void)[] = []
  const taken: unknown[] = []
  const behaviour = async (
    state: number,
    message: unknown,
    _context: ActorContext<unknown>,
  ): Promise<Step<unknown, number, unknown>> => {
    taken.push(message)
    await new Promise<void>((resolve) => waiting.push(resolve))
    return { state: state + 1, reply: message }
  }
  const open = (): void => waiting.shift()?.()
  return { behaviour, open, taken }
}

/** Until it is so. */
export async function until(so: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      if (!so()) throw new Error('not yet')
    },
    { timeout: 20_000, interval: 5 },
  )
}

/** What it rejects with. */
export function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => new Error(`it was done: ${String(value)}`),
    (error: unknown) => error,
  )
}
