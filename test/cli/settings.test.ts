/** Flags, environment and configuration file reach the bus, in this order of precedence. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type Given, Home, MAIN, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

const directory = join(home.config, 'sixcast')
const standard = join(directory, 'config.json')
mkdirSync(directory, { recursive: true })
afterEach(() => rmSync(standard, { force: true }))

/** Undefined when it has just been closed. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The name under which `sub` with these words and this environment is seen by others. */
async function seenName(words: readonly string[], given: Given = {}): Promise<unknown> {
  const sub = await home.subscriber(['settings', ...words], given)
  const { out } = await home.run(['peers', '--json'])
  sub.kill('SIGTERM')
  await sub.ended
  return objectsOf(out)[0]?.['name']
}

describe('precedence', () => {
  it('puts a flag before the environment, that before the file, that before the default', async () => {
    const env = { SIXCAST_NAME: 'of-environment' }
    writeFileSync(standard, '{ "name": "of-file" }')
    expect(await seenName(['--name', 'of-flag'], { env })).toBe('of-flag')
    expect(await seenName([], { env })).toBe('of-environment')
    expect(await seenName([], { env: { SIXCAST_NAME: '' } })).toBe('of-file')
    rmSync(standard)
    expect(await seenName([])).toMatch(/-[\w-]{6}$/)
  })

  it('takes the file that --config or SIXCAST_CONFIG names', async () => {
    const file = join(home.config, 'other.json')
    writeFileSync(file, '{ "name": "of-other" }')
    expect(await seenName(['--config', file])).toBe('of-other')
    expect(await seenName([], { env: { SIXCAST_CONFIG: file } })).toBe('of-other')
  })
})

describe('the configuration file', () => {
  it('is not obeyed when others may change it', async () => {
    writeFileSync(standard, '{ "open": true }')
    chmodSync(standard, 0o666)
    const open = await home.run(['pub', 'settings', 'x'])
    expect([open.code, open.err]).toEqual([
      64,
      expect.stringMatching(/config\.json has mode 0666: others may change it; run: chmod o-w/),
    ])
    rmSync(standard)
    const endless = await home.run(['pub', 'settings', 'x', '--config', '/dev/zero'])
    expect(endless.err).toMatch(/cannot be read: it is larger than 1048576 bytes/)
  })

  it.runIf(process.geteuid?.() === 0)(
    'of another user is obeyed when it is named alone',
    async () => {
      writeFileSync(standard, '{ "open": true }')
      chownSync(standard, 65_534, 65_534)
      const theirs = await home.run(['pub', 'settings', 'x'])
      expect(theirs.err).toMatch(/config\.json belongs to user 65534, who may change it/)
      const named = await home.run(['pub', 'settings', 'x', '--config', standard])
      expect(named.err).toMatch(/this realm is open/)
    },
  )
})

describe('realms', () => {
  it('with a key of their own hear only themselves', async () => {
    expect((await home.run(['keygen', '--realm', 'one'])).code).toBe(0)
    expect((await home.run(['keygen', '--realm', 'two'])).code).toBe(0)
    const one = await home.subscriber(['realm', '--realm', 'one', '--count', '1'])
    const two = await home.subscriber(['realm', '--realm', 'two', '--timeout', '3'])
    await home.run(['pub', 'realm', 'x'], { env: { SIXCAST_REALM: 'one' } })
    expect((await one.ended).code).toBe(0)
    expect((await two.ended).code).toBe(2)
  })

  it('take their key from --key, and from a file beside the configuration', async () => {
    const key = join(home.config, 'shared.key')
    await home.run(['keygen', key])
    const file = join(home.config, 'keyed.json')
    writeFileSync(file, '{ "key": "shared.key", "realm": "keyed" }')
    const sub = await home.subscriber(['keyed', '--config', file, '--count', '1'])
    await home.run(['pub', 'keyed', 'x', '--realm', 'keyed', '--key', key])
    expect((await sub.ended).code).toBe(0)
  })

  it('are open with --open, which is warned of, and nearer than a key in the environment', async () => {
    const env = { SIXCAST_KEY: '/nowhere.key' }
    const sub = await home.subscriber(['open', '--open', '--count', '1'], { env })
    const pub = await home.run(['pub', 'open', 'x'], { env: { SIXCAST_OPEN: '1' } })
    expect(pub.err).toMatch(/^sixcast: warning: this realm is open/)
    expect(await home.run(['pub', 'open', 'x', '--open', '--log-level', 'error'])).toEqual({
      code: 0,
      out: '',
      err: '',
    })
    expect((await sub.ended).code).toBe(0)
  })
})

