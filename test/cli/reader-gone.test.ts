/** Commands that print until they are interrupted end at once when nobody reads what they print. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, MAIN } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())

beforeAll(async () => {
  const env = { SIXCAST_LOG_LEVEL: 'info' }
  const hangs = ['--timeout', '600', '--command']
  const owner = home.start(['expose', ...hangs, 'slow=sleep 600'], { env })
  const responder = home.start(['reply', 'slow', ...hangs, 'sleep 600'], { env })
  await Promise.all([owner.says(/exposing/, 'err'), responder.says(/responding/, 'err')])
})

/** What it says when its reader goes before there is anything to read, and its exit code. */
async function withoutReader(words: readonly string[]): Promise<string> {
  const env = { ...process.env, XDG_CONFIG_HOME: home.config, SIXCAST_PORT: home.port }
  // The shell waits for both ends of the pipe.
  const line = '{ "$@"; echo "exit code $?" >&2; } | true'
  const command = ['-c', line, 'sh', process.execPath, MAIN, ...words]
  const shell = spawn('sh', command, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  shell.stderr.on('data', (chunk) => (err += String(chunk)))
  await once(shell, 'close')
  return err
}

describe.runIf(process.platform === 'linux')('without a reader', () => {
  it.each([
    [['watch', 'limit']],
    [['watch', 'limit', '--count', '1']],
    [['when', 'limit', '--above', '1']],
    [['when', 'limit', '--above', '1', '--count', '1', '--', 'false']],
    [['get', 'slow', '--timeout', '1200']],
    [['req', 'slow', '--all', '--timeout', '1200']],
    [['expose', 'limit=1', '--writable']],
  ])('%j ends well', async (words) => {
    expect(await withoutReader(words)).toBe('exit code 0\n')
  })
})
