/** What the tests of questions and answers share: a service, handlers that hang, three buses. */
import { expect } from 'vitest'
import { z } from 'zod'
import type { Bus } from '../../../bus/api/options.ts'
import type { GatherOptions } from '../../../bus/api/request-options.ts'
import { service } from '../../../bus/api/service.ts'
import { acquainted, network } from './company.ts'

export const add = service('math/add', {
  request: z.object({ a: z.number(), b: z.number() }),
  reply: z.number(),
})

export const code = (expected: string, text: RegExp = /./) =>
  expect.objectContaining({ code: expected, message: expect.stringMatching(text) })

/** A responder's handler that never ends by itself, and what it has been told. */
export function hanging() {
  const aborted: unknown[] = []
  let started = (): void => undefined
  const begun = new Promise<void>((resolve) => (started = resolve))
  const handler = ({ signal }: { readonly signal: AbortSignal }): Promise<never> => {
    started()
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        aborted.push(signal.reason)
        reject(signal.reason as Error)
      })
    })
  }
  return { aborted, begun, handler }
}

/** Everything that a gathering gave, and what its report says of each peer. */
export async function all(bus: Bus, topic: string, options: GatherOptions<unknown> = {}) {
  const gathering = bus.gather(topic, null, options)
  const replies = []
  for await (const reply of gathering) replies.push(reply)
  const { end, outcomes } = await gathering.report
  const typesById = new Map(outcomes.map((outcome) => [outcome.from, outcome.type]))
  return { replies, end, outcomes, typesById }
}

export async function three(): Promise<readonly [Bus, Bus, Bus]> {
  const join = network()
  const buses = [await join(), await join(), await join()] as const
  await acquainted(...buses)
  return buses
}
