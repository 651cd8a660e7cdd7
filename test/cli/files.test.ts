/** `sixcast send` and `sixcast receive`: files between processes, broken off and gone on with. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { Home, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())
let folders = 0

function folder(): string {
  const path = join(home.config, `folder-${++folders}`)
  mkdirSync(path)
  return path
}

/** A file of random bytes. */
function fileOf(size: number, name: string): { path: string; hash: string } {
  const path = join(folder(), name)
  const bytes = randomBytes(size)
  writeFileSync(path, bytes)
  return { path, hash: createHash('sha256').update(bytes).digest('hex') }
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Starts `receive` and waits until it has subscribed. */
async function receiver(directory: string, words: readonly string[] = []): Promise<Run> {
  const env = { SIXCAST_LOG_LEVEL: 'info' }
  const run = home.start(['receive', ...words, '--directory', directory], { env })
  await run.says(/subscribed/, 'err')
  return run
}

const MB = 1_000_000
const WAIT = { timeout: 20_000, interval: 50 }

describe('send and receive', () => {
  it('bring one file to three processes at once', async () => {
    const { path, hash } = fileOf(5 * MB, 'disk.img')
    const directories = [folder(), folder(), folder()]
    const runs = await Promise.all(directories.map((one) => receiver(one, ['--count', '1'])))
    const sent = await home.run(['send', path, '--require', '3', '--rate', '20000000'])
    expect(sent).toEqual({
      code: 0,
      out: `disk.img: 5.0 MB to 3 receivers, SHA-256 ${hash}\n`,
      err: '',
    })
    for (const [i, run] of runs.entries()) {
      const target = join(directories[i]!, 'disk.img')
      expect(await run.ended).toMatchObject({ code: 0, out: `${target}\n` })
      expect(hashOf(target)).toBe(hash)
      expect(readdirSync(directories[i]!)).toEqual(['disk.img'])
    }
  })

  it('are one `receive` a folder, and a second one says whose it is', async () => {
    const directory = folder()
    const first = await receiver(directory, ['--count', '1'])
    const second = await home.run(['receive', 'other/**', '--directory', directory])
    expect(second).toMatchObject({ code: 1, out: '' })
    expect(second.err).toContain(`another receiver (process ${first.pid} on `)
    expect(second.err).toContain('end that one, or take another folder')
    first.kill('SIGKILL')
    await first.ended
    const third = await receiver(directory, ['--count', '1'])
    const { path } = fileOf(MB, 'still.bin')
    expect(await home.run(['send', path, '--timeout', '20'])).toMatchObject({ code: 0 })
    expect(await third.ended).toMatchObject({ code: 0 })
    expect(readdirSync(directory)).toEqual(['still.bin'])
  })

  it('tell progress and outcome as objects with --json', async () => {
    const { path, hash } = fileOf(MB, 'data.bin')
    const directory = folder()
    const taking = await receiver(directory, ['data', '--count', '1', '--json'])
    const { out, err } = await home.run(['send', path, 'data', '--timeout', '20', '--json'])
    expect(err).toMatch(/^$/)
    const objects = objectsOf(out)
    expect(objects.at(-1)).toMatchObject({
      type: 'sent',
      name: 'data.bin',
      size: MB,
      hash,
      confirmed: [{ state: 'done', has: MB }],
      unconfirmed: [],
    })
    expect(objects[0]).toMatchObject({ type: 'progress', size: MB, receivers: 1 })
    const ended = objectsOf((await taking.ended).out)
    expect(ended.at(-1)).toMatchObject({
      type: 'file',
      path: join(directory, 'data.bin'),
      topic: 'data',
      hash,
      taken: MB,
    })
    expect(ended[0]).toMatchObject({ type: 'progress', name: 'data.bin' })
  })

  it('reach a receiver that comes late', async () => {
    const { path, hash } = fileOf(3 * MB, 'late.bin')
    const [first, second] = [folder(), folder()]
    const early = await receiver(first, ['--count', '1', '--json'])
    const sending = home.start(['send', path, '--rate', '1000000'])
    await early.says(/"type":"progress"/)
    const late = await receiver(second, ['--count', '1'])
    const ended = await Promise.all([sending.ended, early.ended, late.ended])
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(ended[0].out).toMatch(/to 2 receivers/)
    expect([first, second].map((one) => hashOf(join(one, 'late.bin')))).toEqual([hash, hash])
  })

  it('go on when a receiver was killed and started again', async () => {
    const { path, hash } = fileOf(4 * MB, 'broken.bin')
    const directories = [folder(), folder()]
    const steady = await receiver(directories[0]!, ['--count', '1'])
    const killed = await receiver(directories[1]!, ['--count', '1', '--json'])
    const sending = home.start(['send', path, '--require', '2', '--rate', '1000000', '--json'])
    await killed.says(/"has":[2-3]\d{6}/)
    killed.kill('SIGKILL')
    await killed.ended
    const again = await receiver(directories[1]!, ['--count', '1', '--json'])
    const ended = await again.ended
    expect(ended.code).toBe(0)
    const file = objectsOf(ended.out).at(-1)
    expect(file).toMatchObject({ type: 'file', hash })
    // It had two of four.
    expect(Number(file?.['taken'])).toBeLessThan(2.5 * MB)
    expect((await steady.ended).code).toBe(0)
    const { code, out } = await sending.ended
    expect(objectsOf(out).at(-1)).toMatchObject({ type: 'sent', unconfirmed: [] })
    expect(code).toBe(0)
    for (const one of directories) {
      expect(readdirSync(one)).toEqual(['broken.bin'])
      expect(hashOf(join(one, 'broken.bin'))).toBe(hash)
    }
  })

  it('go on when the sender was killed and started again', async () => {
    const { path, hash } = fileOf(4 * MB, 'twice.bin')
    const directories = [folder(), folder()]
    const takers = await Promise.all(
      directories.map((one) => receiver(one, ['--count', '1', '--json'])),
    )
    const killed = home.start(['send', path, '--require', '2', '--rate', '1000000'])
    await Promise.all(takers.map((one) => one.says(/"has":[2-3]\d{6}/)))
    killed.kill('SIGKILL')
    await killed.ended
    const again = await home.run(['send', path, '--require', '2', '--json'])
    const sent = objectsOf(again.out).at(-1)
    expect(sent).toMatchObject({ type: 'sent', hash, unconfirmed: [] })
    expect(Number(sent?.['sent'])).toBeLessThan(2.5 * MB)
    for (const [i, taker] of takers.entries()) {
      expect((await taker.ended).code).toBe(0)
      expect(hashOf(join(directories[i]!, 'twice.bin'))).toBe(hash)
    }
  })

  it('refuse a name that is taken: 1 at both ends', async () => {
    const { path } = fileOf(1000, 'taken')
    const directory = folder()
    writeFileSync(join(directory, 'taken'), 'mine')
    const taking = await receiver(directory, ['--timeout', '4'])
    const { code, out, err } = await home.run(['send', path])
    expect(err).toMatch(/sixcast: not confirmed by .*: another file of this name is there/)
    expect(err).toMatch(/^sixcast: taken: 1 receiver came, and none has confirmed/m)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    const ended = await taking.ended
    expect(ended.err).toMatch(/sixcast: there is another .*taken: remove it, or overwrite/)
    expect(ended.code).toBe(1)
    expect(readFileSync(join(directory, 'taken'), 'utf8')).toBe('mine')
  })

  it('replace it with --overwrite', async () => {
    const { path, hash } = fileOf(1000, 'taken')
    const directory = folder()
    writeFileSync(join(directory, 'taken'), 'mine')
    const taking = await receiver(directory, ['--count', '1', '--overwrite'])
    expect((await home.run(['send', path])).code).toBe(0)
    expect((await taking.ended).code).toBe(0)
    expect(hashOf(join(directory, 'taken'))).toBe(hash)
  })
})

describe('the end', () => {
  it('of send without receivers is 2 after --timeout', async () => {
    const { code, err } = await home.run(['send', fileOf(10, 'x').path, '--timeout', '0.5'])
    expect(err).toMatch(/sixcast: 0 of 1 receivers of "files\/x" have come, and none within 500 ms/)
    expect(code).toBe(2)
  })

  it('of receive without a file is 2 after --timeout', async () => {
    const words = ['receive', '--directory', folder(), '--timeout', '0.5']
    const reason = 'no file came on files/**, and nothing in the last 0.5 s'
    expect(await home.run(words)).toEqual({ code: 2, out: '', err: `sixcast: ${reason}\n` })
    const json = await home.run([...words, '--count', '2', '--json'])
    const message = '0 of 2 files came on files/**, and nothing in the last 0.5 s'
    expect(objectsOf(json.err)).toEqual([{ type: 'error', code: 'TIMEOUT', message }])
  })

  it('of send by a signal is told to receivers, who keep what has come', async () => {
    const directory = folder()
    const taking = await receiver(directory)
    const sending = home.start(['send', fileOf(4 * MB, 'cut').path, '--rate', '500000'])
    const parts = (): string => readdirSync(directory).join(' ')
    await vi.waitFor(() => expect(parts()).toContain('.part'), WAIT)
    sending.kill('SIGINT')
    expect((await sending.ended).code).toBe(130)
    await taking.says(/the sender of "cut" has left before all of it had come/, 'err')
    taking.kill('SIGINT')
    expect((await taking.ended).code).toBe(1)
  })

  it('of receive by a signal is 0, or the signal with --count', async () => {
    const endless = await receiver(folder())
    const counting = await receiver(folder(), ['--count', '1'])
    endless.kill('SIGINT')
    counting.kill('SIGINT')
    expect((await endless.ended).code).toBe(0)
    expect((await counting.ended).code).toBe(130)
  })

  it.each([
    {
      of: 'a file that is not there',
      words: ['send', '/nowhere/x'],
      exit: 1,
      message: /x cannot be opened: there is none/,
    },
    { of: 'a folder', words: ['send', '/usr'], exit: 1, message: /is a folder/ },
    {
      of: 'a topic with a wildcard',
      words: ['send', 'x', 'a/*'],
      exit: 64,
      message: /has a wildcard/,
    },
    {
      of: 'a name that is no topic',
      words: ['send', 'a*b'],
      exit: 64,
      message: /or name a TOPIC behind the file/,
    },
    {
      of: 'no receivers',
      words: ['send', 'x', '--require', '0'],
      exit: 64,
      message: /option --require is "0"/,
    },
    {
      of: 'a folder that is not there',
      words: ['receive', '--directory', '/nowhere'],
      exit: 1,
      message: /there is none/,
    },
    { of: 'a bad pattern', words: ['receive', 'a**'], exit: 64, message: /a\*\*/ },
    {
      of: 'a bad size',
      words: ['receive', '--size-max', '1G'],
      exit: 64,
      message: /option --size-max is "1G"/,
    },
  ])('of $of', async ({ words, exit, message }) => {
    const { code, err } = await home.run(words)
    expect(err).toMatch(message)
    expect(code).toBe(exit)
  })
})
