/** Joining a realm by a code, between hosts that lose packets, with somebody listening on the wire. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { compiled } from '../setup/compiled.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'

let program: string

beforeAll(async () => {
  program = await compiled('test/net/sixcast.ts')
})

/** A user's command on a host, with a configuration of its own there. */
function commandsOf(lab: Lab): (host: string, words: readonly string[]) => Promise<HostProcess> {
  return async (host, words) => {
    const config = join(lab.directory, host)
    await mkdir(config, { recursive: true })
    const env = { XDG_CONFIG_HOME: config, SIXCAST_LOG_LEVEL: 'info' }
    return lab.host(host).spawn('node', [program, ...words], { env })
  }
}

test('somebody joins by a code where a tenth is lost, and then is heard', async () => {
  await using lab = await openLab({ a: ['a1', 'a2', 'a3'] })
  const run = commandsOf(lab)
  const init = await run('a1', ['init', 'site', '--scope', 'link'])
  expect((await init.exit).code).toBe(0)
  for (const host of ['a1', 'a2']) await lab.host(host).loss({ probability: 0.1 })
  await using wire = await lab.segment('a').capture()
  await using inviting = await run('a1', [
    'invite',
    '--realm',
    'site',
    '--wait',
    '--json',
    '--expires',
    '1h',
  ])
  const announced = JSON.parse(await inviting.line(/"type":"code"/, 60_000)) as {
    code: string
    command: string
  }
  const { code, command } = announced
  expect(command).toBe(`sixcast join ${code} --scope link`)
  const joining = await run('a2', [
    ...command.split(' ').slice(1),
    '--name',
    'pump',
    '--timeout',
    '120',
  ])
  expect({ code: (await joining.exit).code, err: joining.stderr }).toMatchObject({ code: 0 })
  expect((await inviting.exit).code).toBe(0)
  const packets = Buffer.concat((await wire.stop()).map(({ payload }) => Buffer.from(payload)))
  expect(packets.length).toBeGreaterThan(1000)
  const path = join(lab.directory, 'a2', 'sixcast', 'realms', 'site.key')
  const key = (await readFile(path, 'utf8')).split(' ')[1]!
  const secrets = [code, key, Buffer.from(key, 'base64url'), 'site', 'pump', 'join/']
  expect(secrets.filter((secret) => packets.includes(secret))).toEqual([])

  await using sub = await run('a1', ['sub', 'hall/*', '--realm', 'site', '--count', '1'])
  await sub.errorLine(/subscribed/, 60_000)
  const pub = await run('a2', ['pub', 'hall/door', 'open', '--realm', 'site', '--require', '1'])
  expect((await pub.exit).code).toBe(0)
  expect((await sub.exit).code).toBe(0)
  expect(sub.stdout).toBe('hall/door open\n')

  // The code is of no use to anybody else.
  const late = await run('a3', ['join', code, '--scope', 'link', '--timeout', '2'])
  expect((await late.exit).code).toBe(2)
}, 300_000)
