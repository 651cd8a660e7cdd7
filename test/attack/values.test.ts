/** Hostile values, names and topics: what they do to programs and terminals that read them. */
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, onTestFinished, vi } from 'vitest'
import { decodeValue } from '../../bus/api/codec.ts'
import { NESTING_MAX } from '../../bus/api/nesting.ts'
import type { Bus } from '../../bus/api/options.ts'
import type { Command, World } from '../../bus/cli/command.ts'
import { exitCodeOf } from '../../bus/cli/exit.ts'
import { Interrupt } from '../../bus/cli/interrupt.ts'
import { logger } from '../../bus/cli/log.ts'
import { Output } from '../../bus/cli/output.ts'
import { peers } from '../../bus/cli/peers.ts'
import { sub } from '../../bus/cli/sub.ts'
import { topics } from '../../bus/cli/topics.ts'
import { utf8 } from '../../bus/core/text.ts'
import { connectOver } from '../../bus/io/connect.ts'
import { memoryNetwork } from '../../bus/io/memory.ts'
import { Codec } from '../../bus/core/wire/record.ts'
import { acquainted, event, first, pair } from '../unit/api/company.ts'
import { Attack } from '../unit/core/attacking.ts'
import { attack } from './attack.ts'

/** What `codec` makes of JSON that this side would not write. */
function decoded(json: string): unknown {
  const outcome = decodeValue(Codec.json, utf8(json), undefined)
  return 'value' in outcome ? outcome.value : outcome.issues
}

function nested(depth: number, open = '[', close = ']'): string {
  return open.repeat(depth) + close.repeat(depth)
}

/** What a command prints of a bus that others speak on. */
async function printed(bus: Bus, command: Command, given: Record<string, unknown>) {
  const stream = new PassThrough()
  const output = new Output(stream)
  const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const log = logger('debug', given['json'] === true)
  const outside = { output, interrupt: new Interrupt(), settings: {}, log }
  const connect = async (): Promise<Bus> => bus
  const world = { ...outside, json: given['json'] === true, connect }
  const running = command.run(given, world as unknown as World) // What commands ask for.
  const code = await running.catch(exitCodeOf)
  await output.flush(new AbortController().signal)
  const text = `${String(stream.read() ?? '')}${errors.mock.calls.flat().join('')}`
  errors.mockRestore()
  return { code, text }
}

const EVIL = '\u001b]0;evil\u0007\u001b[2J\u009b31m\u2028txt\u202eexe'
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

describe('a value', () => {
  attack(
    'that is nested without end',
    { by: 'member', holds: 'beyond 500 levels it is an invalid event: it cannot exhaust a stack' },
    () => {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '1'],
      ] as const) {
        const deep = open.repeat(100_000) + (close === '1' ? `1${'}'.repeat(100_000)}` : nested(0))
        expect(decoded(deep)).toEqual([expect.stringContaining('nested more than 500 deep')])
      }
      expect(decoded(nested(NESTING_MAX + 1))).toEqual([expect.stringContaining('nested')])
      expect(JSON.stringify(decoded(nested(NESTING_MAX)))).toBe(nested(NESTING_MAX))
      // Brackets in text are text, however they are escaped.
      const text = `${'['.repeat(2000)}"\\`
      expect(decoded(JSON.stringify([text]))).toEqual([text])
      expect(decoded(JSON.stringify({ [text]: text }))).toEqual({ [text]: text })
    },
  )

  attack(
    'that is nested, for the command line',
    { by: 'member', holds: '`sixcast sub` goes on to the next message' },
    async () => {
      for (const given of [{}, { json: true }, { raw: true }]) {
        const [a, b, stand] = await crooked(nested(25_000))
        const printing = printed(b, sub, { pattern: ['t'], count: '2', ...given })
        await a.matched('t')
        a.publish('t', [stand])
        a.publish('t', ['good'])
        const { code, text } = await printing
        expect({ code, good: text.includes('good') }).toEqual({ code: 1, good: true })
      }
    },
  )

  attack(
    'that is nested, from the own program',
    { by: 'accident', holds: 'publish throws: what nobody would take is not sent' },
    async () => {
      const [a] = await pair()
      let deep: unknown = 1
      for (let i = 0; i <= NESTING_MAX; i++) deep = [deep]
      const invalid = expect.objectContaining({ code: 'INVALID_VALUE' })
      expect(() => a.publish('t', deep)).toThrow(invalid)
      expect(() => a.publish('t', (deep as unknown[])[0])).not.toThrow()
    },
  )

  attack(
    'with __proto__ in it',
    { by: 'member', holds: 'it changes no prototype: neither of the value nor of anything else' },
    async () => {
      const json = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'
      const value = decoded(json) as Record<string, unknown>
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect([value['admin'], ({} as Record<string, unknown>)['admin']]).toEqual([
        undefined,
        undefined,
      ])
      const [a, b] = await pair()
      const got = first(1, b.subscribe<Record<string, unknown>>('{__proto__}/{constructor}'))
      await a.matched('x/y').catch(() => undefined)
      a.publish('x/y', JSON.parse(json))
      const [message] = await got
      expect(message?.value['admin']).toBeUndefined()
      expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
    },
  )

  attack(
    'that is not what its codec says',
    { by: 'member', holds: 'it is told as invalid, and the subscription goes on' },
    async () => {
      const [a, b, stand] = await crooked('{"never":        ')
      const got = b.subscribe('t')
      const invalid = event(b, 'invalid')
      await a.matched('t')
      a.publish('t', [stand])
      a.publish('t', 'good')
      expect((await first(1, got))[0]?.value).toBe('good')
      expect((await invalid).issues[0]).toContain('not JSON')
      expect(decodeValue(Codec.text, Uint8Array.of(0xff), undefined)).toHaveProperty('issues')
      for (const codec of [3, 4, 5, 6]) {
        expect(decodeValue(codec, utf8('1'), undefined)).toHaveProperty('issues')
      }
    },
  )
})

