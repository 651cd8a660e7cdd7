/** Files between hosts: one copy on the wire, losses on the way, disks that are full or read-only. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { keyText } from '../../bus/io/key-text.ts'
import { compiled } from '../setup/compiled.ts'
import { transferFile } from './file-transfer.ts'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'

let lab: Lab
let program: string
let flags: string

beforeAll(async () => {
  lab = await openLab({ a: ['a1', 'a2', 'a3'] })
  program = await compiled('test/net/sixcast.ts')
  const keyFile = join(lab.directory, 'files.key')
  await writeFile(keyFile, keyText(new Uint8Array(32).fill(0x5d)))
  await chmod(keyFile, 0o600)
  flags = `--realm lab --key ${keyFile} --scope link`
})
afterAll(async () => await lab.close())

test('a file crosses the network once for two hosts, one of which loses a tenth of it', async () => {
  await lab.host('a3').loss({ every: 10 })
  const outcome = await transferFile(lab, program, { size: 3_000_000, to: ['a2', 'a3'] })
  const { codes, equal, sent, packets } = outcome
  expect({ codes, equal, sent }).toEqual({ codes: [0, 0, 0], equal: 2, sent: 3_000_000 })
  expect(packets).toBeGreaterThan(3_000_000 / 1_232)
  // A copy for each host would be twice as many; a busy host loses more than its tenth.
  expect(packets).toBeLessThan((3_000_000 / 1_150) * 1.8)
})

afterEach(() => lab.host('a3').clearLoss())

test('a file that does not fit on the disk is refused before anything is written', async () => {
  const { path } = await fileOf(2_000_000, 'large.bin')
  const disk = await folder('small-disk')
  const taker = onDisk(disk, 'size=1m', `receive --timeout 5 --directory ${disk}`)
  await taker.errorLine(/subscribed/)
  const sender = command(lab.host('a1'), `send ${path} ${flags}`)
  expect((await sender.exit).code).toBe(1)
  expect(sender.stderr).toMatch(/not confirmed by .*: its disk is too small or full/)
  expect((await taker.exit).code).toBe(1)
})

test('a disk that fills up is told, and nothing is left there', async () => {
  const { path } = await fileOf(900_000, 'filled.bin')
  const disk = await folder('full-disk')
  const taker = onDisk(disk, 'size=1m', `receive --timeout 5 --json --directory ${disk}`)
  const pid = Number((/pid (\d+)/.exec(await taker.errorLine(/pid \d+/)) ?? [])[1])
  await taker.errorLine(/subscribed/)
  const sender = command(lab.host('a1'), `send ${path} --rate 200000 ${flags}`)
  await taker.line(/"type":"progress"/)
  // The disk as the receiver's process sees it.
  const inside = `/proc/${pid}/root${disk}`
  await writeFile(join(inside, 'filler'), new Uint8Array(2_000_000)).catch(() => undefined)
  await taker.line(/"type":"refused".*"code":"NO_SPACE".*the disk is full \(ENOSPC\)/)
  // Hidden is what says whose the folder is.
  const names = await readdir(inside)
  expect(names.filter((name) => !name.startsWith('.'))).toEqual(['filler'])
  expect((await sender.exit).code).toBe(1)
  expect(sender.stderr).toMatch(/not confirmed by .*: its disk is too small or full/)
  expect((await taker.exit).code).toBe(1)
})

test('a read-only folder ends the receiver at once', async () => {
  const disk = await folder('read-only')
  const taker = onDisk(disk, 'ro', `receive --directory ${disk}`)
  expect((await taker.exit).code).toBe(1)
  expect(taker.stderr).toMatch(/nothing can be received into .*: the file system is read-only/)
})

/** The command line in a host. */
function command(host: Host, line: string): HostProcess {
  return host.spawn('sh', ['-c', `exec node ${program} ${line}`])
}

/** The same, with a disk of its own that nobody else sees and that ends with it. */
function onDisk(directory: string, options: string, line: string): HostProcess {
  const mount = `mount -t tmpfs -o ${options} tmpfs ${directory}`
  const run = `echo "pid $$" >&2; exec node ${program} ${line} --log-level info ${flags}`
  return lab.host('a2').spawn('unshare', ['--mount', 'sh', '-c', `${mount} && ${run}`])
}

async function folder(name: string): Promise<string> {
  return mkdtemp(join(lab.directory, `${name}-`))
}

async function fileOf(size: number, name: string): Promise<{ path: string }> {
  const bytes = randomBytes(size)
  const path = join(lab.directory, name)
  await writeFile(path, bytes)
  return { path }
}
