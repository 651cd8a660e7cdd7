/** A peer in Python, written from docs/protocol.md and the vectors alone, on the bus of this one. */
import { createHash } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyText } from '../../bus/io/key-text.ts'
import { openLab, type Lab } from '../net/lab/lab.ts'
import type { HostProcess } from '../net/lab/process.ts'
import { execute } from '../net/lab/tools.ts'
import { compiled } from '../setup/compiled.ts'

/** The one that Debian's python3-nacl belongs to, whatever else is on the PATH. */
const python = '/usr/bin/python3'
const peer = join(import.meta.dirname, 'python/sixcast.py')
const vectors = join(import.meta.dirname, '../vectors')

let lab: Lab
let program = ''
let realm: Record<'right' | 'wrong' | 'open', string[]>

beforeAll(async () => {
  lab = await openLab({ wire: ['ours', 'theirs'] })
  program = await compiled('test/net/sixcast.ts')
  const [right, wrong] = await Promise.all([keyFile(0x5c), keyFile(0x5d)])
  realm = { right: ['--key', right], wrong: ['--key', wrong], open: ['--open'] }
})

afterAll(async () => await lab?.close())

describe('the peer in Python', () => {
  it('computes every value of the vectors', async () => {
    const said = await execute(python, ['-B', peer, '--vectors', vectors])
    expect(JSON.parse(said)).toMatchObject({ type: 'vectors', equal: expect.any(Number) })
    expect(JSON.parse(said).equal).toBeGreaterThan(380)
  })

  it.each([
    { kind: 'right', loss: 0 },
    { kind: 'open', loss: 0 },
    { kind: 'right', loss: 0.1 },
  ] as const)('exchanges 1,000 messages each way: %o', async ({ kind, loss }) => {
    if (loss > 0) for (const host of lab.hosts) await host.loss({ probability: loss })
    const texts = (of: string): string[] =>
      Array.from({ length: 1_000 }, (_, n) => `${of} ${n} ${'.'.repeat(600)}`)
    const [theirs, ours] = [texts('theirs'), texts('ours')]
    const talk = start(kind, 1_000)
    talk.sub.end()
    talk.pub.end(`${ours.join('\n')}\n`)
    talk.peer.end(`${theirs.join('\n')}\n`)
    await ended(talk)
    await lab.host('ours').clearLoss()
    await lab.host('theirs').clearLoss()
    expect(talk.sub.stdout.trimEnd().split('\n')).toEqual(theirs)
    expect(heard(talk.peer)).toEqual(ours)
    const seen = lines(talk.peer)
    expect(seen.filter(({ type }) => type === 'gap')).toEqual([])
    // With losses, some must have happened; the last goodbye may be lost as well.
    const lossy = { type: 'counts', asked: expect.any(Number), repaired: expect.any(Number) }
    const told = loss > 0 ? lossy : { type: 'closed', unconfirmed: 0 }
    expect(seen).toContainEqual(expect.objectContaining(told))
  })

  it.each([
    { proof: 'each', loss: 0 },
    { proof: 'checkpoint', loss: 0 },
    { proof: 'each', loss: 0.1 },
    { proof: 'checkpoint', loss: 0.1 },
  ])('proves what it says, and believes what is proven: %o', async ({ proof, loss }) => {
    if (loss > 0) for (const host of lab.hosts) await host.loss({ probability: loss })
    const texts = (of: string): string[] =>
      Array.from({ length: 1_000 }, (_, n) => `${of} ${n} ${'.'.repeat(600)}`)
    const [theirs, ours] = [texts('theirs'), texts('ours')]
    const talk = start('right', 1_000, ['--proof', proof])
    talk.sub.end()
    talk.pub.end(`${ours.join('\n')}\n`)
    talk.peer.end(`${theirs.join('\n')}\n`)
    await ended(talk)
    await lab.host('ours').clearLoss()
    await lab.host('theirs').clearLoss()
    expect(talk.sub.stdout.trimEnd().split('\n')).toEqual(theirs)
    expect(heard(talk.peer)).toEqual(ours)
    const counts = lines(talk.peer).at(-1) as { forged?: number; verified?: number }
    // Each packet has about two messages, each checkpoint vouches for 64 packets at most.
    expect(counts.verified).toBeGreaterThan(proof === 'each' ? 400 : 5)
    expect(counts.forged ?? 0).toBe(0)
  })

  it('takes no stream that proves less than it demands', async () => {
    await using strict = startPeer('right', [
      '--subscribe',
      '**',
      '--count',
      '1',
      '--proof',
      'each',
    ])
    await using lax = startPeer('right', ['--subscribe', '**', '--count', '2'])
    await Promise.all([strict, lax].map((one) => one.line(/"ready"/)))
    for (const proof of ['checkpoint', 'each']) {
      const words = ['pub', `by/${proof}`, proof, '--require', '1', '--proof', proof]
      const args = [program, ...words, ...options('right')]
      expect((await lab.host('ours').spawn(process.execPath, args).exit).code).toBe(0)
    }
    expect((await Promise.all([strict.exit, lax.exit])).map(({ code }) => code)).toEqual([0, 0])
    expect([heard(strict), heard(lax)]).toEqual([['each'], ['checkpoint', 'each']])
  })

  it('exchanges a message of 100 kB each way', async () => {
    const big = (seed: string): string =>
      Array.from({ length: 1_600 }, (_, n) => hashOf(`${seed} ${n}`)).join('')
    const talk = start('right', 1, ['--whole'])
    talk.sub.end()
    talk.pub.end(`${big('ours')}\n`)
    talk.peer.end(big('theirs'))
    await ended(talk)
    expect(hashOf(talk.sub.stdout.trimEnd())).toBe(hashOf(big('theirs')))
    expect(heard(talk.peer).map(hashOf)).toEqual([hashOf(big('ours'))])
  })

  it.each(['wrong', 'open'] as const)('hears nothing and nobody with the %s key', async (kind) => {
    await using deaf = startPeer(kind, ['--subscribe', '**', '--count', '1'])
    await using good = startPeer('right', ['--subscribe', '**', '--count', '1'])
    await Promise.all([deaf, good].map((one) => one.line(/"ready"/)))
    const words = ['pub', 'secret', 'for members', '--require', '1']
    const args = [program, ...words, ...options('right')]
    const pub = lab.host('ours').spawn(process.execPath, args)
    expect((await pub.exit).code).toBe(0)
    await good.line(/for members/)
    expect(lines(deaf).map(({ type }) => type)).toEqual(['ready'])
  })
})

