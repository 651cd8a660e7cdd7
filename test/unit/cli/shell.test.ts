/** Programs that are run with bounds: how they are ended, and what they leave behind. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { outputOf, type ShellOptions } from '../../../bus/cli/shell.ts'
import { code } from '../api/asking.ts'

const folder = mkdtempSync(join(tmpdir(), 'sixcast-shell-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(script: string, given: Partial<ShellOptions> = {}): Promise<string> {
  const output = await outputOf(script, { input: '', env: {}, timeoutMs: 60_000, ...given })
  return Buffer.from(output).toString()
}

/** What another process has written there. */
async function written(file: string): Promise<string> {
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), PATIENT).toMatch(/\n$/)
  return readFileSync(file, 'utf8').trim()
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/**
 * In a session of its own, with the output of who has started it, for as long as the file is there
 * that has its pid.
 */
function daemon(file: string): string {
  const stay = `while [ -e ${file} ]; do sleep 0.5; done`
  return `setsid sh -c 'echo $$ > ${file}; ${stay}' & until [ -s ${file} ]; do :; done`
}

const PATIENT = { timeout: 30_000 }

describe('a command', () => {
  it('is not waited for longer than it runs, whatever it leaves behind', async () => {
    const file = join(folder, 'daemon')
    const output = await run(`${daemon(file)}; head -c 100000 /dev/zero`)
    expect(output).toHaveLength(100_000)
    expect(isAlive(Number(await written(file)))).toBe(true)
  })

  it('that is given up is not waited for, also when a daemon holds its output', async () => {
    const file = join(folder, 'held')
    const control = new AbortController()
    const running = run(`${daemon(file)}; sleep 300`, { signal: control.signal })
    await written(file)
    control.abort()
    await expect(running).rejects.toThrow(code('ABANDONED'))
  })

  it('is told to end before it is killed, with all that it has started', async () => {
    const [begun, file] = [join(folder, 'begun'), join(folder, 'tidied')]
    const worker = `trap 'echo tidied > ${file}; exit' TERM; echo > ${begun}; sleep 300 & wait`
    const control = new AbortController()
    const running = run(`sh -c "${worker}" > /dev/null; true`, { signal: control.signal })
    await written(begun)
    control.abort()
    await expect(running).rejects.toThrow(code('ABANDONED'))
    expect(await written(file)).toBe('tidied')
  })

  it('that does not end when it is told to is killed', async () => {
    const file = join(folder, 'deaf')
    const control = new AbortController()
    const script = `trap '' TERM; echo $$ > ${file}; while true; do sleep 300; done`
    const running = run(script, { signal: control.signal })
    const pid = Number(await written(file))
    control.abort()
    await expect(running).rejects.toThrow(code('ABANDONED'))
    await expect.poll(() => isAlive(pid), PATIENT).toBe(false)
  })

  it('is not begun when nobody waits for it', async () => {
    const file = join(folder, 'never')
    const running = run(`touch ${file}`, { signal: AbortSignal.abort() })
    await expect(running).rejects.toThrow(code('ABANDONED'))
    expect(existsSync(file)).toBe(false)
  })
})
