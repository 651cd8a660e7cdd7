/** The two applications of docs/examples between hosts, each of which runs a real `sixcast agent`. */
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyText } from '../../bus/io/key-text.ts'
import { compiled } from '../setup/compiled.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'

const HOSTS = ['web1', 'web2', 'web3', 'db1', 'db2']
let lab: Lab
let sixcast: string
/** Compiled, beside each other. */
let examples: string
let env: Record<string, string>

beforeAll(async () => {
  lab = await openLab({ a: ['desk', ...HOSTS] })
  sixcast = await compiled('test/net/sixcast.ts')
  examples = join(await compiled('docs/examples/monitor.ts'), '..')
  const realms = join(lab.directory, 'sixcast', 'realms')
  await mkdir(realms, { recursive: true })
  await writeFile(join(realms, 'site.key'), keyText(new Uint8Array(32).fill(0x5e)))
  await chmod(join(realms, 'site.key'), 0o600)
  env = { XDG_CONFIG_HOME: lab.directory, SIXCAST_REALM: 'site', SIXCAST_SCOPE: 'link' }
})
afterAll(async () => await lab.close())

describe('configure', () => {
  const old = 'workers 2\n'
  const wanted = 'workers 8\n'
  /** How a host's service reads its configuration. */
  const reloads: Record<string, string> = {
    web1: 'cp app.conf running.conf',
    web2: 'grep -q "workers 8" app.conf && { echo too little memory >&2; exit 1; }; cp app.conf running.conf',
    web3: 'grep -q "workers 8" app.conf || cp app.conf running.conf',
    db1: 'kill -9 $(cat agent.pid)',
  }

  test('brings it to all hosts, back where it fails, and has an outcome for each', async () => {
    const folders = new Map(HOSTS.map((host) => [host, join(lab.directory, host)]))
    for (const [host, folder] of folders) await install(folder, reloads[host])
    await using agents = await running(HOSTS.slice(0, 4), folders)
    const file = join(lab.directory, 'new.conf')
    await writeFile(file, wanted)
    const words = [join(examples, 'configure.js'), file, 'site', 'link', ...HOSTS]
    const { code, stdout, stderr } = await lab
      .host('desk')
      .run('node', words, { env, timeoutMs: 100_000 })
    const [before, after] = [versionOf(old), versionOf(wanted)]
    const table = new Map(
      stdout.split('\n').map((line) => [line.slice(0, 12).trim(), line.slice(13)]),
    )
    expect({ stderr, hosts: [...table.keys()] }).toEqual({ stderr: '', hosts: [...HOSTS, ''] })
    expect(table.get('web1')).toBe(`runs ${after}`)
    expect(table.get('web2')).toMatch(
      new RegExp(`^back to ${before}: BusError: .*ended with exit code 1: too little memory$`),
    )
    expect(table.get('web3')).toBe(`back to ${before}: it runs ${before}`)
    expect(table.get('db1')).toMatch(/^LOST: BusError: .*; then: BusError: /)
    expect(table.get('db2')).toBe('not here')
    expect(code).toBe(1)
    // What the table says is so.
    for (const [host, text] of [
      ['web1', wanted],
      ['web2', old],
      ['web3', old],
    ] as const) {
      for (const name of ['app.conf', 'running.conf']) {
        expect(await readFile(join(folders.get(host)!, name), 'utf8')).toBe(text)
      }
    }
    await agents.stop()
  }, 120_000)
})

describe('monitor', () => {
  test('shows each host with what it was, an alarm when a disk fills up, and who has gone', async () => {
    const agent = ['agent', '--name']
    await using plain = lab.host('web2').spawn('node', [sixcast, ...agent, 'web2'], { env })
    // A disk of its own, that the others do not see.
    const disk = `mount -t tmpfs -o size=8m /dev/data /srv && exec node ${sixcast} agent --name web1`
    await using full = lab.host('web1').spawn('unshare', ['--mount', 'sh', '-c', disk], {
      env: { ...env, SIXCAST_LOG_LEVEL: 'info' },
    })
    await full.errorLine(/serving/)
    const words = [join(examples, 'monitor.js'), 'site', 'link', '80']
    await using monitor = lab.host('desk').spawn('node', words, { env })
    const cells = String.raw`load [\d.]+ [▁-█]{3,}  memory [\d.]+ [▁-█]{3,}`
    await monitor.line(new RegExp(`^web1 .*${cells}  .*srv 0\\.0 ▁{3,}`), 60_000)
    await monitor.line(new RegExp(`^web2 .*${cells}`), 60_000)
    const filler = `/proc/${full.pid}/root/srv/filler`
    await writeFile(filler, new Uint8Array(7 << 20))
    await monitor.line(/^ALARM web1: srv is 8\d(\.\d)? % full$/, 60_000)
    await rm(filler)
    const isCalm = endOfAlarm()
    await monitor.line((line) => isCalm(line), 60_000)
    await plain.stop()
    await monitor.line(/^web2 +gone$/, 60_000)
    monitor.signal('SIGINT')
    expect((await monitor.exit).code).toBe(0)
    expect(monitor.stderr).toBe('')
    // Its reader has had enough.
    const looked = [
      '-c',
      'set -o pipefail; node "$0" site link | head -1',
      join(examples, 'monitor.js'),
    ]
    const few = await lab.host('desk').run('bash', looked, { env, timeoutMs: 60_000 })
    expect([few.code, few.stderr]).toEqual([0, ''])
  }, 120_000)
})

/** True at the end of a frame without an alarm. */
function endOfAlarm(): (line: string) => boolean {
  let alarms = 0
  return (line) => {
    if (line.startsWith('ALARM')) alarms += 1
    if (line !== '') return false
    const isCalm = alarms === 0
    alarms = 0
    return isCalm
  }
}

/** A host's folder, with the configuration that it runs. */
async function install(folder: string, reload: string | undefined): Promise<void> {
  await mkdir(join(folder, 'incoming'), { recursive: true })
  await cp('docs/examples/configure', folder, { recursive: true })
  const old = 'workers 2\n'
  const names = [`incoming/${versionOf(old)}.conf`, 'app.conf', 'running.conf']
  for (const name of names) await writeFile(join(folder, name), old)
  await writeFile(join(folder, 'reload.sh'), reload ?? '')
}

/** The two commands that each host runs for `configure`. */
async function running(
  hosts: readonly string[],
  folders: ReadonlyMap<string, string>,
): Promise<AsyncDisposable & { stop(): Promise<void> }> {
  const started: HostProcess[] = []
  for (const name of hosts) {
    const cwd = folders.get(name)!
    const own = { cwd, env: { ...env, SIXCAST_NAME: name, SIXCAST_LOG_LEVEL: 'info' } }
    const agent = lab.host(name).spawn('node', [sixcast, 'agent', '--config', 'agent.json'], own)
    await writeFile(join(cwd, 'agent.pid'), `${agent.pid}`)
    const words = [sixcast, 'receive', 'config/*', '--directory', 'incoming']
    const receive = lab.host(name).spawn('node', words, own)
    started.push(agent, receive)
    await Promise.all([agent.errorLine(/serving/, 60_000), receive.errorLine(/subscribed/, 60_000)])
  }
  const stop = async (): Promise<void> => void (await Promise.all(started.map((one) => one.stop())))
  return { stop, [Symbol.asyncDispose]: stop }
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
