/** Answers about variables that no bus gives: whoever gives them is an error, and harms nobody else. */
import { describe, expect, it } from 'vitest'
import type { Bus } from '../../../bus/api/options.ts'
import { utf8 } from '../../../bus/core/text.ts'
import { type Entry, writePart } from '../../../bus/core/wire/variables.ts'
import { code, three } from './asking.ts'
import { pair } from './company.ts'

const entryOf = (name: string, more: Partial<Entry> = {}): Entry =>
  ({
    name: utf8(name),
    kind: 'value',
    version: 1,
    ageMs: 0,
    codec: 1,
    payload: utf8('x'),
    ...more,
  }) as Entry // of one kind or the other, as it is written

const partOf = (...entries: readonly Entry[]): Uint8Array => writePart({ more: false, entries })

/** Fetches `load` from an honest bus, and from one that answers with this. */
async function withLiar(answer: unknown): Promise<{ outcomes: object; values: unknown[] }> {
  const [asker, honest, liar] = await three()
  honest.expose('load', 1)
  liar.respond('sixcast/variables', () => answer)
  const fetching = asker.fetch('load')
  const values = (await fetching.all()).map(({ value }) => value)
  const { outcomes } = await fetching.report
  expect(outcomes.find(({ from }) => from === honest.id)).toMatchObject({ type: 'answered' })
  expect(asker.stats().malformed).toBe(1)
  return { outcomes: outcomes.filter(({ from }) => from === liar.id), values }
}

const wrong = code('INVALID_VALUE', /answers what no bus answers/)

describe('an answer', () => {
  it.each([
    ['that is no part', { load: 1 }],
    ['that is cut', partOf(entryOf('load')).subarray(0, 9)],
    ['with what was not asked for', partOf(entryOf('other'))],
    ['with a name that is none', partOf(entryOf('load/*'))],
    ['with a name that is no text', partOf(entryOf('load', { name: Uint8Array.of(0xff) }))],
  ])('%s is an error of its peer', async (_, answer) => {
    const { outcomes, values } = await withLiar(answer)
    expect(outcomes).toMatchObject([{ type: 'error', values: 0, error: wrong }])
    expect(values).toEqual([1])
  })

  it('with a name twice is an error, and the first one counts', async () => {
    const { outcomes, values } = await withLiar(partOf(entryOf('load'), entryOf('load')))
    expect(outcomes).toMatchObject([{ type: 'error', values: 1, error: wrong }])
    expect(new Set(values)).toEqual(new Set([1, 'x']))
  })

  it('with a value that cannot be decoded is a failure of that variable', async () => {
    const [asker, liar] = await pair()
    const bad = entryOf('a', { codec: 2, payload: utf8('{') } as Partial<Entry>)
    liar.respond('sixcast/variables', () => partOf(bad, entryOf('b')))
    const fetching = asker.fetch('*')
    expect((await fetching.all()).map(({ name }) => name)).toEqual(['b'])
    const failures = [{ name: 'a', error: code('INVALID_VALUE', /not JSON/) }]
    expect((await fetching.report).outcomes).toMatchObject([{ type: 'error', values: 1, failures }])
  })

  it('never makes an asker believe that its own bus has failed', async () => {
    const [asker, liar] = await pair()
    const fault = {
      kind: 'fault',
      code: utf8('CLOSED'),
      message: utf8('the bus is closed'),
    } as const
    liar.respond('sixcast/variables', () => partOf({ name: utf8('a'), ...fault }))
    expect((await asker.fetch('a').report).outcomes).toMatchObject([
      { type: 'error', error: code('REMOTE', /the bus is closed/) },
    ])
  })
})

describe('a question', () => {
  async function asked(value: unknown): Promise<readonly [Bus, unknown]> {
    const [asker, owner] = await pair()
    owner.expose('load', 1)
    const { outcomes } = await asker.gather('sixcast/variables', value).report
    return [owner, outcomes]
  }

  it.each([[null], [Uint8Array.of(9)], [Uint8Array.of()]])('%j is refused', async (value) => {
    const [owner, outcomes] = await asked(value)
    expect(outcomes).toMatchObject([{ type: 'error', error: code('UNSUPPORTED') }])
    expect(owner.stats().malformed).toBe(1)
  })
})
