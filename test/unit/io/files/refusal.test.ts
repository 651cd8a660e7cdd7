/** What a receiver of files refuses, and that nothing of it reaches the disk. */
import { link, lstat, symlink } from 'node:fs/promises'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { ReceiveFilesOptions } from '../../../../bus/api/file-options.ts'
import type { Bus } from '../../../../bus/api/options.ts'
import { partName } from '../../../../bus/io/files/names.ts'
import { Source } from '../../../../bus/io/files/source.ts'
import { chunkOf, REPLIES } from '../../../../bus/io/files/wire.ts'
import { event, first, pair } from '../../api/company.ts'
import { bytesOf, fileOf, folder, hashOf, next, refusals } from './folders.ts'

const FILE = '0123456789abcdef0123456789abcdef'

/** What a sender that means harm says; resolves to the receiver's answer. */
async function offer(bus: Bus, given: { name: string; size?: number }): Promise<unknown> {
  const answers = bus.subscribe<string>(REPLIES)
  const said = { type: 'file-offer', file: FILE, size: 5, mark: 1, hash: hashOf(bytesOf(5)) }
  bus.publish('files', JSON.stringify({ ...said, ...given }))
  bus.publish('files', chunkOf(FILE, 0, bytesOf(5)))
  const [answer] = await first(1, answers)
  return JSON.parse(answer!.value)
}

describe('a name from the wire', () => {
  it.each([
    '../evil',
    '..',
    '.',
    '',
    '/etc/passwd',
    'a/b',
    String.raw`..\evil`,
    String.raw`C:\evil`,
    'nul\0byte',
    'line\nfeed',
    'esc\u001b[2J',
    'txt\u202eexe',
    '.bashrc',
    'con',
    'NUL.txt',
    'com1',
    'ends.',
    'ends ',
    'x.0123456789abcdef.part',
    'x.0123456789abcdef.part.journal',
    'ä'.repeat(128),
    '\ud800',
  ])('is refused: %j', async (name) => {
    const [a, b] = await pair()
    const directory = folder()
    const { list, refused } = refusals()
    const receiving = b.receiveFiles('files', directory, { refused })
    expect(await a.matched('files')).toBe(1)
    expect(await offer(a, { name })).toMatchObject({ state: 'refused' })
    expect(list).toMatchObject([{ name, from: a.id, error: { code: 'UNSAFE_NAME' } }])
    expect(receiving.refused).toBe(1)
    await receiving.close()
    expect(readdirSync(directory)).toEqual([])
    expect(readdirSync(dirname(directory))).not.toContain('evil')
  })

  it.each(['photo.jpg', 'Größe 5.txt', '-rf', '10:30.log', 'a'.repeat(255), 'console'])(
    'is taken: %j',
    async (name) => {
      const [a, b] = await pair()
      const directory = folder()
      const coming = next(b.receiveFiles('files', directory))
      await a.matched('files')
      await offer(a, { name })
      await coming
      expect(readdirSync(directory)).toEqual([name])
    },
  )

  it('is refused by the sender, who could send it to nobody', async () => {
    const [a] = await pair()
    const sending = a.sendFile('files', fileOf('x'), { name: '../x' })
    await expect(sending).rejects.toMatchObject({ code: 'UNSAFE_NAME' })
  })

  it('without somebody to tell is an error event', async () => {
    const [a, b] = await pair()
    const receiving = b.receiveFiles('files', folder())
    await a.matched('files')
    const told = event(b, 'error')
    await offer(a, { name: '../x' })
    expect((await told).error).toMatchObject({ code: 'UNSAFE_NAME' })
    await receiving.close()
  })
})

