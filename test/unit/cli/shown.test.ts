/** What hostile peers say never reaches the terminal raw: names, tags, topics and values. */
import { PassThrough } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import type { Bus, BusEvent, PeerId, PeerInfo, TopicInfo } from '../../../bus/api/options.ts'
import type { Command, World } from '../../../bus/cli/command.ts'
import { Interrupt } from '../../../bus/cli/interrupt.ts'
import { logger, note, reportError } from '../../../bus/cli/log.ts'
import { Output } from '../../../bus/cli/output.ts'
import { peers } from '../../../bus/cli/peers.ts'
import { shown, shownJson, shownText } from '../../../bus/cli/shown.ts'
import { sub } from '../../../bus/cli/sub.ts'
import { topics } from '../../../bus/cli/topics.ts'

const EVIL = '\u001b[2J\u009b1m\u007f\u2028\n'
const ESCAPED = String.raw`\x1b[2J\x9b1m\x7f\u2028\x0a`
const id = '00000000000000aa' as PeerId // as the bus writes one
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/

const known = { id, identity: 'ff', name: EVIL, tags: { [EVIL]: EVIL }, since: 0 }
const peer: PeerInfo = { ...known, path: 'multicast', pathReason: '' }
const topic: TopicInfo = { topic: EVIL, from: id, delivery: 'reliable' }
const message = { type: 'message', topic: EVIL, value: 'v', from: id, sequence: 0, sentAt: 0 }
const gap = { type: 'gap', topic: EVIL, publisher: id, from: 0, to: 0, count: 1, cause: 'network' }
const invalid: BusEvent = { type: 'invalid', topic: EVIL, from: id, issues: [EVIL] }

async function* of<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** A bus on which only hostile things are heard, and which is then over. */
function hostileBus(): Bus {
  const subscription = Object.assign(of<object>(message, gap), {
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
  const heard = {
    native: { inUse: false, reason: 'it is turned off' },
    presence: Object.assign([peer], { watch: () => of({ type: 'join', peer }) }),
    topics: [topic],
    events: () => of<BusEvent>({ type: 'topic', topic }, invalid),
    subscribe: () => subscription,
    close: () => Promise.resolve({ unconfirmed: [] }),
  }
  return heard as unknown as Bus // what the commands ask for
}

/** What a command prints, on standard output and on standard error. */
async function printed(command: Command, given: Record<string, unknown>): Promise<string> {
  const stream = new PassThrough()
  const output = new Output(stream)
  const log = logger('silent', false)
  const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const outside = { output, interrupt: new Interrupt(), settings: {}, log }
  const world = { ...outside, json: given['json'] === true, connect: async () => hostileBus() }
  await command.run(given, world as unknown as World)
  await output.flush(new AbortController().signal)
  const text = `${String(stream.read() ?? '')}${errors.mock.calls.flat().join('')}`
  errors.mockRestore()
  return text
}

describe('shown text', () => {
  it('has no control characters and no line separators', () => {
    expect(shown(`a ${EVIL}`)).toBe(`a ${ESCAPED}`)
    expect(shownText('a\tb\nc\u001b')).toBe('a\tb\nc\\x1b')
    expect(shown('ü 漢 \u00a0 🙂')).toBe('ü 漢 \u00a0 🙂')
  })

  it('is the same value as JSON', () => {
    expect(shownJson({ [EVIL]: EVIL })).not.toMatch(CONTROLS)
    expect(JSON.parse(shownJson({ [EVIL]: EVIL }))).toEqual({ [EVIL]: EVIL })
  })
})

describe('what hostile peers say is shown as text', () => {
  it.each<[string, Command, Record<string, unknown>]>([
    ['peers', peers, { timeout: '0' }],
    ['peers --watch', peers, { timeout: '0', watch: true }],
    ['topics', topics, { timeout: '0' }],
    ['topics --watch', topics, { timeout: '0', watch: true }],
    ['sub', sub, { pattern: ['**'] }],
  ])('by %s, and with --json', async (_, command, given) => {
    const text = await printed(command, given)
    expect(text).toContain(ESCAPED)
    expect(text).not.toMatch(CONTROLS)
    const json = await printed(command, { ...given, json: true })
    expect(json).toContain(String.raw`\u001b[2J\u009b1m\u007f\u2028\n`)
    expect(json).not.toMatch(CONTROLS)
  })

  it('in notes, errors and logs', () => {
    const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    note(EVIL)
    const how = { stack: true, command: undefined }
    reportError(new Error(EVIL), { ...how, json: false })
    reportError(new Error(EVIL), { ...how, json: true })
    for (const json of [false, true]) logger('debug', json).warn({ [EVIL]: EVIL }, EVIL)
    const text = errors.mock.calls.flat().join('')
    errors.mockRestore()
    expect(text).toContain(ESCAPED)
    expect(text).not.toMatch(CONTROLS)
  })
})
