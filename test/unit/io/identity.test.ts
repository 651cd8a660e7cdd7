/** Identity files, and secrets from variables, descriptors and functions. */
import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConnectOptions } from '../../../bus/api/options.ts'
import { newIdentity } from '../../../bus/io/ed25519.ts'
import {
  createIdentityFile,
  identityFile,
  identityFileOf,
  identityName,
  identityOf,
  parseIdentity,
  readIdentity,
} from '../../../bus/io/identity.ts'
import { identityText } from '../../../bus/io/identity-text.ts'
import { keyText } from '../../../bus/io/key-text.ts'
import { newKey } from '../../../bus/io/keyfile.ts'
import { readSecret } from '../../../bus/io/secret.ts'
import { settle } from '../../../bus/io/settings.ts'
import { hex } from '../core/crypto.ts'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sixcast-identity-'))
  vi.stubEnv('XDG_CONFIG_HOME', directory)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

const invalid = (text: RegExp) =>
  expect.objectContaining({ code: 'INVALID_KEY', message: expect.stringMatching(text) })

describe('an identity file', () => {
  it('gives back the identity it was made of, to its owner alone', async () => {
    const identity = newIdentity()
    const path = identityFile()
    expect(path).toBe(join(directory, 'sixcast', 'identity'))
    expect(await createIdentityFile(path, identity)).toBe(true)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(identityName(await readIdentity(path))).toBe(identityName(identity))
    expect(await createIdentityFile(path, newIdentity())).toBe(false)
    expect(await readFile(path, 'utf8')).toBe(identityText(identity))
    await chmod(path, 0o640)
    await expect(readIdentity(path)).rejects.toEqual(invalid(/mode 0640.*chmod 600/))
  })

  it('is that of RFC 8032 for a seed of RFC 8032', () => {
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
    const text = `sixcast-identity-1 ${Buffer.from(seed, 'hex').toString('base64url')}`
    const found = parseIdentity(text, 'it')
    const expected = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
    expect(identityName(found)).toBe(expected)
  })

  it.each(['', 'sixcast-identity-1', 'sixcast-identity-1 short', keyText(newKey())])(
    'holds an identity and nothing else: %j',
    (text) => {
      const read = (): unknown => parseIdentity(text, 'the file f')
      expect(read).toThrow(invalid(/^the file f holds no identity: .*sixcast identity$/))
    },
  )

  it('of one realm counts before that of the user', async () => {
    const [own, there] = [newIdentity(), newIdentity()]
    await createIdentityFile(identityFile(), own)
    await createIdentityFile(identityFileOf('r'), there)
    expect(identityName(await identityOf({}, 'r'))).toBe(identityName(there))
    expect(identityName(await identityOf({}, 'other'))).toBe(identityName(own))
  })

  it('that is something else is not shown', () => {
    const text = keyText(newKey())
    const read = (): unknown => parseIdentity(text, 'it')
    expect(read).toThrow('holds no identity')
    expect(read).not.toThrow(text.slice(-20, -1))
  })

  it('is used when it is there, and another one each time when it is not', async () => {
    const [one, two] = [await identityOf({}, 'r'), await identityOf({}, 'r')]
    expect(identityName(one)).not.toBe(identityName(two))
    await createIdentityFile(identityFile(), one)
    expect(identityName(await identityOf({}, 'r'))).toBe(identityName(one))
    expect(identityName(await identityOf({ identity: two }, 'r'))).toBe(identityName(two))
    expect(identityName(await identityOf({ identity: identityText(two) }, 'r'))).toBe(
      identityName(two),
    )
  })
})

describe('a secret', () => {
  it('comes from an environment variable', async () => {
    vi.stubEnv('HALL_KEY', 'sesame')
    expect((await readSecret('env:HALL_KEY')).text).toBe('sesame')
    vi.stubEnv('HALL_KEY', '')
    const unset = /^the environment variable HALL_KEY is not set/
    await expect(readSecret('env:HALL_KEY')).rejects.toEqual(invalid(unset))
  })

  it('comes from a file descriptor', async () => {
    const path = join(directory, 'secret')
    await writeFile(path, 'sesame')
    expect((await readSecret(`fd:${openSync(path, 'r')}`)).text).toBe('sesame')
    await expect(readSecret('fd:99999')).rejects.toEqual(invalid(/descriptor 99999 .*EBADF/))
    await expect(readSecret('fd:x')).rejects.toEqual(invalid(/is no number/))
    // A directory stands for whatever is no file: the runtime's own descriptors end the process.
    await expect(readSecret(`fd:${openSync(directory, 'r')}`)).rejects.toEqual(
      invalid(/is no file/),
    )
    await writeFile(path, 'x'.repeat(8193))
    const large = readSecret(`fd:${openSync(path, 'r')}`)
    await expect(large).rejects.toEqual(invalid(/larger than 8192 bytes/))
  })

  it('comes from a function, at once or later', async () => {
    const [key, identity] = [newKey(), newIdentity()]
    const direct = await settle({ key: () => key, identity: () => identity })
    const later = await settle({
      key: async () => keyText(key),
      identity: async () => identityText(identity),
    })
    for (const { root, identity: found } of [direct, later]) {
      expect(hex(root ?? new Uint8Array())).toBe(hex(key))
      expect(identityName(found)).toBe(identityName(identity))
    }
  })

  it('of the wrong kind is refused without showing it, also from a function', async () => {
    const odd = (options: object): Promise<unknown> => settle(options as ConnectOptions)
    const key = (): string => 'my-secret'
    const fault = await odd({ key }).catch(String)
    expect(fault).toMatch(/option "key" holds no sixcast key/)
    expect(fault).not.toContain('my-secret')
    await expect(odd({ key: () => 5 })).rejects.toEqual(invalid(/neither bytes nor the text/))
    await expect(odd({ identity: () => ({}) })).rejects.toThrow(/option "identity" is an object/)
    await expect(odd({ identity: () => undefined })).rejects.toThrow(/brought nothing/)
  })

  it('is waited for no longer than the signal allows, and a failure passes', async () => {
    const never = new Promise<string>(() => undefined)
    const signal = AbortSignal.timeout(10)
    await expect(settle({ key: () => never, signal })).rejects.toThrow(/timeout/)
    const failing = settle({ key: () => Promise.reject(new Error('the vault is shut')) })
    await expect(failing).rejects.toThrow('the vault is shut')
  })
})