describe('a file', () => {
  const bytes = bytesOf(50_000)

  async function sent(directory: string, options: ReceiveFilesOptions = {}) {
    const [a, b] = await pair()
    const { list, refused } = refusals()
    const receiving = b.receiveFiles('files', directory, { refused, ...options })
    const report = await a.sendFile('files', fileOf(bytes, 'same'))
    await receiving.close()
    return { report, codes: list.map(({ error }) => error.code), receiving }
  }

  it('that is larger than sizeMax is refused', async () => {
    const directory = folder()
    const { report, codes } = await sent(directory, { sizeMax: 49_999 })
    expect(codes).toEqual(['TOO_LARGE'])
    expect(report.unconfirmed).toMatchObject([
      { state: 'refused', reason: expect.stringMatching(/at most 49999/) },
    ])
    expect(readdirSync(directory)).toEqual([])
    expect((await sent(directory, { sizeMax: 50_000 })).codes).toEqual([])
  })

  it.each([
    ['of another size', new Uint8Array(3)],
    ['of the same size', bytesOf(50_000, 9)],
  ])('does not replace one %s', async (_, other) => {
    const directory = folder()
    writeFileSync(join(directory, 'same'), other)
    const { report, codes } = await sent(directory)
    expect(codes).toEqual(['EXISTS'])
    expect(report.unconfirmed).toMatchObject([
      { state: 'refused', reason: 'another file of this name is there' },
    ])
    expect(JSON.stringify(report)).not.toContain(directory)
    expect(new Uint8Array(readFileSync(join(directory, 'same')))).toEqual(other)
    expect(readdirSync(directory)).toEqual(['same'])
  })

  it('that is there already is confirmed, and nothing is sent', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'same'), bytes)
    const { report, codes } = await sent(directory)
    expect(codes).toEqual([])
    expect(report).toMatchObject({ sent: 0, confirmed: [{ state: 'done' }], unconfirmed: [] })
  })

  it('replaces another one with overwrite', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'same'), 'old')
    const { report } = await sent(directory, { overwrite: true })
    expect(report.unconfirmed).toEqual([])
    expect(hashOf(readFileSync(join(directory, 'same')))).toBe(hashOf(bytes))
  })

  it('never replaces a folder', async () => {
    const directory = folder()
    mkdirSync(join(directory, 'same'))
    const { codes } = await sent(directory, { overwrite: true })
    expect(codes).toEqual(['EXISTS'])
    expect(readdirSync(directory)).toEqual(['same'])
  })

  it.each([
    ['a symbolic link', (to: string, at: string) => symlink(to, at)],
    ['a second name', (to: string, at: string) => link(to, at)],
  ])('is not written through %s at its temporary name', async (_, plant) => {
    const [a, b] = await pair()
    const directory = folder()
    const victim = fileOf('precious', 'victim')
    const path = fileOf(bytes, 'same')
    const source = await Source.open(path)
    await source.close()
    const part = join(directory, partName('same', source.id))
    await plant(victim, part)
    await plant(victim, `${part}.journal`)
    const coming = next(b.receiveFiles('files', directory))
    await a.sendFile('files', path)
    const file = await coming
    expect((await lstat(file.path)).isSymbolicLink()).toBe(false)
    expect(hashOf(readFileSync(file.path))).toBe(hashOf(bytes))
    expect(readFileSync(victim, 'utf8')).toBe('precious')
    expect(readdirSync(directory)).toEqual(['same'])
  })

  it('is not taken from a bus that has not offered it', async () => {
    const [a, b] = await pair()
    const receiving = b.receiveFiles('files', folder())
    await a.matched('files')
    a.publish('files', chunkOf(FILE, 0, bytesOf(5)))
    a.publish('files', '{"type":"file-offer"}')
    a.publish('files', { type: 'file-offer', file: FILE })
    await a.flush()
    await receiving.close()
    expect(receiving.refused).toBe(0)
  })
})

describe('offers', () => {
  it('are taken from 256 files at a time and not one more', async () => {
    const [a, b] = await pair()
    const { list, refused } = refusals()
    const receiving = b.receiveFiles('files', folder(), { refused })
    await a.matched('files')
    const files = Array.from({ length: 257 }, (_, i) => i.toString(16).padStart(32, '0'))
    const said = { type: 'file-offer', name: '..', size: 0, mark: 1 }
    for (const file of files.slice(0, 256)) {
      a.publish('files', JSON.stringify({ ...said, file }))
      // No more at a time than the queue of the receiver holds.
      if (file.endsWith('7f')) await vi.waitUntil(() => receiving.refused === 128)
    }
    await vi.waitFor(() => expect(receiving.refused).toBe(256))
    const last = { ...said, file: files[256], name: '../last' }
    a.publish('files', JSON.stringify(last))
    a.publish('files', JSON.stringify({ type: 'file-end', file: files[0] }))
    a.publish('files', JSON.stringify(last))
    await vi.waitFor(() => expect(list.at(-1)?.name).toBe('../last'))
    expect(receiving.refused).toBe(257)
    await receiving.close()
  })
})

describe('a folder', () => {
  it('that is not there ends the receiver with NO_FILE', async () => {
    const [, b] = await pair()
    const gone = join(folder(), 'none')
    await expect(next(b.receiveFiles('files', gone))).rejects.toMatchObject({ code: 'NO_FILE' })
    const file = fileOf('x')
    await expect(next(b.receiveFiles('files', file))).rejects.toMatchObject({ code: 'NO_FILE' })
  })
})

describe('what is sent', () => {
  it('has to be a file that is there', async () => {
    const [a] = await pair()
    await expect(a.sendFile('files', '/nowhere/x')).rejects.toMatchObject({ code: 'NO_FILE' })
    await expect(a.sendFile('files', folder())).rejects.toMatchObject({
      code: 'NO_FILE',
      message: expect.stringMatching(/a folder: pack it first/),
    })
  })

  it('has options that are checked', async () => {
    const [a] = await pair()
    const path = fileOf('x')
    const invalid = { code: 'INVALID_OPTION' }
    await expect(a.sendFile('files', path, { count: 0 })).rejects.toMatchObject(invalid)
    await expect(a.sendFile('files', path, { count: 2000 })).rejects.toMatchObject(invalid)
    await expect(a.sendFile('files', '')).rejects.toMatchObject(invalid)
    await expect(a.sendFile('a/*', path)).rejects.toMatchObject({ code: 'INVALID_TOPIC' })
    expect(() => a.receiveFiles('files', folder(), { sizeMax: -1 })).toThrow(/sizeMax/)
    expect(() => a.receiveFiles('files', '\0')).toThrow(/give a path/)
    expect(() => a.receiveFiles('a**', folder())).toThrow(
      expect.objectContaining({ code: 'INVALID_PATTERN' }),
    )
  })
})
