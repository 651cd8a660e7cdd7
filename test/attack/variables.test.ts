/** Variables and a member that does not keep to their protocol: answers, questions and names of its own. */
import { PassThrough } from 'node:stream'
import { describe, expect, vi } from 'vitest'
import type { Bus } from '../../bus/api/options.ts'
import { groupBy } from '../../bus/api/variables/aggregate.ts'
import type { World } from '../../bus/cli/command.ts'
import { get } from '../../bus/cli/get.ts'
import { Interrupt } from '../../bus/cli/interrupt.ts'
import { logger } from '../../bus/cli/log.ts'
import { Output } from '../../bus/cli/output.ts'
import { utf8 } from '../../bus/core/text.ts'
import {
  type Entry,
  writePart,
  writeReadAsk,
  writeWriteAsk,
} from '../../bus/core/wire/variables.ts'
import { simulate } from '../../bus/testing/simulation.ts'
import { code, three } from '../unit/api/asking.ts'
import { acquainted, network, pair } from '../unit/api/company.ts'
import { attack } from './attack.ts'
import { memory } from './memory.ts'

const VARIABLES = 'sixcast/variables'
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

function entryOf(name: string, payload: Uint8Array = utf8('x')): Entry {
  return { name: utf8(name), kind: 'value', version: 1, ageMs: 0, codec: 1, payload }
}

/** What a fetch of everything comes to at an honest peer and at one that answers so. */
async function fetched(answer: () => unknown) {
  const [asker, honest, liar] = await three()
  honest.expose('load', 1)
  liar.respond(VARIABLES, answer)
  const fetching = asker.fetch('**', { timeout: 20_000 })
  const readings = await fetching.all()
  const { outcomes } = await fetching.report
  const of = ({ id }: Bus) => outcomes.find(({ from }) => from === id)
  expect(of(honest)).toMatchObject({ type: 'answered', values: 1 })
  return { readings: readings.filter(({ from }) => from === liar.id), outcome: of(liar)! }
}

