/** Files from those who mean harm: names, links, journals, lies about content. */
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import type { Bus } from '../../bus/api/options.ts'
import { partName } from '../../bus/io/files/names.ts'
import { Source } from '../../bus/io/files/source.ts'
import { answered, chunkOf, REPLIES, spoken } from '../../bus/io/files/wire.ts'
import { first, pair } from '../unit/api/company.ts'
import { bytesOf, fileOf, folder, hashOf, next, refusals } from '../unit/io/files/folders.ts'
import { attack } from './attack.ts'

const FILE = '00112233445566778899aabbccddeeff'
const OFFER = { type: 'file-offer', file: FILE, name: 'photo.jpg', size: 5, mark: 1 }

/** Says what a hostile sender says, and resolves to the receiver's first answer. */
async function said(bus: Bus, offer: object, ...chunks: readonly Uint8Array[]): Promise<object> {
  const answers = bus.subscribe<string>(REPLIES)
  await bus.matched('files')
  bus.publish('files', JSON.stringify(offer))
  for (const chunk of chunks) bus.publish('files', chunk)
  const [answer] = await first(1, answers)
  return JSON.parse(answer!.value) as object
}

describe('a file from a hostile sender', () => {
  attack(
    'with a path for a name',
    { by: 'member', holds: 'nothing is written outside the folder, nor into folders below it' },
    async () => {
      const names = [
        '../out',
        '..',
        '/tmp/out',
        'a/out',
        String.raw`..\out`,
        '.hidden',
        'nul\0x',
        'CON',
      ]
      for (const name of names) {
        const [a, b] = await pair()
        const directory = folder()
        const { list, refused } = refusals()
        const receiving = b.receiveFiles('files', directory, { refused })
        const answer = await said(a, { ...OFFER, name }, chunkOf(FILE, 0, bytesOf(5)))
        expect({ name, ...answer }).toMatchObject({ name, state: 'refused' })
        await receiving.close()
        expect([readdirSync(directory), list.length]).toEqual([[], 1])
        expect(existsSync(join(dirname(directory), 'out'))).toBe(false)
      }
    },
  )

  attack(
    'whose name is a link in the folder',
    { by: 'local user', holds: 'what the link points to stays as it is, also with overwrite' },
    async () => {
      for (const overwrite of [false, true]) {
        const [a, b] = await pair()
        const directory = folder()
        const victim = fileOf('precious', 'victim')
        symlinkSync(victim, join(directory, 'same'))
        const receiving = b.receiveFiles('files', directory, {
          overwrite,
          refused: () => undefined,
        })
        await a.sendFile('files', fileOf(bytesOf(40_000), 'same'))
        await receiving.close()
        expect(readFileSync(victim, 'utf8')).toBe('precious')
      }
    },
  )

  attack(
    'with a journal that says it is there',
    { by: 'local user', holds: 'the hash of the whole is the judge: it is taken anew' },
    async () => {
      const [a, b] = await pair()
      const directory = folder()
      const bytes = bytesOf(200_000)
      const path = fileOf(bytes, 'same')
      const source = await Source.open(path)
      await source.close()
      const part = join(directory, partName('same', source.id))
      writeFileSync(part, bytesOf(200_000, 7), { mode: 0o600 })
      const head = { sixcast: 1, file: source.id, size: 200_000, receiver: 'ab'.repeat(16) }
      writeFileSync(`${part}.journal`, `${JSON.stringify(head)}\n0 200000\n`, { mode: 0o600 })
      const coming = next(b.receiveFiles('files', directory))
      const report = await a.sendFile('files', path)
      const file = await coming
      expect(report.unconfirmed).toEqual([])
      expect(hashOf(readFileSync(file.path))).toBe(hashOf(bytes))
    },
  )

  attack(
    'with a journal full of nonsense',
    { by: 'local user', holds: 'ranges beyond the file, reversed or endless count for nothing' },
    async () => {
      const [a, b] = await pair()
      const directory = folder()
      const bytes = bytesOf(100_000)
      const path = fileOf(bytes, 'same')
      const source = await Source.open(path)
      await source.close()
      const part = join(directory, partName('same', source.id))
      writeFileSync(part, '', { mode: 0o600 })
      const head = { sixcast: 1, file: source.id, size: 100_000, receiver: 'ab'.repeat(16) }
      const lines = [
        '9 3',
        '0 9999999999999999',
        '-1 5',
        '1e3 2e3',
        '50000 50000',
        '0x10 0x20',
        '5',
      ]
      writeFileSync(`${part}.journal`, `${JSON.stringify(head)}\n${lines.join('\n')}\n`, {
        mode: 0o600,
      })
      const coming = next(b.receiveFiles('files', directory))
      await a.sendFile('files', path)
      expect(hashOf(readFileSync((await coming).path))).toBe(hashOf(bytes))
    },
  )

  attack(
    'with other bytes than its hash says',
    { by: 'member', holds: 'it never gets its name' },
    async () => {
      const [a, b] = await pair()
      const directory = folder()
      const receiving = b.receiveFiles('files', directory, { refused: () => undefined })
      await said(a, { ...OFFER, hash: 'ab'.repeat(32) }, chunkOf(FILE, 0, bytesOf(5)))
      for (let mark = 2; mark < 6; mark++) {
        a.publish('files', JSON.stringify({ ...OFFER, mark, hash: 'ab'.repeat(32) }))
        a.publish('files', chunkOf(FILE, 0, bytesOf(5)))
        await a.flush()
      }
      await receiving.close()
      expect(readdirSync(directory)).not.toContain('photo.jpg')
    },
  )

  attack(
    'with bytes beyond its end',
    { by: 'member', holds: 'what lies outside of the announced size is not written' },
    async () => {
      const [a, b] = await pair()
      const directory = folder()
      const coming = next(b.receiveFiles('files', directory))
      const good = bytesOf(5)
      const far = [3, 5, 2 ** 31, Number.MAX_SAFE_INTEGER].map((at) =>
        chunkOf(FILE, at, bytesOf(999)),
      )
      await said(a, { ...OFFER, hash: hashOf(good) }, ...far, chunkOf(FILE, 0, good))
      expect(new Uint8Array(readFileSync((await coming).path))).toEqual(good)
    },
  )

  attack(
    'that claims to be larger than any disk',
    { by: 'member', holds: 'it is refused before a byte is written' },
    async () => {
      for (const size of [Number.MAX_SAFE_INTEGER, 2 ** 50]) {
        const [a, b] = await pair()
        const directory = folder()
        const receiving = b.receiveFiles('files', directory, { refused: () => undefined })
        expect(await said(a, { ...OFFER, size })).toMatchObject({ state: 'refused' })
        await receiving.close()
        expect(readdirSync(directory)).toEqual([])
      }
    },
  )

  attack(
    'with messages that are nearly right',
    { by: 'member', holds: 'each field is checked: anything odd is no message about files' },
    () => {
      const odd: unknown[] = [null, [], {}, -1, 1.5, '', 'x'.repeat(5000), true, 2 ** 60, '../x']
      const text = (fields: object): string => JSON.stringify({ type: 'file-offer', ...fields })
      expect(spoken(text(OFFER))).toMatchObject({ name: 'photo.jpg' })
      for (const field of ['file', 'size', 'mark'] as const) {
        for (const value of odd) expect(spoken(text({ ...OFFER, [field]: value }))).toBeUndefined()
      }
      for (const value of odd.filter((one) => typeof one !== 'string')) {
        expect(spoken(text({ ...OFFER, name: value }))).toBeUndefined()
      }
      expect(spoken(text({ ...OFFER, hash: '../x' }))).toBeUndefined()
      const status = {
        type: 'file-status',
        to: 'x',
        file: FILE,
        mark: 1,
        receiver: FILE,
        state: 'taking',
        has: 0,
      }
      const spans = Array.from({ length: 65 }, () => ({ from: 0, to: 1 }))
      expect(answered(JSON.stringify({ ...status, lacks: [] }))).toBeDefined()
      for (const lacks of [spans, [{ from: -1, to: 1 }], [null], {}, [[0, 1]]]) {
        expect(answered(JSON.stringify({ ...status, lacks }))).toBeUndefined()
      }
      const proto = `{"type":"file-offer","__proto__":${JSON.stringify(OFFER)}}`
      expect(spoken(proto)).toBeUndefined()
      expect(spoken(chunkOf(FILE, 0, new Uint8Array(0)))).toBeUndefined()
    },
  )
})
