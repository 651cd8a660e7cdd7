/** The peer in Python in a realm with an owner: epoch keys, a guest's keys, and rights both ways. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { grant, type Identity, newIdentity, newRealm, rotate } from '../../bus/index.ts'
import { guestKeyText } from '../../bus/io/guest-key.ts'
import { guestKeyOf } from '../../bus/io/guest-ring.ts'
import { identityName } from '../../bus/io/identity.ts'
import { identityText } from '../../bus/io/identity-text.ts'
import { parseKey } from '../../bus/io/key-text.ts'
import { openLab, type Lab } from '../net/lab/lab.ts'
import type { HostProcess } from '../net/lab/process.ts'
import { compiled } from '../setup/compiled.ts'

const python = '/usr/bin/python3'
const peer = join(import.meta.dirname, 'python/sixcast.py')
const realm = 'estate'
const COUNT = 300

let lab: Lab
let program = ''
let folder = ''

beforeAll(async () => {
  lab = await openLab({ wire: ['ours', 'theirs'] })
  program = await compiled('test/net/sixcast.ts')
  folder = join(lab.directory, 'config/sixcast/realms')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await found()
})
afterAll(async () => await lab?.close())

describe('the peer in Python, in a realm with an owner', () => {
  it.each(['member', 'guest'])('exchanges messages each way as a %s', async (kind) => {
    const texts = (of: string): string[] => Array.from({ length: COUNT }, (_, n) => `${of} ${n}`)
    const sub = ours('sub', 'from/*', '--raw', '--count', `${COUNT}`, '--timeout', '60')
    const pub = ours('pub', 'to/python', '--lines', '--require', '1', '--timeout', '60')
    const words = ['--publish', 'from/python', '--require', '1', '--count', `${COUNT}`]
    await using theirs = startPeer(kind, ['--subscribe', 'to/**', ...words])
    sub.end()
    pub.end(`${texts('ours').join('\n')}\n`)
    theirs.end(`${texts('theirs').join('\n')}\n`)
    const exits = await Promise.all([sub, pub, theirs].map((one) => one.exit))
    const said = [sub, pub, theirs].map((one) => one.stderr)
    expect({ codes: exits.map(({ code }) => code), said }).toMatchObject({ codes: [0, 0, 0] })
    expect(sub.stdout.trimEnd().split('\n')).toEqual(texts('theirs'))
    expect(heard(theirs)).toEqual(texts('ours'))
  })

  it('hears nothing with the key of an epoch that is over', async () => {
    await using late = startPeer('late', ['--subscribe', 'to/**', '--count', '1'])
    await using member = startPeer('member', ['--subscribe', 'to/**', '--count', '1'])
    await Promise.all([late, member].map((one) => one.line(/"ready"/)))
    const pub = ours('pub', 'to/python', 'for members', '--require', '1')
    expect((await pub.exit).code).toBe(0)
    await member.line(/for members/)
    expect(late.stdout).not.toMatch(/for members|"peer"/)
  })

  it('says nothing that its rights do not let it say, and none that are not its own', async () => {
    const wide = startPeer('member', ['--publish', 'to/others', '--count', '0'])
    expect([(await wide.exit).code, wide.stderr]).toEqual([1, expect.stringMatching(/may not/)])
    const thief = startPeer('thief', ['--subscribe', 'to/**', '--count', '1'])
    expect([(await thief.exit).code, thief.stderr]).toEqual([
      1,
      expect.stringMatching(/do not count for this identity/),
    ])
  })
})

function ours(...words: string[]): HostProcess {
  const env = { XDG_CONFIG_HOME: join(lab.directory, 'config') }
  const all = [program, ...words, '--scope', 'link', '--realm', realm]
  return lab.host('ours').spawn(process.execPath, all, { env })
}

function startPeer(kind: string, more: string[]): HostProcess {
  const file = (what: string): string => join(lab.directory, `${kind}.${what}`)
  const own = ['--key', file('key'), '--identity', file('identity'), '--rights', file('rights')]
  const words = ['-B', peer, '--interface', 'eth0', '--scope', 'link', '--realm', realm]
  return lab.host('theirs').spawn(python, [...words, ...own, ...more])
}

function heard(theirs: HostProcess): string[] {
  const lines = theirs.stdout.trimEnd().split('\n')
  const told = lines.map((line) => JSON.parse(line) as { type: string; text?: string })
  return told.flatMap(({ type, text }) => (type === 'message' ? [text ?? ''] : []))
}

/** The realm in its second epoch: our commands, a member, a guest, who has slept, and a thief. */
async function found(): Promise<void> {
  const { key, owner } = newRealm(realm)
  const [command, member] = [newIdentity(), newIdentity()]
  const members = [command, member].map((one) => ({ identity: identityName(one) }))
  const next = await rotate({ realm, key, owner, members })
  const until = new Date(Date.now() + 3_600_000)
  const granted = (one: Identity, publish: string, subscribe: string): Promise<string> => {
    const to = identityName(one)
    return grant({
      realm,
      key,
      issuer: owner,
      until,
      to,
      publish: [publish],
      subscribe: [subscribe],
    })
  }
  const ofCommand = await granted(command, 'to/**', 'from/**')
  const ofMember = await granted(member, 'from/**', 'to/**')
  const ring = await guestKeyOf(realm, parseKey(next.key, 'the key'), ['from/**', 'to/**'])
  await keep(join(folder, realm), { key: next.key, identity: command, rights: ofCommand })
  for (const [kind, given] of Object.entries({
    member: { key: next.key, identity: member, rights: ofMember },
    guest: { key: guestKeyText(ring), identity: member, rights: ofMember },
    late: { key, identity: member, rights: ofMember },
    thief: { key: next.key, identity: newIdentity(), rights: ofMember },
  })) {
    await keep(join(lab.directory, kind), given)
  }
}

async function keep(
  base: string,
  { key, identity, rights }: { key: string; identity: Identity; rights: string },
): Promise<void> {
  const texts = { key, identity: identityText(identity), rights }
  for (const [what, text] of Object.entries(texts)) {
    await writeFile(`${base}.${what}`, text, { mode: 0o600 })
  }
}