interface Talk {
  readonly sub: HostProcess
  readonly pub: HostProcess
  readonly peer: HostProcess
}

/** Two commands on one host, and on the other one peer that does both. */
function start(kind: keyof typeof realm, count: number, more: string[] = []): Talk {
  const proof = more[0] === '--proof' ? more : []
  const ours = (...args: string[]): HostProcess => {
    const all = [program, ...args, ...options(kind), ...proof]
    return lab.host('ours').spawn(process.execPath, all, CHARACTERS)
  }
  const both = ['--subscribe', 'to/**', '--publish', 'from/python', '--require', '1']
  return {
    sub: ours('sub', 'from/*', '--raw', '--count', `${count}`, '--timeout', '60'),
    pub: ours('pub', 'to/python', '--lines', '--require', '1', '--timeout', '60'),
    peer: startPeer(kind, [...both, '--count', `${count}`, ...more]),
  }
}

function startPeer(kind: keyof typeof realm, more: string[]): HostProcess {
  const all = ['-B', peer, '--interface', 'eth0', ...options(kind), ...more]
  return lab.host('theirs').spawn(python, all, CHARACTERS)
}

function options(kind: keyof typeof realm): string[] {
  return ['--scope', 'link', '--realm', 'interop', ...realm[kind]]
}

async function ended({ sub, pub, peer: theirs }: Talk): Promise<void> {
  const exits = await Promise.all([sub, pub, theirs].map((one) => one.exit))
  const words = [sub, pub, theirs].map((one) => one.stderr)
  expect({ codes: exits.map(({ code }) => code), words }).toMatchObject({ codes: [0, 0, 0] })
}

/** What sixcast.py prints. */
interface Line {
  readonly type: string
  readonly text?: string
}

function lines(theirs: HostProcess): Line[] {
  return theirs.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

function heard(theirs: HostProcess): string[] {
  return lines(theirs).flatMap(({ type, text }) => (type === 'message' ? [text ?? ''] : []))
}

async function keyFile(byte: number): Promise<string> {
  const file = join(lab.directory, `${byte}.key`)
  await writeFile(file, keyText(new Uint8Array(32).fill(byte)))
  await chmod(file, 0o600)
  return file
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Of the output that is kept. */
const CHARACTERS = { charactersMax: 1 << 22 } as const
