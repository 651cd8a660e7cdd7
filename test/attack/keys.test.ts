/** Keys: files that should not be trusted, and every place where a key must not show. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, vi } from 'vitest'
import type { BusEvent, ConnectOptions, Logger } from '../../bus/api/options.ts'
import { reportError } from '../../bus/cli/log.ts'
import { RealmKeys } from '../../bus/core/seal/keys.ts'
import { connect } from '../../bus/index.ts'
import { keyText } from '../../bus/io/key-text.ts'
import { createKeyFile, newKey, readKeyFile } from '../../bus/io/keyfile.ts'
import { readSecret } from '../../bus/io/secret.ts'
import { acquainted, first } from '../unit/api/company.ts'
import { folder } from '../unit/io/files/folders.ts'
import { attack } from './attack.ts'
import { Segment } from './tap.ts'

/** Every way in which these bytes could be written. */
function spellings(key: Uint8Array): string[] {
  const bytes = Buffer.from(key)
  return [
    bytes.toString('hex'),
    bytes.toString('base64url'),
    bytes.toString('base64').replace('=', ''),
    [...bytes].join(', '),
    [...bytes].join(','),
    bytes.toString('latin1'),
    inspect(key)
      .replace(/^.*\[\s*/s, '')
      .slice(0, 60),
  ]
}

function shows(text: string, key: Uint8Array): boolean {
  return spellings(key).some((spelling) => text.includes(spelling))
}

/** The error of what must fail, as text with all that hangs on it. */
async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'no failure',
    (reason: unknown) => reason,
  )
  return `${String(error)} ${inspect(error, { depth: 9, showHidden: true })}`
}

async function keyFile(text: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(folder(), 'some.key')
  await writeFile(path, text, { mode })
  return path
}

