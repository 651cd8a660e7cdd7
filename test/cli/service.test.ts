/** The unit of systemd: as the documents show it, and as systemd itself reads it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, MAIN, objectsOf } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

const unit = readFileSync('docs/systemd/sixcast-relay.service', 'utf8')
const operations = readFileSync('docs/operations.md', 'utf8')
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

/** What `systemd-analyze verify` says of a unit, which it knows by the name of its file. */
function verified(text: string): { status: number | null; said: string } {
  const path = join(home.config, 'sixcast-relay.service')
  writeFileSync(path, text)
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', path], {
    encoding: 'utf8',
  })
  rmSync(path)
  return {
    status,
    said: `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('sixcast'))
      .join('\n'),
  }
}

describe('the unit of the relay', () => {
  it('stands in the documents as it is', () => {
    expect(operations).toContain(`\`\`\`ini\n${unit}\`\`\``)
  })

  it.skipIf(!hasSystemd)('has nothing that systemd does not understand', () => {
    const here = unit.replace('/usr/bin/sixcast', MAIN)
    expect(verified(here)).toEqual({ status: 0, said: '' })
    // It does look.
    expect(verified(here.replace('PrivateTmp', 'PrivateTemp')).said).toMatch(/PrivateTemp/)
  })

  it('starts, reloads and stops the relay by the file that the documents show', async () => {
    const [, example = ''] = /```json\n(\{[^`]*"listen"[^`]*\})\n```/.exec(operations) ?? []
    const settings = JSON.parse(example) as Record<string, unknown>
    await home.run(['keygen', '--realm', 'site'])
    expect(settings['key']).toBe('site.control')
    const { code } = await home.run([
      'keygen',
      '--realm',
      'site',
      '--control',
      join(home.config, 'site.control'),
    ])
    expect(code).toBe(0)
    const file = join(home.config, 'relay.json')
    // No network of the machine is touched.
    const own = { ...settings, scope: 'host', multicast: false, interface: '*', listen: '[::1]:0' }
    writeFileSync(file, JSON.stringify(own))
    const line = /^ExecStart=\S+ (.*)$/m.exec(unit)?.[1] ?? ''
    const run = home.start(line.replace('/etc/sixcast/relay.json', file).split(' '))
    await run.says(/"type":"relay"/)
    expect(objectsOf(run.text('out'))).toHaveLength(1)
    const [, signal = ''] = /^ExecReload=\/bin\/kill -(\w+) \$MAINPID$/m.exec(unit) ?? []
    execFileSync('kill', [`-${signal}`, String(run.pid)])
    await run.says(/"msg":"read anew"/, 'err')
    run.kill('SIGTERM')
    expect((await run.ended).code).toBe(0)
  })
})
