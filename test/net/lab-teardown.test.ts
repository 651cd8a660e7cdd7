/** A lab leaves nothing behind, however its owner ends. */
import { execFile, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLab } from './lab/lab.ts'
import { isRunning } from './lab/pid.ts'
import { requireTools } from './lab/tools.ts'

test('closing ends the processes and removes namespaces and files', async () => {
  const lab = await openLab({ a: ['a1', 'a2'] })
  const sleeper = lab.host('a1').spawn('sleep', ['600'])
  const daemon = lab.host('a2').spawn('sh', ['-c', 'setsid sleep 600 >/dev/null 2>&1 & echo $!'])
  const orphan = Number(await daemon.line(/\d/))
  await daemon.exit
  await lab.host('a1').capture()
  expect(namesOf(lab.id)).toHaveLength(4)
  await lab.close()
  expect(namesOf(lab.id)).toEqual([])
  expect(isRunning(sleeper.pid)).toBe(false)
  expect(isRunning(orphan)).toBe(false)
  expect(await sleeper.exit).toEqual({ code: null, signal: 'SIGKILL' })
})

test('closing twice is closing once, and no listeners stay', async () => {
  const before = process.listenerCount('exit')
  const lab = await openLab({ a: ['a1'] })
  const other = await openLab({ a: ['a1'] })
  expect(process.listenerCount('exit')).toBe(before + 1)
  await lab.close()
  await lab.close()
  expect(namesOf(other.id)).toHaveLength(3)
  await other.close()
  expect(process.listenerCount('exit')).toBe(before)
})

test('a scope that throws takes its lab down', async () => {
  let id = ''
  const scope = async (): Promise<void> => {
    await using lab = await openLab({ a: ['a1'] })
    id = lab.id
    throw new Error('the test failed')
  }
  await expect(scope()).rejects.toThrow('the test failed')
  expect(namesOf(id)).toEqual([])
})

test('a lab that cannot be built says why and leaves nothing', async () => {
  const mine = `-${process.pid}-`
  await expect(openLab({ a: { hosts: ['a1'], mtu: 1_000 } })).rejects.toThrow(/ip -batch/)
  expect(namesOf(mine)).toEqual([])
})

describe('a lab whose owner', () => {
  let folder = ''
  beforeAll(async () => (folder = await compileLab()))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    ['exits', 'exit', [0, null]],
    ['dies by an exception', 'throw', [1, null]],
  ] as const)('%s is gone with it', async (_, word, end) => {
    const { owner, id, sleeper } = await hold(folder)
    expect(namesOf(id)).toHaveLength(4)
    owner.send(word)
    expect(await once(owner, 'exit')).toEqual(end)
    expect(namesOf(id)).toEqual([])
    expect(isRunning(sleeper)).toBe(false)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('gets %s is gone with it', async (signal) => {
    const { owner, id, sleeper } = await hold(folder)
    owner.kill(signal)
    expect(await once(owner, 'exit')).toEqual([null, signal])
    expect(namesOf(id)).toEqual([])
    expect(isRunning(sleeper)).toBe(false)
  })

  test('loses its parent is gone with it', async () => {
    const { owner, id, sleeper } = await hold(folder)
    owner.disconnect()
    expect(await once(owner, 'exit')).toEqual([null, 'SIGTERM'])
    expect(namesOf(id)).toEqual([])
    expect(isRunning(sleeper)).toBe(false)
  })

  test('gets SIGKILL is swept by the next lab, and that of a living owner is not', async () => {
    const dead = await hold(folder)
    const living = await hold(folder)
    dead.owner.kill('SIGKILL')
    await once(dead.owner, 'exit')
    expect(namesOf(dead.id)).toHaveLength(4)
    expect(isRunning(dead.sleeper)).toBe(true)

    const next = await openLab({ a: ['a1'] })
    expect(namesOf(dead.id)).toEqual([])
    expect(isRunning(dead.sleeper)).toBe(false)
    expect(namesOf(living.id)).toHaveLength(4)
    expect(isRunning(living.sleeper)).toBe(true)
    await next.close()
    living.owner.send('exit')
    await once(living.owner, 'exit')
  })
})

describe('without what it needs', () => {
  test('a lab names the missing tools and the mend', () => {
    expect(() => requireTools('/nowhere', 0)).toThrow(
      /needs ip, bridge, tc, ip6tables, tcpdump: `npm test` installs iproute2, iptables/,
    )
    expect(() => requireTools('/nowhere', 1_000)).toThrow(/run it as root/)
  })
})

interface Held {
  readonly owner: ChildProcess
  readonly id: string
  readonly sleeper: number
}

/** A process of its own with an open lab, in which another process sleeps. */
async function hold(folder: string): Promise<Held> {
  const holder = join(import.meta.dirname, 'lab/holder.js')
  const owner = fork(holder, [join(folder, 'lab.js')], { stdio: 'ignore', execArgv: [] })
  const [message] = (await once(owner, 'message')) as [Omit<Held, 'owner'>] // Sent by holder.js.
  return { owner, ...message }
}

/** Node 20 cannot run TypeScript, and the process that dies here must not be the test runner. */
async function compileLab(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-compiled-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const source = join(import.meta.dirname, 'lab')
  const language = '--module nodenext --target es2023 --lib es2024,esnext.disposable --types node'
  const imports = '--allowImportingTsExtensions --rewriteRelativeImportExtensions --skipLibCheck'
  const options = `--ignoreConfig ${language} ${imports}`.split(' ')
  const files = ['--rootDir', source, '--outDir', folder, join(source, 'lab.ts')]
  await promisify(execFile)('npx', ['tsc', ...options, ...files])
  return folder
}

/** The namespaces and temporary files that carry an id. */
function namesOf(id: string): string[] {
  const folders = ['/run/netns', tmpdir()].filter(existsSync)
  const names = folders.flatMap((folder) => readdirSync(folder))
  return names.filter((name) => name.startsWith('sixlab') && name.includes(id))
}
