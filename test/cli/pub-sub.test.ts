/** `sixcast pub` and `sixcast sub`: what goes in comes out, in every form. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, MAIN, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

const TOO_LONG = 'x'.repeat(64 * 1024 * 1024 + 1)

describe('a message', () => {
  it('is printed behind its topic: text as it is, JSON compact, bytes as base64', async () => {
    const sub = await home.subscriber(['forms/**', '--count', '3'])
    await home.run(['pub', 'forms/text', 'héllo  world'])
    await home.run(['pub', 'forms/json', '{ "on": [1, 2] }', '--json'])
    await home.run(['pub', 'forms/bytes', '--stdin'], { input: Uint8Array.of(0xff, 0, 10) })
    const { code, out } = await sub.ended
    expect(out).toBe('forms/text héllo  world\nforms/json {"on":[1,2]}\nforms/bytes base64:/wAK\n')
    expect(code).toBe(0)
  })

  it('is an object with --json', async () => {
    const sub = await home.subscriber(['objects', '--json', '--count', '3'])
    const before = Date.now()
    await home.run(['pub', 'objects', '--lines', '--json'], { input: '{"a":1}\n"text"\n' })
    await home.run(['pub', 'objects', '--stdin'], { input: Uint8Array.of(0xfe) })
    const [first, second, third] = objectsOf((await sub.ended).out)
    expect(first).toEqual({
      type: 'message',
      topic: 'objects',
      value: { a: 1 },
      from: expect.stringMatching(/^[0-9a-f]{16}$/),
      sequence: 0,
      sentAt: expect.any(Number),
    })
    expect(Math.abs(Number(first?.['sentAt']) - before)).toBeLessThan(10_000)
    expect(second).toMatchObject({ value: 'text', sequence: 1, from: first?.['from'] })
    expect(third).toMatchObject({ value: '/g==', encoding: 'base64', sequence: 0 })
  })

  it('is its payload and a newline with --raw', async () => {
    const sub = await home.subscriber(['raw', '--raw', '--count', '3'])
    await home.run(['pub', 'raw', '--stdin'], { input: Uint8Array.of(0, 0xff, 13, 10, 10) })
    await home.run(['pub', 'raw', 'text'])
    await home.run(['pub', 'raw', '{"a": 1}', '--json'])
    await sub.ended
    const expected = Buffer.from([0, 0xff, 13, 10, 10, 10, ...Buffer.from('text\n{"a":1}\n')])
    expect(sub.bytes).toEqual(expected)
  })

  it('keeps quotes, dashes, numbers and emptiness of its VALUE', async () => {
    const sub = await home.subscriber(['words', '--raw', '--count', '6'])
    for (const value of ['"quoted"', "'single'", '007', '-5', '']) {
      expect(await home.run(['pub', 'words', value])).toMatchObject({ code: 0, err: '' })
    }
    await home.run(['pub', 'words', '--', '--dashes'])
    expect((await sub.ended).out).toBe('"quoted"\n\'single\'\n007\n-5\n\n--dashes\n')
  })

  it('is printed once when several patterns match', async () => {
    const sub = await home.subscriber(['twice/**', 'twice/*', 'twice/{x}', '--timeout', '3'])
    await home.run(['pub', 'twice/a', 'x'])
    expect(await sub.ended).toMatchObject({ code: 0, out: 'twice/a x\n' })
  })
})

describe('history', () => {
  it('comes first to a late subscriber, and --live says when it is all there', async () => {
    const pub = home.start(['pub', 'past', '--lines', '--retain', '2'])
    pub.write('one\ntwo\nthree\n')
    const early = await home.subscriber(['past', '--history', 'all', '--count', '3'])
    expect(await early.ended).toMatchObject({ code: 0, out: 'past one\npast two\npast three\n' })
    const words = ['past', 'nothing/here', '--history', '2', '--live']
    const lines = home.start(['sub', ...words])
    await lines.says(/past two\npast three\n/)
    const json = home.start(['sub', ...words, '--json', '--count', '3'])
    await json.says(/"live"/)
    pub.write('four\n')
    pub.endInput()
    const items = objectsOf((await json.ended).out).map(({ type, value }) => value ?? type)
    expect(items).toEqual(['two', 'three', 'live', 'four'])
    lines.kill('SIGTERM')
    const { code, out, err } = await lines.ended
    expect({ code, out }).toEqual({ code: 0, out: 'past two\npast three\npast four\n' })
    expect(err).toContain('live: everything from before has come')
    // It stays for those who come later, until it is interrupted.
    const last = await home.subscriber(['past', '--history', 'last', '--count', '1'])
    expect(await last.ended).toMatchObject({ code: 0, out: 'past four\n' })
    pub.kill('SIGINT')
    expect(await pub.ended).toMatchObject({ code: 0, out: '' })
  })
})

describe('pub --lines', () => {
  it('keeps carriage returns and empty lines, and sends a last line without newline', async () => {
    const sub = await home.subscriber(['lines', '--json', '--count', '5'])
    await home.run(['pub', 'lines', '--lines'], { input: 'a\r\n\n\ufeffb \n\tc\nlast' })
    const values = objectsOf((await sub.ended).out).map(({ value }) => value)
    expect(values).toEqual(['a\r', '', '\ufeffb ', '\tc', 'last'])
  })

  it('sends each line as it comes', async () => {
    const sub = await home.subscriber(['live', '--count', '2'])
    const pub = home.start(['pub', 'live', '--lines'])
    pub.write('one\ntw')
    await sub.says(/live one\n/)
    expect(sub.text('out')).toBe('live one\n')
    pub.write('o\n')
    await sub.says(/live two\n/)
    pub.endInput()
    expect((await pub.ended).code).toBe(0)
    expect((await sub.ended).code).toBe(0)
  })

  it('sends bytes where a line is no UTF-8', async () => {
    const sub = await home.subscriber(['mixed', '--count', '2'])
    const input = Buffer.from([0xff, 0xfe, 10, ...Buffer.from('text\n')])
    await home.run(['pub', 'mixed', '--lines'], { input })
    expect((await sub.ended).out).toBe('mixed base64://4=\nmixed text\n')
  })

  it('stops after --count lines', async () => {
    const sub = await home.subscriber(['some', '--raw', '--timeout', '3'])
    const pub = await home.run(['pub', 'some', '--lines', '--count', '2'], { input: '1\n2\n3\n' })
    expect(pub.code).toBe(0)
    expect((await sub.ended).out).toBe('1\n2\n')
  })

  it('brings 5,000 lines through a pipe byte for byte', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${'x'.repeat(i % 300)}`)
    const input = `${lines.join('\n')}\n`
    const sub = await home.subscriber(['many', '--raw', '--count', '5000', '--timeout', '60'])
    const pub = await home.run(['pub', 'many', '--lines'], { input })
    expect(pub).toMatchObject({ code: 0, err: '' })
    const ended = await sub.ended
    expect(ended.out).toBe(input)
    expect(ended.code).toBe(0)
  })

  it('names the line that is no JSON, and one that is too long', async () => {
    const bad = await home.run(['pub', 'bad', '--lines', '--json'], { input: '1\n{\n3\n' })
    expect(bad.code).toBe(1)
    expect(objectsOf(bad.err)).toEqual([
      {
        type: 'error',
        code: 'INVALID_VALUE',
        message: expect.stringMatching(/^line 2 is not JSON/),
      },
    ])
    const long = await home.run(['pub', 'long', '--lines'], { input: TOO_LONG })
    expect(long).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^sixcast: line 1 is longer/),
    })
  })
})

describe('pub', () => {
  it('sends all of standard input as one message, up to 64 mebibytes', async () => {
    const input = 'line\n'.repeat(1_000_000)
    const sub = await home.subscriber(['file', '--raw', '--count', '1'])
    expect(await home.run(['pub', 'file', '--stdin'], { input })).toMatchObject({
      code: 0,
      err: '',
    })
    expect((await sub.ended).out).toBe(`${input}\n`)
    const over = await home.run(['pub', 'file', '--stdin'], { input: TOO_LONG })
    expect(over).toMatchObject({ code: 1, err: expect.stringMatching(/over 67108864 bytes/) })
  })

  it('repeats with --count, at most --rate times a second', async () => {
    const sub = await home.subscriber(['clock', '--json', '--count', '6'])
    const pub = await home.run([
      'pub',
      'clock',
      'tick',
      '--count',
      '6',
      '--rate',
      '10',
      '--expires',
      '60',
    ])
    expect(pub.code).toBe(0)
    const times = objectsOf((await sub.ended).out).map(({ sentAt }) => Number(sentAt))
    expect(times).toHaveLength(6)
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(400)
  })

  it.each(['reliable', 'best-effort', 'latest'])('delivers %s', async (delivery) => {
    const sub = await home.subscriber([`mode/${delivery}`, '--count', '1', '--timeout', '5'])
    const pub = await home.run(['pub', `mode/${delivery}`, 'x', '--delivery', delivery])
    expect(pub).toMatchObject({ code: 0, err: '' })
    expect((await sub.ended).code).toBe(0)
  })

  it('succeeds when nobody listens', async () => {
    expect(await home.run(['pub', 'nobody', 'x'])).toEqual({ code: 0, out: '', err: '' })
  })

  it('exits 2 and names who did not confirm', async () => {
    const sub = await home.subscriber(['asleep', '--name', 'sleeper'])
    const pub = home.start(['pub', 'asleep', '--lines', '--linger', '0.5'])
    pub.write('awake\n')
    await sub.says(/asleep awake/)
    sub.kill('SIGSTOP')
    pub.write('gone\n')
    pub.endInput()
    const { code, err } = await pub.ended
    sub.kill('SIGCONT')
    expect(err).toMatch(/^sixcast: not confirmed .*sleeper \([0-9a-f]{16}\)\n$/)
    expect(code).toBe(2)
    sub.kill('SIGTERM')
    await sub.ended
  })
})

describe('sub', () => {
  it('exits 2 when --timeout is over before --count is reached', async () => {
    const sub = await home.subscriber(['few', '--count', '2', '--timeout', '2'])
    await home.run(['pub', 'few', 'one'])
    const { code, out, err } = await sub.ended
    expect({ code, out }).toEqual({ code: 2, out: 'few one\n' })
    expect(err).toMatch(/^sixcast: 1 of 2 messages came on few in 2 s$/m)
  })

  it('without --count ends after --timeout: 0 when anything came, else 2', async () => {
    const quiet = home.run(['sub', 'quiet', '--timeout', '0.3'])
    const loud = await home.subscriber(['loud', '--timeout', '2'])
    await home.run(['pub', 'loud', 'x'])
    const reason = 'no message came on quiet in 0.3 s'
    expect(await quiet).toEqual({ code: 2, out: '', err: `sixcast: ${reason}\n` })
    expect(await loud.ended).toMatchObject({ code: 0, out: 'loud x\n' })
  })

  it('ends quietly with 0 when nobody reads any more', async () => {
    const sub = await home.subscriber(['head', '--log-level', 'info'])
    const pub = home.start(['pub', 'head', '--lines'])
    pub.write('one\n')
    await sub.says(/head one/)
    sub.hangUp()
    pub.write('two\nthree\n')
    const { code, err } = await sub.ended
    expect(code).toBe(0)
    expect(err).toMatch(/^sixcast: info: subscribed [^\n]*\n$/)
    pub.endInput()
    await pub.ended
  })

  it.runIf(process.platform === 'linux')('ends at once when head has had enough', async () => {
    // The shell waits for both ends of the pipe: without a second message only a signal would help.
    const env = { ...process.env, XDG_CONFIG_HOME: home.config, SIXCAST_PORT: home.port }
    const line = `"${process.execPath}" "${MAIN}" sub enough --log-level info | head -1`
    const shell = spawn('sh', ['-c', line], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    shell.stdout.on('data', (chunk) => (out += String(chunk)))
    const subscribed = new Promise<void>((resolve) => {
      shell.stderr.on('data', (chunk) => (err += String(chunk)).includes('subscribed') && resolve())
    })
    const ended = once(shell, 'close')
    await subscribed
    expect(await home.run(['pub', 'enough', 'one'])).toMatchObject({ code: 0 })
    expect(await ended).toEqual([0, null])
    expect(out).toBe('enough one\n')
  })

  it.each([
    {
      where: 'on standard error',
      words: [],
      stream: 'err',
      pattern: /sixcast: gap of \d+ on burst from [0-9a-f]{16}, .*: network/,
    },
    {
      where: 'as objects with --json',
      words: ['--json'],
      stream: 'out',
      pattern: /"type":"gap","topic":"burst".*"cause":"network"/,
    },
  ] as const)('tells gaps $where and exits 1', async ({ words, stream, pattern }) => {
    const sub = await home.subscriber(['burst', ...words])
    const pub = home.start(['pub', 'burst', '--lines', '--delivery', 'best-effort'])
    pub.write('first\n')
    await sub.says(/first/)
    // While the process stands still, its socket's buffer runs over.
    sub.kill('SIGSTOP')
    pub.write(`${'x'.repeat(1000)}\n`.repeat(30_000))
    await sleep(4000)
    sub.kill('SIGCONT')
    // Only what comes after the loss shows it: best effort says nothing by itself.
    const later = setInterval(() => pub.write('last\n'), 200)
    await sub.says(/last/)
    clearInterval(later)
    pub.endInput()
    await pub.ended
    sub.kill('SIGINT')
    const ended = await sub.ended
    expect(ended[stream]).toMatch(pattern)
    expect(ended.code).toBe(1)
  })
})

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends pub with %i, and its goodbye is heard', async (signal, code) => {
    const peers = home.start(['peers', '--watch'])
    const pub = home.start(['pub', 'endless', '--lines', '--name', `pub-${signal}`])
    await peers.says(new RegExp(`join .*pub-${signal}`))
    pub.kill(signal)
    expect((await pub.ended).code).toBe(code)
    await peers.says(new RegExp(`leave .*pub-${signal}`))
    peers.kill('SIGTERM')
    expect((await peers.ended).code).toBe(0)
  })

  it('end sub with 0, or as a signal does when --count is not reached', async () => {
    const endless = await home.subscriber(['sig'])
    const counting = await home.subscriber(['sig', '--count', '5'])
    endless.kill('SIGTERM')
    counting.kill('SIGINT')
    expect((await endless.ended).code).toBe(0)
    expect((await counting.ended).code).toBe(130)
  })
})
