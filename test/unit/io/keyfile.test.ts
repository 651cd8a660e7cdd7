/** Key files: who may read them, what they must hold, and who makes them. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keyText, parseKey } from '../../../bus/io/key-text.ts'
import { createKeyFile, keyFileOf, newKey, readKeyFile, realmKey } from '../../../bus/io/keyfile.ts'
import { readRegister } from '../../../bus/io/register.ts'
import { hex } from '../core/crypto.ts'

let directory = ''
let path = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sixcast-keys-'))
  path = join(directory, 'deep', 'home.key')
  vi.stubEnv('XDG_CONFIG_HOME', directory)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(directory, { recursive: true, force: true })
})

const invalid = (text: RegExp) =>
  expect.objectContaining({ code: 'INVALID_KEY', message: expect.stringMatching(text) })

describe('a key file', () => {
  it('gives back the key it was made with, and only its owner may open it', async () => {
    const key = newKey()
    expect(await createKeyFile(path, key)).toBe(true)
    expect(hex((await readKeyFile(path)).root)).toBe(hex(key))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(directory, 'deep'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(directory, 'deep'))).toEqual(['home.key'])
  })

  it('has the same mode whatever the umask allows', async () => {
    const before = process.umask(0)
    try {
      await createKeyFile(path, newKey())
    } finally {
      process.umask(before)
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is never looked for below the folder that a program happens to run in', () => {
    vi.stubEnv('XDG_CONFIG_HOME', 'somewhere')
    expect(keyFileOf('home')).toBe(join(homedir(), '.config/sixcast/realms/home.key'))
  })

  it('that cannot be made is an error, and never a wait without end', async () => {
    const denied = expect.objectContaining({ code: 'DENIED' })
    // Neither root nor anybody else makes folders in /proc; elsewhere a file is in the way.
    await writeFile(join(directory, 'file'), '')
    for (const place of ['/proc/nope/home.key', join(directory, 'file', 'home.key')]) {
      await expect(createKeyFile(place, newKey())).rejects.toEqual(denied)
    }
  })

  it.each([0o640, 0o604, 0o601, 0o666, 0o660])('of mode %o is refused', async (mode) => {
    await createKeyFile(path, newKey())
    await chmod(path, mode)
    const shown = mode.toString(8)
    await expect(readKeyFile(path)).rejects.toEqual(
      invalid(new RegExp(`${path} has mode 0${shown}.*chmod 600 '${path}'`)),
    )
  })

  it('of another user is refused, whom the error names', async () => {
    await createKeyFile(path, newKey())
    // Only root can give a file away; anybody else's is a stranger's as soon as one is another.
    const owner = process.geteuid?.() || 1234
    if (process.geteuid?.() === 0) await chown(path, owner, owner)
    vi.spyOn(process, 'geteuid').mockReturnValue(4321)
    const fault = new RegExp(`belongs to user ${owner}, who may change .*: chown 4321 '${path}'`)
    await expect(readKeyFile(path)).rejects.toEqual(invalid(fault))
  })

  it('of this user or of root is taken', async () => {
    await createKeyFile(path, newKey())
    const me = process.geteuid?.() || 4321
    vi.spyOn(process, 'geteuid').mockReturnValue(me)
    expect((await readKeyFile(path)).root).toHaveLength(32)
  })

  it('of mode 0400 is taken', async () => {
    await createKeyFile(path, newKey())
    await chmod(path, 0o400)
    expect((await readKeyFile(path)).root).toHaveLength(32)
  })

  it('that is not there is named in the error', async () => {
    await expect(readKeyFile(path)).rejects.toEqual(invalid(new RegExp(`${path} cannot be read`)))
  })

  it('that holds no key is named in the error, with what it should hold', async () => {
    const file = join(directory, 'odd.key')
    await writeFile(file, 'secret\n', { mode: 0o600 })
    await expect(readKeyFile(file)).rejects.toEqual(invalid(/odd\.key holds no.*sixcast keygen/))
  })

  it('that is a folder, or far too large, is named in the error', async () => {
    await createKeyFile(path, newKey())
    await expect(readKeyFile(directory)).rejects.toEqual(
      invalid(/it is a directory: name the file/),
    )
    await writeFile(path, 'x'.repeat(9000))
    await expect(readKeyFile(path)).rejects.toEqual(invalid(/it is larger than 8192 bytes/))
  })

  it.skipIf(process.platform === 'win32')(
    'that is a device is named so, whatever its mode',
    async () => {
      await expect(readKeyFile('/dev/zero')).rejects.toEqual(
        invalid(/the key file \/dev\/zero is a device, and holds no secret: name a file/),
      )
    },
  )

  it('that is there is never replaced', async () => {
    const key = newKey()
    await createKeyFile(path, key)
    expect(await createKeyFile(path, newKey())).toBe(false)
    expect(hex((await readKeyFile(path)).root)).toBe(hex(key))
    expect(await readdir(join(directory, 'deep'))).toEqual(['home.key'])
  })

  it('is made once when many make it at the same time, and appears whole', async () => {
    const keys = Array.from({ length: 20 }, newKey)
    const made = await Promise.all(keys.map((key) => createKeyFile(path, key)))
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(hex((await readKeyFile(path)).root)).toBe(hex(keys[made.indexOf(true)]!))
    expect(await readdir(join(directory, 'deep'))).toEqual(['home.key'])
  })

  it('cannot be made below a file', async () => {
    await writeFile(join(directory, 'deep'), '')
    const denied = expect.objectContaining({ code: 'DENIED' })
    await expect(createKeyFile(path, newKey())).rejects.toEqual(denied)
  })
})

describe('a named pipe', () => {
  beforeEach(() => {
    path = join(directory, 'pipe')
    execFileSync('mkfifo', ['-m', '600', path])
  })

  it('is a key file, as soon as somebody writes the key', async () => {
    const key = newKey()
    const reading = readKeyFile(path)
    await writeFile(path, keyText(key))
    expect(hex((await reading).root)).toBe(hex(key))
  })

  it('that nobody writes to is waited for no longer than the signal allows', async () => {
    const abort = new AbortController()
    const reading = readKeyFile(path, abort.signal)
    // Opening it for writing without waiting succeeds once it is being read.
    await vi.waitFor(() => closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)))
    await expect(reading).rejects.toEqual(invalid(/holds no sixcast key/))
    const again = readKeyFile(path, abort.signal)
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(again).rejects.toBe(reason)
    await expect(readKeyFile(path, abort.signal)).rejects.toBe(reason)
  })

  it('that others may write to is refused unread', async () => {
    await chmod(path, 0o620)
    await expect(readKeyFile(path)).rejects.toEqual(invalid(/has mode 0620/))
  })
})

describe('the text of a key', () => {
  const key = new Uint8Array(32).map((_, i) => i * 8 + 7)

  it('is read with and without space around it', () => {
    expect(keyText(key)).toMatch(/^sixcast-key-1 [\w-]{43}\n$/)
    expect(hex(parseKey(keyText(key), 'x').root)).toBe(hex(key))
    expect(hex(parseKey(` ${keyText(key)}\r\n`, 'x').root)).toBe(hex(key))
  })

  it('may name the owner of the realm', () => {
    const owner = new Uint8Array(32).fill(3)
    const text = keyText(key, owner)
    expect(text).toMatch(/^sixcast-key-1 [\w-]{43} [\w-]{43}\n$/)
    const found = parseKey(text, 'x')
    expect([found.root, found.owner!].map(hex)).toEqual([key, owner].map(hex))
    expect(parseKey(keyText(key), 'x').owner).toBeUndefined()
  })

  it.each([
    '',
    `${keyText(key, key).trim()} ${'A'.repeat(43)}`,
    `${keyText(key).trim()} `.repeat(2),
    keyText(key, key).slice(0, -2),
    'sixcast-key-1 ',
    keyText(key).slice(0, -2),
    `${keyText(key).trim()}A`,
    keyText(key).replace('key-1', 'key-2'),
    keyText(key).replace('sixcast-key-1 ', ''),
    `${keyText(key)}${keyText(key)}`,
    `sixcast-key-1 ${'+'.repeat(43)}`,
  ])('is refused as %j', (text) => {
    expect(() => parseKey(text, 'option "key"')).toThrow(invalid(/^option "key" holds no/))
  })
})

describe('the key of a realm', () => {
  it('is made on first use for the local realm, and is the same from then on', async () => {
    const [one, two] = await Promise.all([realmKey('local'), realmKey('local')])
    expect(hex(one.root)).toBe(hex(two.root))
    expect(hex((await realmKey('local')).root)).toBe(hex(one.root))
    expect(await readFile(keyFileOf('local'), 'utf8')).toBe(keyText(one.root))
    expect(keyFileOf('local').startsWith(directory)).toBe(true)
  })

  it('is never made for another realm: the error says how', async () => {
    const mend = /realm "plant" has no key .*sixcast keygen --realm plant/
    await expect(realmKey('plant')).rejects.toEqual(invalid(mend))
    await createKeyFile(keyFileOf('plant'), newKey())
    expect((await realmKey('plant')).root).toHaveLength(32)
  })

  it.skipIf(process.platform === 'win32')(
    'is not taken from a folder in which others may put their own',
    async () => {
      await createKeyFile(keyFileOf('plant'), newKey())
      const folder = join(directory, 'sixcast', 'realms')
      const addMine = (): Promise<void> =>
        writeFile(join(folder, 'plant.members'), '', { mode: 0o600 })
      await addMine()
      for (const mode of [0o770, 0o702, 0o1777]) {
        await chmod(folder, mode)
        const fault = invalid(
          /folder .*realms, which holds keys, has mode .*: others may .*chmod 700/,
        )
        await expect(realmKey('plant')).rejects.toEqual(fault)
        await expect(readRegister('plant')).rejects.toEqual(fault)
      }
      // Names are no secret.
      await chmod(folder, 0o755)
      expect((await realmKey('plant')).root).toHaveLength(32)
    },
  )

  it.skipIf(process.platform === 'win32')(
    'has a register of members beside it, that nobody else may read or change',
    async () => {
      await createKeyFile(keyFileOf('plant'), newKey())
      const register = join(directory, 'sixcast', 'realms', 'plant.members')
      await writeFile(register, '', { mode: 0o600 })
      expect(await readRegister('plant')).toEqual([])
      for (const mode of [0o640, 0o602]) {
        await chmod(register, mode)
        const fault = invalid(
          /^the register .*plant\.members has mode 06.., open to others; run: chmod 600/,
        )
        await expect(readRegister('plant')).rejects.toEqual(fault)
      }
    },
  )
})
