/** Fetches that end before they have taken what has come: their report says no more than is known. */
import { describe, expect, it } from 'vitest'
import { LiveGathering } from '../../../bus/api/gathering.ts'
import type { PeerId } from '../../../bus/api/options.ts'
import type { GatherReport, Reply } from '../../../bus/api/request-options.ts'
import { LiveFetching } from '../../../bus/api/variables/fetching.ts'
import { fetchCall } from '../../../bus/api/variables/fetch-call.ts'
import type { VariablesHost } from '../../../bus/api/variables/host.ts'
import { Known } from '../../../bus/api/variables/known.ts'
import { defaultLimits } from '../../../bus/core/limits.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { writePart } from '../../../bus/core/wire/variables.ts'
import { code } from './asking.ts'

// Any peers will do: the branded type is only made here.
const ONE = '00000000000000aa' as PeerId
const OTHER = '00000000000000bb' as PeerId

/** A fetch of which the test plays the network. */
function world(options: Parameters<typeof fetchCall>[1] = {}) {
  const budget = { used: 0, max: 1e6 }
  const outcomes = (): GatherReport['outcomes'] =>
    [ONE, OTHER].map((from) => ({ type: 'answered', from, replies: 1, rtt: 1 }))
  const end = (how: GatherReport['end'], reason?: unknown): void =>
    gathering.ended({ end: how, outcomes: outcomes() }, reason)
  const gathering = new LiveGathering<Reply>(budget, end)
  const host = {
    id: '00000000000000cc',
    tags: {},
    limits: defaultLimits,
    codec: undefined,
    presence: new Map(),
    now: () => 0,
    count: () => undefined,
    allows: () => true,
    gather: () => gathering,
  } as unknown as VariablesHost // what a fetch takes of it
  const known = new Known({ sizeMax: 0, now: () => 0, evicted: () => undefined })
  const fetching = new LiveFetching({ host, known, budget }, fetchCall('v/*', options))
  const give = (from: PeerId, names: readonly string[], more = false): void => {
    const of = { kind: 'value', version: 1, ageMs: 0, codec: 1, payload: utf8('1') } as const
    const entries = names.map((name) => ({ name: utf8(name), ...of }))
    gathering.push({ value: writePart({ more, entries }), from, sequence: 0, rtt: 1 }, 100)
  }
  return { budget, fetching, give, end }
}

describe('the report of a fetch', () => {
  it('calls those cancelled whose answers had come and were not taken, not absent', async () => {
    const { fetching, give } = world({ min: 1 })
    give(ONE, ['v/1'])
    give(OTHER, ['v/1'])
    const { end, outcomes } = await fetching.report
    expect(end).toBe('min')
    expect(outcomes).toMatchObject([
      { from: ONE, type: 'answered', values: 1 },
      { from: OTHER, type: 'cancelled', values: 0 },
    ])
  })

  it('says the same of a part after which the program has left', async () => {
    const { budget, fetching, give } = world()
    give(ONE, ['v/1', 'v/2', 'v/3'], true)
    for await (const reading of fetching) if (reading.name === 'v/1') break
    expect((await fetching.report).outcomes).toMatchObject([
      { from: ONE, type: 'cancelled' },
      { from: OTHER, type: 'cancelled', values: 0 },
    ])
    expect(budget.used).toBe(0)
  })

  it('says the same of what is called off', async () => {
    const { fetching, end } = world()
    end('aborted', new Error('enough'))
    await expect(fetching.all()).rejects.toThrow('enough')
    const types = (await fetching.report).outcomes.map(({ type }) => type)
    expect(types).toEqual(['cancelled', 'cancelled'])
  })

  it('blames who ends without a last part, where all has been taken', async () => {
    const { fetching, give, end } = world()
    give(ONE, ['v/1'])
    give(OTHER, ['v/1'], true)
    end('complete')
    expect((await fetching.report).outcomes).toMatchObject([
      { from: ONE, type: 'answered', values: 1 },
      { from: OTHER, type: 'error', values: 1, error: code('INVALID_VALUE') },
    ])
  })
})
