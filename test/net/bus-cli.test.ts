/** The command line between hosts, as a user types it: settings by flags and by environment. */
import { createHash } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyText } from '../../bus/io/key-text.ts'
import { report } from './bus-measure.ts'
import { compiled } from '../setup/compiled.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'

let lab: Lab
let program: string
let keyFile: string

beforeAll(async () => {
  lab = await openLab({ a: ['a1', 'a2', 'a3', 'r'], b: ['b1', 'r'] })
  program = await compiled('test/net/sixcast.ts')
  keyFile = join(lab.directory, 'lab.key')
  await writeFile(keyFile, keyText(new Uint8Array(32).fill(0x5c)))
  await chmod(keyFile, 0o600)
})
afterAll(async () => await lab.close())

describe('a log of 50,000 lines', () => {
  test('comes out byte for byte the same on two hosts, and not on another segment', async () => {
    const log = logText(50_000)
    const source = join(lab.directory, 'source.log')
    await writeFile(source, log)
    await using beyond = await lab.segment('b').capture()
    const copies = await Promise.all(
      ['a2', 'a3'].map(async (name) => {
        const copy = join(lab.directory, `${name}.log`)
        const options = `--scope link --realm lab --key ${keyFile} --log-level info`
        const line = `sub logs/app --raw --count 50000 --timeout 60 ${options} > ${copy}`
        const started = shell(lab.host(name), line)
        await started.errorLine(/subscribed/)
        return { copy, started }
      }),
    )
    const before = (await lab.segment('a').packets()).get('a1')
    const startedAt = performance.now()
    const options = `--scope link --realm lab --key ${keyFile}`
    const pub = shell(lab.host('a1'), `pub logs/app --lines ${options} < ${source}`)
    const exits = await Promise.all([pub.exit, ...copies.map(({ started }) => started.exit)])
    const seconds = (performance.now() - startedAt) / 1000
    const words = [pub, ...copies.map(({ started }) => started)].map((one) => one.stderr)
    expect({ codes: exits.map(({ code }) => code), words }).toMatchObject({ codes: [0, 0, 0] })
    for (const { copy } of copies) {
      const bytes = await readFile(copy)
      expect(bytes.length).toBe(Buffer.byteLength(log))
      expect(hashOf(bytes)).toBe(hashOf(log))
    }
    const after = (await lab.segment('a').packets()).get('a1')
    const packets = (after?.sent ?? 0) - (before?.sent ?? 0)
    const bytes = Buffer.byteLength(log)
    report('50,000 lines to two hosts', [{ bytes, packets, seconds: seconds.toFixed(1) }])
    // A packet carries some 1,150 bytes of lines. Who attaches late is given some of them again,
    // but a copy for each of the two would be twice as many.
    expect(packets).toBeLessThan((bytes / 1_150) * 1.7)
    expect(await beyond.stop()).toEqual([])
  }, 120_000)
})

describe('settings', () => {
  test('come from the environment as well as from flags', async () => {
    const env = { SIXCAST_REALM: 'lab', SIXCAST_KEY: keyFile, SIXCAST_SCOPE: 'site' }
    const sub = lab.host('a2').spawn('node', [program, 'sub', 'door/*', '--count', '1'], {
      env: { ...env, SIXCAST_LOG_LEVEL: 'info' },
    })
    await sub.errorLine(/subscribed/)
    const flags = `--realm lab --key ${keyFile} --scope site`
    expect((await shell(lab.host('a1'), `pub door/front open ${flags}`).exit).code).toBe(0)
    expect((await sub.exit).code).toBe(0)
    expect(sub.stdout).toBe('door/front open\n')
  })

  test('of another scope or realm lead to nobody', async () => {
    const flags = `--key ${keyFile} --log-level info --timeout 4`
    const others = [
      shell(lab.host('a2'), `sub '**' --realm lab --scope site ${flags}`),
      shell(lab.host('a2'), `sub '**' --realm other --scope link ${flags}`),
    ]
    await Promise.all(others.map((one) => one.errorLine(/subscribed/)))
    const flagsHere = `--realm lab --key ${keyFile} --scope link`
    expect((await shell(lab.host('a1'), `pub door open ${flagsHere}`).exit).code).toBe(0)
    for (const one of others) {
      expect((await one.exit).code).toBe(2)
      expect(one.stdout).toBe('')
    }
  })
})

test('pub names the subscriber that stood still and did not confirm, and exits with 2', async () => {
  const flags = `--realm lab --key ${keyFile} --scope link`
  const sub = (host: string, name: string): HostProcess =>
    shell(lab.host(host), `sub log --raw --name ${name} --log-level info ${flags}`)
  await using frozen = sub('a2', 'frozen-one')
  await using awake = sub('a3', 'wakeful-one')
  await Promise.all([frozen.errorLine(/subscribed/), awake.errorLine(/subscribed/)])
  const pub = shell(lab.host('a1'), `pub log --lines --linger 1 ${flags}`)
  pub.write('before\n')
  await Promise.all([frozen.line(/before/), awake.line(/before/)])
  frozen.signal('SIGSTOP')
  pub.end('after\n')
  const { code } = await pub.exit
  expect(pub.stderr).toMatch(/not confirmed within the linger time by frozen-one \([0-9a-f]{16}\)/)
  expect(pub.stderr).not.toContain('wakeful-one')
  expect(code).toBe(2)
  await awake.line(/after/)
  frozen.signal('SIGCONT')
  await frozen.line(/after/)
})

test('tail -f into pub reaches sub line by line, until it is interrupted', async () => {
  const flags = `--realm lab --key ${keyFile} --scope link`
  await using sub = shell(lab.host('a2'), `sub log --raw --log-level info ${flags}`)
  await sub.errorLine(/subscribed/)
  const pub = shell(lab.host('a1'), `pub log --lines ${flags}`)
  for (const line of ['first', 'second', 'third']) {
    pub.write(`${line}\n`)
    await sub.line((heard) => heard === line)
  }
  pub.signal('SIGINT')
  expect((await pub.exit).code).toBe(130)
  sub.signal('SIGINT')
  expect((await sub.exit).code).toBe(0)
})

/** The command line in a host, the rest of which is for the shell. */
function shell(host: Host, line: string): HostProcess {
  return host.spawn('sh', ['-c', `exec node ${program} ${line}`])
}

/** Lines as logs have them, no two alike; some are empty, some are not ASCII. */
function logText(lines: number): string {
  const text = Array.from({ length: lines }, (_, number) => {
    if (number % 1000 === 999) return ''
    const id = createHash('sha256').update(`${number}`).digest('hex')
    const word = number % 7 === 0 ? 'Größe' : 'size'
    return `2026-01-01T00:00:00Z INFO ${word} ${number} ${id.repeat(2)}${id.slice(number % 50)}`
  })
  return `${text.join('\n')}\n`
}

function hashOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
