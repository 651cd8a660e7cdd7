/** What the native call does to memory, as valgrind sees it: nothing beyond its buffers, nothing lost. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { execute } from '../net/lab/tools.ts'
import { compiled } from '../setup/compiled.ts'

let program = ''
let directory = ''

beforeAll(async () => {
  program = await compiled('test/interop/native-memory.ts')
  directory = await mkdtemp(join(tmpdir(), 'sixcast-memory-'))
})

afterAll(async () => {
  if (directory) await rm(directory, { recursive: true })
})

it('touches no byte beyond its buffers in 5,000 calls, and loses none', async () => {
  const { output, faults, lostBlocks } = await watched('5000')
  expect(output).toBe('5000\n')
  expect(faults).toEqual([])
  // koffi keeps what it has loaded until the process ends.
  expect(lostBlocks).toBeLessThan(10)
})

it('would be caught at a byte that is not its own', async () => {
  const { faults } = await watched('100', 'beyond')
  expect(faults).toEqual([expect.stringMatching(/setsockopt\(optval\) points to unaddressable/)])
})

it('would be caught at memory that it loses', async () => {
  expect((await watched('100', 'leak')).lostBlocks).toBeGreaterThanOrEqual(1000)
})

interface Watched {
  readonly output: string
  readonly faults: readonly string[]
  readonly lostBlocks: number
}

async function watched(...args: readonly string[]): Promise<Watched> {
  const file = join(directory, args.join('-'))
  const tool = ['--leak-check=full', '--error-limit=no', `--log-file=${file}`]
  const node = [process.execPath, '--single-threaded', program, ...args]
  const output = await execute('valgrind', [...tool, ...node], { timeoutMs: TIMEOUT_MS })
  const log = await readFile(file, 'utf8')
  expect(log).toContain('ERROR SUMMARY')
  const lines = log.split('\n').map((line) => line.replace(/^==\d+== */, ''))
  const lost = /definitely lost: [\d,]+ bytes in ([\d,]+) blocks/.exec(log)?.[1] ?? '0'
  return {
    output,
    faults: lines.filter((line) => FAULT.test(line)),
    lostBlocks: Number(lost.replaceAll(',', '')),
  }
}

const FAULT = /^(Invalid (read|write|free)|Syscall param|Conditional jump|Use of uninit|Mismatched)/
const TIMEOUT_MS = 110_000
