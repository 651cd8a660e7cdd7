/** `sixcast req` and `sixcast reply`: questions between processes, in every form, and how they end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, Home, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

/** Starts `reply` and waits until it answers. */
async function responder(words: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const run = home.start(['reply', ...words], { env: { SIXCAST_LOG_LEVEL: 'info', ...env } })
  await run.says(/responding/, 'err')
  return run
}

let echo: Run
beforeAll(async () => {
  echo = await responder(['echo/**', '--echo'])
  await responder(['upper/{word}', '--command', 'tr a-z A-Z; printf %s " $SIXCAST_PARAM_word"'])
  await responder(['json', '--command', 'echo \'{"on":true}\'', '--json'])
  await responder(['fails', '--command', 'echo half; exit 3'])
  await responder(['flood', '--command', 'head -c 2000000 /dev/zero'])
})

/** Asks, with patience for a machine that is busy. */
function req(...words: string[]): Promise<Ended> {
  return home.run(['req', '--timeout', '30', ...words])
}

describe('a question', () => {
  it('is answered: text as it is, JSON compact, bytes as base64, nothing as null', async () => {
    expect(await req('echo/a', 'héllo  world')).toEqual({
      code: 0,
      out: 'héllo  world\n',
      err: '',
    })
    expect((await req('echo/a', '--raw', '--', '-x')).out).toBe('-x\n')
    expect((await req('echo/a')).out).toBe('null\n')
    const input = Uint8Array.of(0xff, 0, 10)
    const words = ['req', 'echo/a', '--stdin', '--timeout', '30']
    expect((await home.run(words, { input })).out).toBe('base64:/wAK\n')
  })

  it('and its answer are JSON with --json', async () => {
    const { code, out } = await home.run(['req', 'echo/a', '{ "a": [1] }', '--json'])
    expect(objectsOf(out)).toEqual([
      {
        type: 'reply',
        value: { a: [1] },
        from: expect.stringMatching(/^[0-9a-f]{16}$/),
        sequence: 0,
        rtt: expect.any(Number),
      },
    ])
    expect(code).toBe(0)
    expect((await req('json')).out).toBe('{"on":true}\n')
  })

  it('is the input of a command, which finds its topic in the environment', async () => {
    expect((await req('upper/low', 'loud')).out).toBe('LOUD low\n')
  })

  it('whose command fails or prints too much is an error: exit 1', async () => {
    const failed = await req('fails')
    expect(failed).toMatchObject({ code: 1, out: '' })
    expect(failed.err).toMatch(/^sixcast: peer \w+ answers: the command ended with exit code 3\n$/)
    const flooded = await req('flood', '--json', 'null')
    expect(objectsOf(flooded.err)).toMatchObject([{ type: 'error', code: 'TOO_LARGE' }])
  })

  it('that nobody answers is an error: exit 1', async () => {
    const { code, err } = await req('nobody', 'x')
    expect(err).toMatch(/nobody who is here answers on "nobody"/)
    expect(code).toBe(1)
    const all = await req('nobody', '--all')
    expect(all).toMatchObject({ code: 1, out: '' })
  })

  it('that is not answered in time: exit 2, and the command is killed', async () => {
    const slow = await responder(['slow', '--command', 'sleep 300 & echo $! >&2; wait'])
    const { code, err } = await home.run(['req', 'slow', '--timeout', '3'])
    expect(err).toMatch(/has not answered on "slow" within 3000 ms/)
    expect(code).toBe(2)
    const pid = Number(/^(\d+)$/m.exec(slow.text('err'))?.[1])
    expect(pid).toBeGreaterThan(0)
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
    slow.kill('SIGTERM')
    expect((await slow.ended).code).toBe(0)
  })
})

describe('a question to all', () => {
  it('is answered by each, and reported', async () => {
    const others = [await responder(['who', '--echo']), await responder(['who', '--echo'])]
    const lines = await req('who', 'x', '--all')
    expect(lines.out).toMatch(/^[0-9a-f]{16} x\n[0-9a-f]{16} x\n$/)
    expect(lines).toMatchObject({ code: 0, err: '' })
    const { out } = await req('who', '1', '--all', '--json')
    const objects = objectsOf(out)
    expect(objects.map(({ type }) => type)).toEqual(['reply', 'reply', 'report'])
    expect(objects[2]).toMatchObject({ end: 'complete' })
    const one = await req('who', 'x', '--max', '1')
    expect(one.out).toMatch(/^[0-9a-f]{16} x\n$/)
    const id = String(objects[0]?.['from'])
    const only = await req('who', 'x', '--all', '--to', id)
    expect(only.out).toBe(`${id} x\n`)
    for (const other of others) other.kill('SIGINT')
    for (const other of others) expect((await other.ended).code).toBe(0)
  })
})

describe('reply', () => {
  it('ends after so many questions', async () => {
    const run = await responder(['twice', '--echo', '--count', '2'])
    expect((await req('twice', 'a')).out).toBe('a\n')
    expect((await req('twice', 'b')).out).toBe('b\n')
    expect((await run.ended).code).toBe(0)
  })

  it('answers each question once in a group, and by another when one is killed', async () => {
    const words = ['shared', '--command', 'cat; sleep 0.5', '--share', 'workers', '--again']
    const workers = [await responder(words), await responder(words)]
    const { out } = await req('shared', '1', '--all', '--json')
    expect(objectsOf(out).map(({ type }) => type)).toEqual(['reply', 'report'])
    const asked = (): number[] => workers.map((run) => run.text('err').split('asked').length - 1)
    const [first, second] = asked()
    expect(first! + second!).toBe(1)
    const slow = home.start(['req', 'shared', '2', '--timeout', '60'])
    const place = await expect
      .poll(() => asked().findIndex((count, n) => count > [first, second][n]!), { timeout: 30_000 })
      .not.toBe(-1)
      .then(() => asked().findIndex((count, n) => count > [first, second][n]!))
    workers[place]!.kill('SIGKILL')
    expect(await slow.ended).toMatchObject({ code: 0, out: '2\n' })
    for (const worker of workers) worker.kill('SIGINT')
    for (const worker of workers) await worker.ended
  })

  it('goes on when a question is not taken', async () => {
    await home.run(['pub', 'echo/a', 'a message that asks nothing'])
    expect((await req('echo/b', 'still here')).out).toBe('still here\n')
    expect(echo.text('err')).not.toMatch(/error/)
  })
})

describe('usage', () => {
  it.each([
    [['req', 'a/*'], /wildcard/],
    [['req', 'a', 'x', '--stdin'], /give a VALUE or --stdin, not both/],
    [['req', 'a', '{', '--json'], /VALUE is not JSON/],
    [['req', 'a', '--to', 'alpha'], /option --to is "alpha": 16 hexadecimal digits/],
    [['req', 'a', '--timeout', '0'], /option --timeout is "0"/],
    [['req', 'a', '--json', '--raw'], /give --json or --raw/],
    [['reply', 'a'], /give --echo or --command, and only one of them/],
    [['reply', 'a', '--echo', '--command', 'x'], /only one of them/],
    [['reply', 'a', '--echo', '--timeout', '3'], /--timeout is of use only with --command/],
    [['reply', 'a/**b', '--echo'], /\*\*b/],
    [['reply', 'a', '--echo', '--again'], /--again is of use only with --share/],
    [['reply', 'a', '--echo', '--share', ''], /option --share is/],
  ])('%j is refused with 64', async (words, text) => {
    const { code, err } = await home.run(words)
    expect(err).toMatch(text)
    expect(code).toBe(64)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
