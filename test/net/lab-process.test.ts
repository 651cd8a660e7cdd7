/** Processes in the hosts of a lab: their lines, their input, their end. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Host } from './lab/host.ts'
import { openLab, type Lab } from './lab/lab.ts'
import { isRunning } from './lab/pid.ts'

let lab: Lab
let host: Host

beforeAll(async () => {
  lab = await openLab({ a: ['a1'] })
  host = lab.host('a1')
})
afterAll(async () => await lab.close())

test('run hands over input, output and the exit code', async () => {
  const result = await host.run('sh', ['-c', 'read word; echo "got $word"; echo oh >&2; exit 3'], {
    input: 'it\n',
  })
  expect(result).toEqual({ code: 3, signal: null, stdout: 'got it\n', stderr: 'oh\n' })
})

test('run ends what takes too long', async () => {
  await expect(host.run('sleep', ['60'], { timeoutMs: 100 })).rejects.toThrow(
    'a1: sleep took longer than 100 ms',
  )
})

test('environment and folder reach the process', async () => {
  const options = { cwd: '/usr', env: { WORD: 'here' } }
  const { stdout } = await host.run('sh', ['-c', 'echo $WORD; pwd'], options)
  expect(stdout).toBe('here\n/usr\n')
})

test('a process talks by lines, each read once', async () => {
  await using echo = host.spawn('sh', ['-c', 'while read word; do echo "$word $word"; done'])
  echo.write('one\ntwo\n')
  expect(await echo.line(/o/)).toBe('one one')
  expect(await echo.line(/o/)).toBe('two two')
  const third = echo.line((line) => line.startsWith('three'))
  echo.end('three\n')
  expect(await third).toBe('three three')
  expect(await echo.exit).toEqual({ code: 0, signal: null })
})

test('a line that does not come is an error with the last words', async () => {
  await using late = host.spawn('sh', ['-c', 'echo warming up; sleep 60'])
  await late.line(/warming/)
  await expect(late.line(/ready/, 100)).rejects.toThrow(
    /a1: sh: no line matches \/ready\/ within 100 ms; its last words:\s+warming up/,
  )
  await using dead = host.spawn('sh', ['-c', 'echo broken >&2; exit 1'])
  await expect(dead.line(/ready/)).rejects.toThrow(/a1: sh ended; its last words:\s+broken/)
  await expect(dead.line(/ready/)).rejects.toThrow(/before its end/)
})

test('a signal reaches the children of a process too', async () => {
  const parent = host.spawn('sh', ['-c', 'sleep 60 & echo $!; wait'])
  const child = Number(await parent.line(/\d/))
  expect(parent.signal('SIGTERM')).toBe(true)
  expect(await parent.exit).toEqual({ code: null, signal: 'SIGTERM' })
  await expect.poll(() => isRunning(child)).toBe(false)
  expect(parent.signal('SIGTERM')).toBe(false)
})

test('a process that ignores the request to stop is made to', async () => {
  const stubborn = host.spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'])
  await stubborn.line(/ready/)
  expect(await stubborn.stop(100)).toEqual({ code: null, signal: 'SIGKILL' })
})

test('only the newest output is kept', async () => {
  const loud = host.spawn('seq', ['100000'], { charactersMax: 1_000 })
  expect(await loud.exit).toEqual({ code: 0, signal: null })
  expect(loud.stdout.length).toBeLessThanOrEqual(1_000)
  expect(loud.stdout).toMatch(/\n99999\n100000\n$/)
})

test('a command that is not there says so', async () => {
  const { code, stderr } = await host.run('no-such-command')
  expect(code).not.toBe(0)
  expect(stderr).toContain('no-such-command')
})