describe('a key file', () => {
  attack(
    'that others can read or write',
    { by: 'local user', holds: 'each of the six permissions of others is one too many' },
    async () => {
      for (const bit of [0o040, 0o020, 0o010, 0o004, 0o002, 0o001]) {
        const path = await keyFile(keyText(newKey()))
        await chmod(path, 0o600 | bit)
        expect(await failure(readKeyFile(path))).toContain('open to others')
      }
    },
  )

  attack(
    "that is a link to somebody else's",
    { by: 'local user', holds: 'what counts is the file that is read, not the name' },
    async () => {
      const mine = await keyFile(keyText(newKey()))
      const link = join(folder(), 'link.key')
      await symlink(mine, link)
      expect((await readKeyFile(link)).root).toHaveLength(32)
      const owner = process.geteuid?.() ?? 0
      const geteuid = vi.spyOn(process, 'geteuid').mockReturnValue(owner + 1234)
      const said = owner === 0 ? 'taken' : 'belongs to user'
      const outcome = await readKeyFile(link).then(() => 'taken', String)
      geteuid.mockRestore()
      // Root's files are taken by everybody: who can write them can do anything.
      expect(outcome).toContain(said)
      const loop = join(folder(), 'loop.key')
      await symlink(loop, loop)
      expect(await failure(readKeyFile(loop))).toContain('cannot be read')
    },
  )

  attack(
    'without an end',
    {
      by: 'local user',
      holds: 'reading stops after some kilobytes, whatever the file says of its size',
    },
    async () => {
      const huge = await keyFile('')
      await truncate(huge, 2 ** 40)
      const start = performance.now()
      expect(await failure(readKeyFile(huge))).toMatch(/larger than \d{4} bytes/)
      expect(await failure(readKeyFile('/dev/zero'))).toMatch(/is a device, and holds no secret/)
      expect(performance.now() - start).toBeLessThan(2000)
    },
  )

  attack(
    'that is none',
    { by: 'local user', holds: 'folders, junk and damaged keys are refused, and not quoted' },
    async () => {
      const key = newKey()
      const directory = folder()
      await mkdir(join(directory, 'some.key'))
      expect(await failure(readKeyFile(join(directory, 'some.key')))).toContain('a directory')
      const damaged = [
        keyText(key).slice(0, -3),
        keyText(key).replace('-1', '-9'),
        `${keyText(key)}x`,
      ]
      for (const text of [...damaged, new Uint8Array(64)]) {
        const said = await failure(readKeyFile(await keyFile(text)))
        expect(said).toContain('holds no sixcast key')
        expect(shows(said, key)).toBe(false)
        expect(said).not.toContain(keyText(key).slice(14, 50))
      }
    },
  )

  attack(
    'that is there already',
    { by: 'local user', holds: 'making a key replaces nothing, and follows no link' },
    async () => {
      const victim = await keyFile('precious')
      const directory = folder()
      await symlink(victim, join(directory, 'new.key'))
      expect(await createKeyFile(join(directory, 'new.key'), newKey())).toBe(false)
      await symlink(join(directory, 'nowhere'), join(directory, 'dangling.key'))
      expect(await createKeyFile(join(directory, 'dangling.key'), newKey())).toBe(false)
      expect(await readFile(victim, 'utf8')).toBe('precious')
      expect((await readdir(directory)).toSorted()).toEqual(['dangling.key', 'new.key'])
    },
  )

  attack(
    'whose key stands in place of its path',
    { by: 'accident', holds: 'the error says what is expected, and repeats nothing of the key' },
    async () => {
      const key = newKey()
      const bare = Buffer.from(key).toString('base64url')
      const hex = Buffer.from(key).toString('hex')
      const cut = `${Buffer.from(newKey()).toString('base64url')} 3 ${bare}`
      const texts = [keyText(key), keyText(key).trim(), bare, hex, join(folder(), bare), cut]
      for (const text of texts) {
        const said = await failure(readKeyFile(text))
        expect(said).toContain('looks like a key itself')
        expect(shows(said, key)).toBe(false)
      }
      for (const name of [
        `env:${keyText(key)}`,
        `env:${bare}`,
        `fd:${keyText(key)}`,
        `fd:${hex}`,
      ]) {
        const said = await failure(readSecret(name))
        expect(said).toMatch(/what follows "(env|fd):" is no n/)
        expect(shows(said, key)).toBe(false)
      }
    },
  )

  attack(
    'where an invitation stands that something has happened to',
    { by: 'accident', holds: 'the error repeats nothing of it' },
    async () => {
      const text = `sixcast-invite-1.${Buffer.from(randomBytes(600)).toString('base64url')}`
      const secret = text.slice(300, 340)
      const changed = [
        ` ${text}`,
        `"${text}"`,
        `INVITATION=${text}`,
        text.slice(1),
        `X${text.slice(1)}`,
      ]
      for (const name of changed) {
        const said = await failure(readSecret(name))
        expect(said).toContain('looks like a key itself')
        expect(said).not.toContain(secret)
      }
    },
  )
})

