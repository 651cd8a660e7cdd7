/** New keys for a realm by themselves: after so long, or when a bus has seen so much. */
import { checkOptions } from '../api/rules.ts'
import { ROTATING } from '../api/option-rules.ts'
import type { Bus } from '../api/options.ts'
import type { Rotation, RotatingOptions } from '../api/rotate-options.ts'
import { BusError } from '../api/errors.ts'

/**
 * Each time that new keys are due makes them, adopts them, and yields them. Nothing is made unless
 * it is iterated; `break` ends it. What `next` throws ends it as well. Throws INVALID_OPTION.
 */
export function rotating(bus: Bus, options: RotatingOptions): AsyncGenerator<Rotation, void> {
  checkOptions('rotating', options, ROTATING)
  const { every, volume } = options
  if (typeof options.next !== 'function') {
    throw new BusError('INVALID_OPTION', 'rotating needs "next", a function that calls rotate')
  }
  if (every === undefined && volume === undefined) {
    const mend = '"every", so many ms, or "volume", so many bytes, or both'
    throw new BusError('INVALID_OPTION', `rotating needs to know when: ${mend}`)
  }
  return rotations(bus, options)
}

async function* rotations(bus: Bus, options: RotatingOptions): AsyncGenerator<Rotation, void> {
  while (await isDue(bus, options)) {
    const made = await options.next()
    bus.adopt(made.page)
    yield made
  }
}

/** Resolves when new keys are due, to true; to false when the signal aborts before. */
export async function isDue(
  bus: Pick<Bus, 'stats'>,
  { every = Infinity, volume = Infinity, signal }: Omit<RotatingOptions, 'next'>,
): Promise<boolean> {
  const begun = { at: performance.now(), seen: seenBy(bus) }
  for (;;) {
    if (signal?.aborted) return false
    const restMs = begun.at + every - performance.now()
    if (restMs <= 0 || seenBy(bus) - begun.seen >= volume) return true
    await slept(Math.min(restMs, LOOK_MS), signal)
  }
}

/** Bytes of all packets that it has sent and received. */
function seenBy(bus: Pick<Bus, 'stats'>): number {
  const { bytesSent, bytesReceived } = bus.stats()
  return bytesSent + bytesReceived
}

function slept(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}

/** How often it looks at what has been seen. */
const LOOK_MS = 1000