describe('the key file', () => {
  it('may be a named pipe: one that nobody writes to is waited for until a signal', async () => {
    const pipe = join(home.config, 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    const waiting = home.start(['sub', 'a', '--key', pipe])
    const files = `/proc/${waiting.pid}/fd`
    const isPipe = (fd: string): boolean => linkOf(join(files, fd)) === pipe
    while (!readdirSync(files).some(isPipe)) await turn()
    waiting.kill('SIGTERM')
    expect(await waiting.ended).toEqual({ code: 143, out: '', err: '' })
  })

  it('may be what another command prints', async () => {
    const key = join(home.config, 'printed.key')
    await home.run(['keygen', key])
    const sub = await home.subscriber(['printed', '--key', key, '--count', '1'])
    const command = `"${process.execPath}" "${MAIN}" pub printed x --key <(cat '${key}')`
    const env = { ...process.env, XDG_CONFIG_HOME: home.config, SIXCAST_PORT: home.port }
    execFileSync('bash', ['-c', command], { env })
    expect((await sub.ended).code).toBe(0)
  })
})

describe('flags', () => {
  it('take yes and no as shells write them, in the environment and behind =', async () => {
    const warned = /this realm is open/
    const on = await home.run(['pub', 'a', 'x'], { env: { SIXCAST_OPEN: 'Yes' } })
    const off = await home.run(['pub', 'a', 'x'], { env: { SIXCAST_OPEN: 'off' } })
    const set = await home.run(['pub', 'a', 'x', '--open=on'])
    const unset = await home.run(['pub', 'a', 'x', '--open=NO'], { env: { SIXCAST_OPEN: '1' } })
    expect([on.err, set.err]).toEqual([
      expect.stringMatching(warned),
      expect.stringMatching(warned),
    ])
    expect([off.err, unset.err]).toEqual(['', ''])
  })
})

describe('a key file that is a pipe', () => {
  it('is waited for, which is said, and good when it has been written', async () => {
    const pipe = join(home.config, 'pipe.key')
    execFileSync('mkfifo', ['-m', '600', pipe])
    const sub = home.start(['sub', 'piped', '--key', pipe, '--count', '1'])
    await sub.says(/^sixcast: still reading .*pipe\.key: a pipe is read until/m, 'err')
    const { out: key } = await home.run(['keygen', '-'])
    const hall = { HALL: key, SIXCAST_KEY: 'env:HALL' }
    const pub = home.run(['pub', 'piped', 'x', '--require', '1'], { env: hall })
    await writeFile(pipe, key)
    expect((await pub).code).toBe(0)
    expect(await sub.ended).toMatchObject({ code: 0, out: 'piped x\n' })
  })
})

describe('ports and interfaces', () => {
  it('divide what hears each other', async () => {
    const sub = await home.subscriber(['port', '--timeout', '3'])
    const other = String(Number(home.port) + 1)
    await home.run(['pub', 'port', 'x', '--port', other])
    expect((await sub.ended).code).toBe(2)
  })

  it('are chosen by name or glob, several by repeating the flag', async () => {
    const words = ['iface', '--interface', '*', '--interface', 'l*', '--count', '1']
    const sub = await home.subscriber(words)
    await home.run(['pub', 'iface', 'x'], { env: { SIXCAST_INTERFACE: 'l*, *' } })
    expect((await sub.ended).code).toBe(0)
    const wrong = await home.run(['sub', 'iface', '--interface', '*', '--interface', 'nope0'])
    expect(wrong.err).toMatch(/^sixcast: interface 'nope0' does not exist/)
    expect(wrong.code).toBe(1)
  })
})

describe('the key', () => {
  it('is never told, however much is logged', async () => {
    const { out: key } = await home.run(['keygen', '-'])
    const secret = key.trim().split(' ')[1] ?? ''
    const file = join(home.config, 'secret.key')
    writeFileSync(file, key, { mode: 0o600 })
    const words = ['pub', 'a', 'x', '--key', file, '--log-level', 'debug']
    const { code, out, err } = await home.run(words)
    expect(code).toBe(0)
    expect(secret).toHaveLength(43)
    expect(out + err).not.toContain(secret)
    writeFileSync(file, `${key.trim()}!`, { mode: 0o600 })
    const broken = await home.run(words)
    expect(broken.code).toBe(1)
    expect(broken.err).not.toContain(secret)
  })
})