describe('a key', () => {
  attack(
    'in errors about options',
    { by: 'accident', holds: 'a wrong key is named by its fault, never by its text' },
    async () => {
      const key = newKey()
      const wrong: unknown[] = [
        keyText(key).slice(0, -2),
        Buffer.from(key).toString('hex'),
        Buffer.concat([key, key]),
        [...key],
        { key },
      ]
      for (const one of wrong) {
        const options = { key: one } as ConnectOptions // Wrong on purpose.
        const said = await failure(connect(options))
        expect(said).toMatch(/INVALID_(KEY|OPTION)/)
        expect(shows(said, key)).toBe(false)
        expect(said).not.toContain(Buffer.from(key).toString('hex').slice(0, 20))
      }
      const both = { key, open: true, realm: 'x' }
      expect(shows(await failure(connect(both)), key)).toBe(false)
    },
  )

  attack(
    'in logs, events and all that can be printed of a bus',
    { by: 'accident', holds: 'nothing that a program or a debugger prints of it shows a key' },
    async () => {
      const key = newKey()
      const lines: string[] = []
      const write = (...given: unknown[]): void => void lines.push(inspect(given, DEEP))
      const log: Logger = { debug: write, info: write, warn: write, error: write }
      await using segment = new Segment()
      const a = await segment.bus({ key, log })
      const b = await segment.bus({ key, log })
      await acquainted(a, b)
      const events: BusEvent[] = []
      const watching = (async () => {
        for await (const event of b.events()) events.push(event)
      })()
      const got = first(1, b.subscribe('x'))
      await a.matched('x')
      a.publish('x', { some: 'value' })
      a.publish('bad', 'text')
      await got
      const printed = [
        ...lines,
        ...[a, b].flatMap((bus) => [
          inspect(bus, DEEP),
          JSON.stringify(bus),
          inspect(bus.stats(), DEEP),
        ]),
        inspect([...b.presence], DEEP),
      ]
      await Promise.all([a.close(), b.close()])
      await watching
      printed.push(inspect(events, DEEP))
      expect(printed.join('').length).toBeGreaterThan(500)
      expect(printed.filter((text) => shows(text, key))).toEqual([])
    },
  )

  attack(
    'on the terminal',
    { by: 'accident', holds: 'the line that says why a command failed holds no key' },
    async () => {
      const key = newKey()
      const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
      for (const json of [false, true]) {
        const error: unknown = await readKeyFile(keyText(key)).catch((reason: unknown) => reason)
        reportError(error, { json, stack: true, command: 'pub' })
      }
      const text = errors.mock.calls.flat().join('')
      errors.mockRestore()
      expect(text).toContain('key file')
      expect(shows(text, key)).toBe(false)
    },
  )

  attack(
    'in the memory of a process that has closed its bus',
    { by: 'local user', holds: 'the keys are overwritten, and what the program gave is its own' },
    async () => {
      const wiped = vi.spyOn(RealmKeys.prototype, 'wipe')
      await using segment = new Segment()
      const key = randomBytes(32)
      const given = new Uint8Array(key)
      const bus = await segment.bus({ key: given })
      bus.publish('hall/door', 1)
      await bus.close()
      expect(wiped).toHaveBeenCalledTimes(1)
      const { ring } = wiped.mock.contexts[0] as RealmKeys
      for (const one of [ring.control, ring.names, ring.tags, ring.topics[0]!.key]) {
        expect([...one].every((byte) => byte === 0)).toBe(true)
      }
      expect(Buffer.from(given).equals(key)).toBe(true)
      wiped.mockRestore()
    },
  )

  attack(
    'on the wire',
    { by: 'outsider', holds: 'no key, name, topic or value is in anything that is sent' },
    async () => {
      await using segment = new Segment()
      const words = ['s3cret-topic', 's3cret-value', 's3cret-name', 's3cret-tag']
      const options = { name: words[2]!, tags: { role: words[3]! } }
      const [a, b] = [await segment.bus(options), await segment.bus(options)]
      const got = first(1, b.subscribe('*/s3cret-topic'))
      await acquainted(a, b)
      a.publish('x/s3cret-topic', { value: words[1] })
      await got
      const wire = Buffer.concat(segment.heard.map(({ datagram }) => datagram)).toString('latin1')
      expect(segment.heard.length).toBeGreaterThan(5)
      expect(words.filter((word) => wire.includes(word))).toEqual([])
      expect(shows(wire, new Uint8Array(32).fill(5))).toBe(false)
      // The search would find them: an open realm has them all.
      await using clear = new Segment()
      const [c, d] = [await clear.bus({ ...options, open: true }), await clear.bus({ open: true })]
      const seen = first(1, d.subscribe('*/s3cret-topic'))
      await acquainted(c, d)
      c.publish('x/s3cret-topic', { value: words[1] })
      await seen
      const open = Buffer.concat(clear.heard.map(({ datagram }) => datagram)).toString('latin1')
      expect(words.filter((word) => !open.includes(word))).toEqual([])
    },
  )
})

const DEEP = { depth: 12, showHidden: true, maxArrayLength: null, breakLength: Infinity } as const