describe('a name', () => {
  attack(
    'of a topic that is none',
    { by: 'member', holds: 'what no program could publish is malformed when it is announced' },
    () => {
      const names = [
        '',
        '/',
        'a//b',
        '/a',
        'a/',
        'a/*',
        '**',
        'a/{b}',
        'a\u0000b',
        'a\nb',
        'a\u001b[2J',
        'a\u009bb',
        'x'.repeat(256),
        `a${'/a'.repeat(32)}`,
      ]
      for (const name of names) {
        const world = new Attack()
        const { groups } = world.target
        const before = groups.size
        const member = world.member()
        world.send(member.control(member.bindings([member.entry(1, name, 0)]))).wait(100)
        expect({ name, groups: groups.size }).toEqual({ name, groups: before })
      }
    },
  )

  attack(
    'of a topic that means something elsewhere',
    { by: 'member', holds: 'it is a topic like any other: no path, no property, no option' },
    async () => {
      const [a, b] = await pair()
      const names = [
        '__proto__/constructor',
        '../../etc/passwd',
        '-rf/--help',
        'con/nul',
        '%2e%2e/$HOME',
      ]
      const got = first(names.length, b.subscribe('**'))
      for (const name of names) a.publish(name, name)
      for (const { topic, value } of await got) expect(topic).toBe(value)
      expect([...b.topics].map(({ topic }) => topic).toSorted()).toEqual(names.toSorted())
    },
  )

  attack(
    'of a peer that writes on the terminal',
    { by: 'member', holds: 'commands show what others say, and obey none of it' },
    async () => {
      // Values that go into a pipe or a file stay as they are.
      const { isTTY } = process.stdout
      process.stdout.isTTY = true
      onTestFinished(() => void (process.stdout.isTTY = isTTY))
      for (const json of [false, true]) {
        const world = hostile()
        for (const [command, given] of [
          [peers, { timeout: '0' }],
          [topics, { timeout: '0' }],
          [sub, { pattern: ['**'] }],
        ] as const) {
          const { text } = await printed(world, command, { ...given, json })
          expect(text).toContain(json ? String.raw`\u001b]0;evil` : String.raw`\x1b]0;evil`)
          expect(text).not.toMatch(CONTROLS)
        }
      }
    },
  )

  attack(
    'of a tag called __proto__',
    { by: 'member', holds: 'tags are plain properties of their own' },
    () => {
      const world = new Attack()
      const tags = ['__proto__=admin', 'constructor=x', 'toString=y', '=nothing', 'none'].map(utf8)
      let seen: Readonly<Record<string, string>> | undefined
      const { peer } = world.target
      const poll = peer.poll.bind(peer)
      peer.poll = () => {
        const output = poll()
        if (output?.type === 'peer') seen = output.peer.tags
        return output
      }
      world.send(world.stranger().hello({ echoes: [world.target.challenge], tags }))
      expect(Object.entries(seen!)).toEqual([
        ['__proto__', 'admin'],
        ['constructor', 'x'],
        ['toString', 'y'],
      ])
      expect(Object.getPrototypeOf(seen)).toBe(Object.prototype)
    },
  )
})

/** Two buses of an open realm; what the first one says is changed on its way: JSON for JSON. */
async function crooked(json: string): Promise<readonly [Bus, Bus, stand: string]> {
  const wires = memoryNetwork({ datagramSize: 60_000 })
  const stand = '#'.repeat(json.length - 4)
  const crook = wires.transport()
  const send = crook.send.bind(crook)
  crook.send = (to, datagram) => {
    const at = Buffer.from(datagram).indexOf(`["${stand}"]`)
    const changed = datagram.slice()
    if (at >= 0) changed.set(utf8(json), at)
    send(to, changed)
  }
  const options = { realm: 'crooked', open: true }
  const [a, b] = [await connectOver(crook, options), await connectOver(wires.transport(), options)]
  opened.push(a, b)
  await acquainted(a, b)
  return [a, b, stand]
}

const opened: Bus[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.close({ linger: 0 })))
})

/** A bus on which only hostile things are heard, and which is then over. */
function hostile(): Bus {
  async function* of<T>(...items: readonly T[]): AsyncGenerator<T> {
    yield* items
  }
  const from = '00000000000000aa'
  const about = { tags: { [EVIL]: EVIL }, since: 0, path: 'multicast', pathReason: 'heard' }
  const peer = { id: from, identity: 'ff', name: EVIL, ...about }
  const topic = { topic: EVIL, from, delivery: 'reliable' }
  const message = { type: 'message', topic: EVIL, value: EVIL, from, sequence: 0, sentAt: 0 }
  const subscription = Object.assign(of<object>(message), {
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
  const invalid = { type: 'invalid', topic: EVIL, from, issues: [EVIL] }
  const heard = {
    native: { inUse: false, reason: 'it is turned off' },
    presence: Object.assign([peer], { watch: () => of({ type: 'join', peer }) }),
    topics: [topic],
    events: () => of(invalid),
    subscribe: () => subscription,
    close: () => Promise.resolve({ unconfirmed: [] }),
  }
  return heard as unknown as Bus // What the commands ask for.
}
