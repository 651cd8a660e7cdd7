/** `sixcast peers`, `topics`, `keygen` and `completion`. */
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { Home, MAIN, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

const publishers: Run[] = []
afterEach(async () => {
  for (const publisher of publishers.splice(0)) {
    publisher.endInput()
    await publisher.ended
  }
})

/** A peer that has published on this topic and stays. */
function publisher(name: string, topic: string, words: readonly string[] = []): Run {
  const run = home.start(['pub', topic, '--lines', '--name', name, ...words])
  run.write('here\n')
  publishers.push(run)
  return run
}

describe('peers', () => {
  it('lists who is here, without itself', async () => {
    publisher('first', 'a')
    publisher('second one', 'b')
    const { code, out, err } = await home.run(['peers', '--timeout', '2'])
    const [head, ...rows] = out.trimEnd().split('\n')
    expect(head).toMatch(/^ID +NAME +IDENTITY +PATH +TAGS$/)
    expect(rows).toEqual([
      expect.stringMatching(/^[0-9a-f]{16} {2}first +[0-9a-f]{16}… {2}multicast$/),
      expect.stringMatching(/^[0-9a-f]{16} {2}second one +[0-9a-f]{16}… {2}multicast$/),
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('prints objects with --json', async () => {
    publisher('object', 'a')
    const { out } = await home.run(['peers', '--json', '--timeout', '2'])
    expect(objectsOf(out)).toEqual([
      {
        type: 'peer',
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        name: 'object',
        identity: expect.stringMatching(/^[0-9a-f]{64}$/),
        tags: {},
        since: expect.any(Number),
        path: 'multicast',
        pathReason: '',
      },
      self,
    ])
  })

  it('says with --json whether many datagrams go by one system call, and why not', async () => {
    const { out } = await home.run(['peers', '--json', '--timeout', '0.2', '--no-native'])
    expect(objectsOf(out)).toEqual([
      { ...self, native: { inUse: false, reason: 'it is turned off' } },
    ])
  })

  it('prints nothing but the head when nobody is here', async () => {
    expect((await home.run(['peers', '--timeout', '0.2'])).out).toMatch(/^ID[^\n]*\n$/)
    const { code, out, err } = await home.run(['peers', '--timeout', '0.2', '--json'])
    expect({ code, found: objectsOf(out), err }).toEqual({ code: 0, found: [self], err: '' })
  })

  it('tells with --watch who comes and goes', async () => {
    const lines = home.start(['peers', '--watch'])
    const objects = home.start(['peers', '--watch', '--json', '--timeout', '60'])
    const guest = publisher('guest', 'a')
    await lines.says(/^join {4}[0-9a-f]{16} {2}guest$/m)
    await objects.says(/"name":"guest"/)
    guest.endInput()
    await lines.says(/^leave {3}[0-9a-f]{16} {2}guest$/m)
    await objects.says(/"name":"guest".*"name":"guest"/s)
    lines.kill('SIGINT')
    objects.kill('SIGINT')
    expect((await lines.ended).code).toBe(0)
    const { code, out } = await objects.ended
    expect(objectsOf(out)[0]).toEqual(self)
    const guests = objectsOf(out).filter(({ name }) => name === 'guest')
    expect(guests.map(({ type }) => type)).toEqual(['join', 'leave'])
    expect(code).toBe(0)
  })
})

/** How the command itself is on the network, behind the peers. */
const self = {
  type: 'self',
  id: expect.stringMatching(/^[0-9a-f]{16}$/),
  path: 'multicast',
  native: { inUse: expect.any(Boolean), reason: expect.any(String) },
}

describe('topics', () => {
  it('lists topics with their publishers, those that match', async () => {
    publisher('one', 'home/light')
    publisher('two', 'home/door', ['--delivery', 'best-effort'])
    const all = await home.run(['topics', '--timeout', '2'])
    expect(all.out).toMatch(
      /^TOPIC +DELIVERY +PUBLISHER\nhome\/door +best-effort +two \(\w{16}\)\nhome\/light +reliable +one \(\w{16}\)\n$/,
    )
    const some = await home.run(['topics', '*/light', '--json', '--timeout', '2'])
    expect(objectsOf(some.out)).toEqual([
      {
        type: 'topic',
        topic: 'home/light',
        delivery: 'reliable',
        from: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ])
    expect([all.code, some.code]).toEqual([0, 0])
  })

  it('lists those of several publishers in order', async () => {
    for (const i of [3, 1, 4, 0, 2]) publisher(`many-${i}`, `many/${i}`)
    const { out } = await home.run(['topics', 'many/*', '--json', '--timeout', '3'])
    expect(objectsOf(out).map(({ topic }) => topic)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `many/${i}`),
    )
  })

  it('tells with --watch which begin and end', async () => {
    const lines = home.start(['topics', 'news/**', '--watch'])
    const objects = home.start(['topics', '--watch', '--json'])
    const guest = publisher('guest', 'news/today')
    publisher('other', 'olds')
    await objects.says(/"type":"topic","topic":"news\/today","delivery":"reliable"/)
    await lines.says(/^topic {2}news\/today {2}reliable {2}[0-9a-f]{16}$/m)
    guest.endInput()
    await lines.says(/^ended {2}news\/today/m)
    await objects.says(/"type":"ended","topic":"news\/today"/)
    lines.kill('SIGTERM')
    objects.kill('SIGTERM')
    const ended = await lines.ended
    expect(ended.code).toBe(0)
    expect(ended.out).not.toContain('olds')
    expect((await objects.ended).code).toBe(0)
  })
})

describe('keygen', () => {
  const own = join(home.config, 'sixcast/realms/garage.key')

  it('makes the key of a realm once, for its owner alone', async () => {
    const made = await home.run(['keygen', '--realm', 'garage'])
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toContain(`${own}\n`)
    expect(made.out).toMatch(/^Copy it: ssh HOST '.*garage\.key' < \/.*garage\.key$/m)
    expect(statSync(own).mode & 0o777).toBe(0o600)
    const before = readFileSync(own, 'utf8')
    expect(before).toMatch(/^sixcast-key-1 [\w-]{43}\n$/)
    const again = await home.run(['keygen', '--realm', 'garage'])
    expect(again).toMatchObject({ code: 1, out: '' })
    expect(again.err).toMatch(/^sixcast: the key file .*garage\.key exists/)
    expect(readFileSync(own, 'utf8')).toBe(before)
    expect(made.out).not.toContain(before.trim().split(' ')[1])
  })

  it('prints a line that takes the key to its place on another host', async () => {
    const made = await home.run(['keygen', '--realm', 'carried'])
    const line = /^Copy it: (.*)$/m.exec(made.out)?.[1] ?? ''
    const there = join(home.config, 'there')
    const ssh = `ssh() { mkdir -p '${there}' && cd '${there}' && sh -c "$2"; }`
    execFileSync('sh', ['-c', `${ssh}; ${line}`])
    const copy = join(there, '.config/sixcast/realms/carried.key')
    const key = join(home.config, 'sixcast/realms/carried.key')
    expect(readFileSync(copy, 'utf8')).toBe(readFileSync(key, 'utf8'))
    expect(statSync(copy).mode & 0o777).toBe(0o600)
  })

  it('writes to another file, or to standard output', async () => {
    const file = join(home.config, 'deep/other.key')
    const { out } = await home.run(['keygen', file, '--json'])
    expect(objectsOf(out)).toEqual([{ type: 'key', realm: 'local', path: file }])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await home.run(['keygen', '-'])).out).toMatch(/^sixcast-key-1 [\w-]{43}\n$/)
  })
})

describe('the local key', () => {
  it('is made on first use, for its owner alone', async () => {
    using fresh = new Home()
    await fresh.run(['pub', 'a', 'x'])
    const { mode } = statSync(join(fresh.config, 'sixcast/realms/local.key'))
    expect(mode & 0o777).toBe(0o600)
  })
})

describe('completion', () => {
  it('prints a script that bash takes, and completes by it', async () => {
    const { code, out } = await home.run(['completion'], { env: { SHELL: '/bin/bash' } })
    expect(code).toBe(0)
    const ask = `sixcast() { "${process.execPath}" "${MAIN}" "$@"; }
      COMP_WORDS=(sixcast p); COMP_CWORD=1; _sixcast_yargs_completions
      echo "\${COMPREPLY[@]}"
      COMP_WORDS=(sixcast pub --del); COMP_CWORD=2; _sixcast_yargs_completions
      echo "\${COMPREPLY[@]}"`
    const answer = execFileSync('bash', ['-c', `${out}\n${ask}`], { encoding: 'utf8' })
    expect(answer).toBe('pub peers\n--delivery\n')
  })

  it('prints one for zsh', async () => {
    const { out } = await home.run(['completion'], { env: { SHELL: '/bin/zsh' } })
    expect(out).toMatch(/^#compdef sixcast\n/)
  })
})
