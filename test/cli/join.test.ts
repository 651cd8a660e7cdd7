/** `sixcast invite --wait` and `sixcast join CODE`: into a realm over the bus itself. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, objectsOf, type Run } from './command.ts'

const owner = new Home()
beforeAll(async () => void (await owner.run(['init', 'site'])))
afterAll(() => owner[Symbol.dispose]())

/** The newcomer's own home, on the owner's port. */
const as = (home: Home) => ({ env: { XDG_CONFIG_HOME: home.config } })

async function codeOf(run: Run): Promise<string> {
  await run.says(/"code":/)
  return String(objectsOf(run.text('out'))[0]?.['code'])
}

describe('join by a code', () => {
  it('makes a member whose secret never left its host, and tells the owner who it is', async () => {
    using guest = new Home()
    const words = ['invite', '--realm', 'site', '--publish', 'hall/**', '--as', 'pump']
    const waiting = owner.start([...words, '--wait', '--json'])
    const code = await codeOf(waiting)
    const came = await owner.run(['join', code, '--name', 'door', '--json'], as(guest))
    expect(came).toMatchObject({ code: 0, err: '' })
    const [joined] = objectsOf(came.out)
    const { code: exit, out, err } = await waiting.ended
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    const identity = joined?.['identity']
    const admitted = { type: 'admitted', realm: 'site', identity, name: 'door' }
    expect(objectsOf(out)[1]).toMatchObject(admitted)
    const files = ['key', 'identity', 'rights', 'json'].map((ending) => {
      return join(guest.config, 'sixcast', 'realms', `site.${ending}`)
    })
    expect(files.map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o600, 0o600])
    const members = await owner.run(['members', '--realm', 'site', '--json'])
    expect(objectsOf(members.out).at(-1)).toMatchObject({
      name: 'pump',
      identity,
      publish: ['hall/**'],
    })
    // What it has is good: the owner hears it, and it is held to its rights.
    const sub = await owner.subscriber(['hall/*', '--realm', 'site', '--count', '1'])
    const pub = ['pub', 'hall/door', 'open', '--realm', 'site', '--require', '1']
    expect(await owner.run(pub, as(guest))).toMatchObject({ code: 0 })
    expect(await sub.ended).toMatchObject({ code: 0, out: 'hall/door open\n' })
    const outside = await owner.run(['pub', 'office/door', 'x', '--realm', 'site'], as(guest))
    expect(outside).toMatchObject({ code: 1, err: expect.stringContaining('office/door') })
  })

  it('keeps the identity that is here, when the code is for it', async () => {
    using home = new Home()
    using guest = new Home()
    const known = await owner.run(['identity', '--json'], as(home))
    const me = String(objectsOf(known.out)[0]?.['identity'])
    const words = ['invite', '--realm', 'site', '--wait', '--json', '--for', me]
    const waiting = owner.start(words)
    const code = await codeOf(waiting)
    const stranger = await owner.run(['join', code, '--name', 'x'], as(guest))
    expect(stranger).toMatchObject({ code: 1, err: expect.stringMatching(/for another identity/) })
    await waiting.says(/refused [0-9a-f]{64} \("x"\): the code is for another identity/, 'err')
    const came = await owner.run(['join', ...code.split('-'), '--json'], as(home))
    expect(objectsOf(came.out)[0]).toMatchObject({ type: 'joined', identity: me })
    expect(await waiting.ended).toMatchObject({ code: 0 })
    expect(existsSync(join(home.config, 'sixcast', 'realms', 'site.identity'))).toBe(false)
  })

  it('can be offered by a member whose rights may be handed on, and by no other', async () => {
    using member = new Home()
    const words = ['invite', '--realm', 'site', '--publish', 'hall/**', '--wait', '--json']
    const first = owner.start([...words, '--depth', '1'])
    await owner.run(['join', await codeOf(first)], as(member))
    expect(await first.ended).toMatchObject({ code: 0 })
    const second = owner.start(words, as(member))
    using last = new Home()
    const came = await owner.run(['join', await codeOf(second), '--name', 'last'], as(last))
    expect(came).toMatchObject({ code: 0, err: '' })
    expect(await second.ended).toMatchObject({ code: 0 })
    const allowed = ['acl', 'test', 'me', 'publish', 'hall/x', '--realm', 'site']
    const { code, out } = await owner.run(allowed, as(last))
    expect(out).toMatch(/grant 2 of 2/)
    expect(code).toBe(0)
    const third = await owner.run(words, as(last))
    expect(third).toMatchObject({ code: 1, err: expect.stringMatching(/their depth is 0/) })

    // The owner does not know the last one: it is named when the keys change, and can come again.
    const mine = ['identity', '--realm', 'site', '--json', '--identity']
    const file = join(last.config, 'sixcast/realms/site.identity')
    const [{ identity } = {}] = objectsOf((await owner.run([...mine, file], as(last))).out)
    const on = ['--realm', 'site', '--name', 'last']
    const sub = await owner.subscriber(['hall/*', ...on], as(last))
    const rotated = await owner.run(['keys', 'rotate', '--realm', 'site', '--json', '--stay', '3'])
    expect(objectsOf(rotated.out)[0]).toMatchObject({ leftOut: [{ name: 'last', identity }] })
    expect(rotated.err).toMatch(
      new RegExp(`left out: last \\(${String(identity)}\\) has no key of epoch 2`),
    )
    expect(rotated.err).toMatch(/may have let in others, who have no key of epoch 2 unless/)
    const ended = await sub.ended
    expect(ended).toMatchObject({ code: 1, err: expect.stringMatching(/has no key for this/) })
    const command = /run: sixcast (invite .*)$/m.exec(rotated.err)?.[1]?.split(' ') ?? []
    const { out: invitation } = await owner.run(command)
    const again = await owner.run(['join', '-'], { ...as(last), input: invitation })
    expect(again).toMatchObject({ code: 0, err: '' })
    const heard = await owner.subscriber(['hall/*', ...on, '--count', '1'], as(last))
    await owner.run(['pub', 'hall/x', 'back', '--realm', 'site', '--require', '1'])
    expect(await heard.ended).toMatchObject({ code: 0, out: 'hall/x back\n' })
  }, 300_000)

  it('says when the keys have changed meanwhile, and how the newcomer gets them', async () => {
    using late = new Home()
    const waiting = owner.start(['invite', '--realm', 'site', '--wait', '--json'])
    const code = await codeOf(waiting)
    const rotate = ['keys', 'rotate', '--realm', 'site', '--stay', '0']
    expect((await owner.run(rotate)).code).toBe(0)
    expect((await owner.run(['join', code], as(late))).code).toBe(0)
    expect((await waiting.ended).err).toMatch(
      /have changed meanwhile, and the newcomer has none of epoch \d+; run: sixcast keys rotate/,
    )
    expect((await owner.run(rotate)).code).toBe(0)
    const page = join(owner.config, 'sixcast/realms/site.page')
    const adopted = await owner.run(['keys', 'adopt', page, '--realm', 'site'], as(late))
    expect(adopted).toMatchObject({ code: 0, err: '' })
  })

  it('tells people what to type, and ends by a signal or when the code is too old', async () => {
    const waiting = owner.start(['invite', '--realm', 'site', '--wait'])
    await waiting.says(/^Run on this host, before .*:\n\n {2}sixcast join [0-9A-Z-]{34} --port/)
    waiting.kill('SIGINT')
    expect(await waiting.ended).toMatchObject({ code: 130, err: '' })
    const short = await owner.run(['invite', '--realm', 'site', '--wait', '--expires', '1s'])
    expect(short).toMatchObject({ code: 2, err: expect.stringContaining('nobody has joined') })
  })

  it.each([
    [['join', 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-0000'], 1, /the code has a mistake in it/],
    [['join', 'x', '--timeout', '1'], 64, /--timeout is of use only with a code/],
    [['invite', '--realm', 'site', '--wait', '--file', 'f'], 64, /--file or --wait, not both/],
    [['invite', '--realm', 'site', '--wait', '--expires', '2d'], 64, /a day at most/],
    [
      ['invite', '--realm', 'site', '--wait', '--relay', 'ws://[::1]:1'],
      64,
      /--relay is of no use/,
    ],
  ])('%j is told', async (words, exit, reason) => {
    const { code, err } = await owner.run(words)
    expect(err).toMatch(reason)
    expect(code).toBe(exit)
    expect(err).not.toContain('BBBB')
  })

  it('is told when nobody answers, and keeps what it had', async () => {
    using guest = new Home()
    await owner.run(['keygen', '--realm', 'site'], as(guest))
    const key = (): string => readFileSync(join(guest.config, 'sixcast/realms/site.key'), 'utf8')
    const before = key()
    const waiting = owner.start(['invite', '--realm', 'site', '--wait', '--json'])
    const code = await codeOf(waiting)
    waiting.kill('SIGTERM')
    await waiting.ended
    const late = await owner.run(['join', code, '--timeout', '0.5'], as(guest))
    expect(late).toMatchObject({
      code: 2,
      err: expect.stringMatching(/nobody answers to this code/),
    })
    expect(key()).toBe(before)
  })
})
