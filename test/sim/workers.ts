/** Workers of one group on a simulated network, and who asks them. */
import type { Bus } from '../../bus/api/options.ts'
import type { RespondOptions, Responder } from '../../bus/api/request-options.ts'
import type { Simulation } from '../../bus/testing/options.ts'
import { simulate } from '../../bus/testing/simulation.ts'

export const TOPIC = 'jobs/resize'

/** What one worker was asked, in order. */
export interface Worker {
  readonly bus: Bus
  readonly asked: unknown[]
  readonly responder: Responder
}

export let net: Simulation
/** Who asks. */
export let asker: Bus

export async function begin(seed = 1, loss = 0): Promise<void> {
  net = simulate({ seed, loss, duplicate: loss / 2, delay: [1, 8] })
  asker = await net.connect({ name: 'asker' })
}

export async function work(
  options: RespondOptions<unknown> & { readonly takesMs?: number; readonly on?: Bus } = {},
): Promise<Worker> {
  const { takesMs = 0, on, ...rest } = options
  const bus = on ?? (await net.connect())
  const asked: unknown[] = []
  const responder = bus.respond(
    TOPIC,
    async ({ value }) => {
      asked.push(value)
      if (takesMs > 0) await net.sleep(takesMs)
      return `${bus.id} did ${String(value)}`
    },
    { share: 'workers', ...rest },
  )
  return { bus, asked, responder }
}

export const met = async (...buses: readonly Bus[]): Promise<void> => {
  while (buses.some(({ presence }) => presence.size < buses.length - 1)) await net.run(100)
}

/** All have met, and the workers have their seats. */
export async function ready(...workers: readonly Worker[]): Promise<void> {
  await met(asker, ...workers.map(({ bus }) => bus).filter((bus) => bus !== asker))
  await net.until(asker.request(TOPIC, 'first'))
  await net.run(2000)
  for (const { asked } of workers) asked.length = 0
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
export const sorted = (workers: readonly Worker[]): unknown[] =>
  workers.flatMap(({ asked }) => asked).toSorted((a, b) => Number(a) - Number(b))
export const ask = (value: number, timeout = 5000) =>
  asker.request<string>(TOPIC, value, { timeout })