describe('a variable', () => {
  attack(
    'answered for by a stranger',
    {
      by: 'member',
      holds: 'who asks one peer takes nothing of another, nor does one who waits for a set',
    },
    async () => {
      const [asker, owner, liar] = await three()
      const limit = owner.expose('limit', 1, { writable: true })
      liar.respond(VARIABLES, () => writePart({ more: false, entries: [entryOf('limit')] }))
      await asker.matched(VARIABLES, { count: 2 })
      const readings = await asker.fetch('limit', { from: owner.id, timeout: 20_000 }).all()
      expect(readings.map(({ value, from }) => [value, from])).toEqual([[1, owner.id]])
      const set = await asker.set('limit', 2, { to: owner.id, timeout: 20_000 })
      expect([set.from, set.value, limit.value]).toEqual([owner.id, 2, 2])
      // Of all of them it is one owner more, and nobody sets what several have.
      const conflict = asker.set('limit', 3, { timeout: 20_000 })
      await expect(conflict).rejects.toEqual(code('CONFLICT', /2 peers/))
      expect(limit.value).toBe(2)
    },
  )

  attack(
    'of a million names',
    { by: 'member', holds: 'as many as a peer may have are taken; its outcome is an error' },
    async () => {
      let part = 0
      const { readings, outcome } = await fetched(async function* () {
        for (; part < 1000; part++) {
          const entries = Array.from({ length: 1000 }, (_, i) => entryOf(`v/${part}/${i}`))
          yield writePart({ more: true, entries })
        }
      })
      expect(readings).toHaveLength(4096)
      expect(outcome).toMatchObject({ type: 'error', values: 4096, error: code('LIMIT', /4096/) })
    },
  )

  attack(
    'of values larger than any may be',
    { by: 'member', holds: 'each is TOO_LARGE, and nothing of them is kept' },
    async () => {
      const before = memory()
      const { outcome, readings } = await fetched(async function* () {
        for (let i = 0; i < 40; i++) {
          const entries = [entryOf(`v/${i}`, new Uint8Array(1_000_000))]
          yield writePart({ more: i < 39, entries })
        }
      })
      expect(outcome).toMatchObject({
        type: 'error',
        values: 0,
        error: code('TOO_LARGE', /1000000 bytes/),
      })
      expect([readings.length, outcome.failures.length]).toEqual([0, 40])
      expect(memory() - before).toBeLessThan(64 * 1024 * 1024)
    },
  )

  attack(
    'of names that write on the terminal, or mean something elsewhere',
    {
      by: 'member',
      holds: 'they change no prototype, and `sixcast get` prints none of their controls',
    },
    async () => {
      const evil = '\u001b]0;evil\u0007\u001b[2J\u009b31m'
      const names = ['__proto__', 'constructor', 'a/__proto__/b', 'txt\u202eexe']
      const entries = names.map((name) => entryOf(name, utf8(evil)))
      const bad = await fetched(() => writePart({ more: false, entries: [entryOf(evil)] }))
      expect(bad.outcome).toMatchObject({ type: 'error', error: code('INVALID_VALUE') })
      const { readings } = await fetched(() => writePart({ more: false, entries }))
      expect(new Set(readings.map(({ name }) => name))).toEqual(new Set(names))
      const grouped = groupBy(readings, ({ name }) => name)
      expect([...grouped.keys()].length).toBe(names.length)
      expect(({} as Record<string, unknown>)['0']).toBeUndefined()
      const [asker, liar] = await pair()
      liar.respond(VARIABLES, () => writePart({ more: false, entries }))
      for (const form of [{}, { table: true }]) {
        expect(await printed(asker, form)).not.toMatch(CONTROLS)
      }
    },
  )

  attack(
    'whose function hangs, asked for five hundred times',
    { by: 'member', holds: 'it is called once, and the others of its peer are given' },
    async () => {
      const join = network()
      const [owner, liar, asker] = [await join(), await join(), await join()]
      await acquainted(owner, liar, asker)
      let calls = 0
      owner.expose('hung', () => new Promise(() => void calls++), { timeout: 100 })
      owner.expose('fine', 1)
      await liar.matched(VARIABLES)
      const ask = writeReadAsk({ watch: false, ms: 86_400_000, patterns: [utf8('**')], tags: [] })
      const asked = Array.from({ length: 500 }, () => liar.gather(VARIABLES, ask).report)
      const fetching = asker.fetch('*', { timeout: 20_000 })
      expect((await fetching.all()).map(({ name }) => name)).toEqual(['fine'])
      expect((await fetching.report).outcomes).toMatchObject([
        { type: 'error', error: code('TOO_SLOW'), values: 1 },
      ])
      await Promise.all(asked)
      expect(calls).toBe(1)
    },
  )

  attack(
    'set by questions that are not what they should be',
    {
      by: 'member',
      holds: 'nothing is set but what is writable, whole, of its version and its schema',
    },
    async () => {
      const [owner, liar] = await pair()
      const writable = (_from: unknown, value: unknown): boolean => typeof value === 'number'
      const open = owner.expose<unknown>('open', 1, { writable })
      const shut = owner.expose('shut', 1)
      await liar.matched(VARIABLES)
      const number = { codec: 2, payload: utf8('5') } as const
      const asks = [
        writeWriteAsk({ name: utf8('shut'), version: 0, ...number }),
        writeWriteAsk({ name: utf8('open'), version: 9, ...number }),
        writeWriteAsk({ name: utf8('open'), version: 2 ** 48 - 1, ...number }),
        writeWriteAsk({ name: utf8('o*'), version: 0, ...number }),
        writeWriteAsk({ name: utf8('__proto__'), version: 0, ...number }),
        writeWriteAsk({ name: Uint8Array.of(0xff), version: 0, ...number }),
        writeWriteAsk({ name: utf8('open'), version: 0, codec: 2, payload: utf8('{') }),
        writeWriteAsk({ name: utf8('open'), version: 0, codec: 1, payload: utf8('text') }),
        writeWriteAsk({
          name: utf8('open'),
          version: 0,
          codec: 0,
          payload: new Uint8Array(70_000),
        }),
        Uint8Array.of(2, 4),
      ]
      for (const ask of asks) {
        await liar.gather(VARIABLES, ask, { timeout: 20_000 }).report
      }
      expect([open.value, open.version, shut.value, shut.version]).toEqual([1, 1, 1, 1])
    },
  )

  attack(
    'watched until no place is left',
    {
      by: 'member',
      holds: 'others are told BUSY, and served again as soon as the watches have lapsed',
    },
    async () => {
      await using net = simulate()
      const owner = await net.connect({ name: 'owner', limits: { answering: 8 } })
      const [liar, asker] = [
        await net.connect({ name: 'liar' }),
        await net.connect({ name: 'asker' }),
      ]
      owner.expose('load', 1)
      await net.until(Promise.all([liar.matched(VARIABLES), asker.matched(VARIABLES)]))
      const ask = writeReadAsk({ watch: true, ms: 1000, patterns: [utf8('**')], tags: [] })
      for (let i = 0; i < 50; i++) liar.gather(VARIABLES, ask, { timeout: 86_400_000 })
      await net.run(2000)
      const busy = await net.until(asker.fetch('load').report)
      expect(busy.outcomes).toMatchObject([{ type: 'error', error: code('BUSY') }])
      net.crash(liar)
      await net.run(60_000)
      expect(await net.until(asker.fetch('load').all())).toHaveLength(1)
    },
  )

  attack(
    'asked for by a question that tells a crowd to answer at once',
    {
      by: 'member',
      holds: 'who has asked gets all answers itself, and an honest question is answered',
    },
    async () => {
      await using net = simulate({ seed: 2, delay: [1, 3] })
      const [liar, asker] = [
        await net.connect({ name: 'liar' }),
        await net.connect({ name: 'asker' }),
      ]
      const owners: Bus[] = []
      for (let i = 0; i < 60; i++) {
        const owner = await net.connect({ name: `o${i}` })
        owner.expose('big', new Uint8Array(20_000).fill(i))
        owners.push(owner)
      }
      while ([liar, asker].some(({ presence }) => presence.size < 61)) await net.run(100)
      await net.until(asker.matched(VARIABLES, { count: 60 }))
      await net.until(liar.matched(VARIABLES, { count: 60 }))
      const before = asker.stats()
      const ask = writeReadAsk({ watch: false, ms: 1000, patterns: [utf8('big')], tags: [] })
      // A number that is expected at most 32 is what makes them not wait.
      const asked = Array.from(
        { length: 20 },
        () => liar.gather(VARIABLES, ask, { expect: 32, timeout: 60_000 }).report,
      )
      const mine = await net.until(asker.fetch('big', { timeout: 60_000 }).all())
      expect(mine).toHaveLength(60)
      await net.until(Promise.all(asked), 120_000)
      expect(asker.stats().answersReceived - before.answersReceived).toBe(60)
    },
  )
})

/** What `sixcast get '**'` prints of a bus that others speak on. */
async function printed(bus: Bus, given: Record<string, unknown>): Promise<string> {
  const stream = new PassThrough()
  const output = new Output(stream)
  const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const isTTY = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY')
  Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true })
  const outside = { output, interrupt: new Interrupt(), settings: {}, log: logger('debug', false) }
  const lasting = new Proxy(bus, {
    get: (target, name) => {
      const value: unknown = name === 'close' ? async () => undefined : Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const world = { ...outside, json: false, connect: async () => lasting }
  await get.run({ names: ['**'], timeout: '20', ...given }, world as unknown as World) // What commands ask for.
  await output.flush(new AbortController().signal)
  errors.mockRestore()
  if (isTTY) Object.defineProperty(process.stdout, 'isTTY', isTTY)
  else Reflect.deleteProperty(process.stdout, 'isTTY')
  return String(stream.read() ?? '')
}
