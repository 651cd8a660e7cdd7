/** A folder for files has one receiver: who holds it, who is refused, and what a crash leaves. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Hold, HOLD } from '../../../../bus/io/files/hold.ts'
import { pair } from '../../api/company.ts'
import { bytesOf, fileOf, folder, next } from './folders.ts'

const quiet = (): void => undefined
const MINUTE_MS = 60_000

/** Says that another process holds a folder; its hold was renewed so long ago. */
function heldBy(directory: string, holder: object | string, agoMs = 0): void {
  const path = join(directory, HOLD)
  writeFileSync(path, typeof holder === 'string' ? holder : JSON.stringify(holder))
  const at = new Date(Date.now() - agoMs)
  utimesSync(path, at, at)
}

/** A hold as this host writes it, but for its process. */
async function holderHere(pid: number): Promise<object> {
  const directory = folder()
  const hold = await Hold.take(directory, quiet)
  const written = JSON.parse(readFileSync(join(directory, HOLD), 'utf8')) as object
  await hold.release()
  return { ...written, word: 'another', pid }
}

afterEach(() => void vi.useRealTimers())

describe('a folder for files', () => {
  it('is held for one receiver until it is closed, and nothing stays behind', async () => {
    const [a, b] = await pair()
    const directory = folder()
    const first = b.receiveFiles('files/**', directory)
    await vi.waitFor(() => expect(readdirSync(directory)).toEqual([HOLD]))
    expect(statSync(join(directory, HOLD)).mode & 0o777).toBe(0o600)
    const error = await next(b.receiveFiles('other', directory)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'EXISTS' })
    const who = `process ${process.pid} on "${hostname()}"`
    expect(String(error)).toContain(`another receiver (${who}) takes files into ${directory}`)
    expect(String(error)).toContain(`remove ${HOLD} there`)
    // Who was refused has not ended who was there.
    const coming = next(first)
    await a.sendFile('files/x', fileOf(bytesOf(1000), 'x'))
    await coming
    await first.close()
    expect(readdirSync(directory)).toEqual(['x'])
    const again = b.receiveFiles('other', directory)
    await vi.waitFor(() => expect(readdirSync(directory)).toContain(HOLD))
    await again.close()
  })

  it('is waited for in the process of a receiver that is ending', async () => {
    const [a, b] = await pair()
    const directory = folder()
    const stop = new AbortController()
    const first = b.receiveFiles('files/**', directory, { signal: stop.signal })
    await vi.waitFor(() => expect(readdirSync(directory)).toEqual([HOLD]))
    stop.abort(new Error('enough'))
    const coming = next(b.receiveFiles('files/**', directory))
    await expect(next(first)).rejects.toThrow('enough')
    await a.sendFile('files/x', fileOf(bytesOf(1000), 'x'))
    expect(await coming).toMatchObject({ name: 'x' })
    // The loop of `next` was left: the folder is free by then.
    expect(readdirSync(directory)).toEqual(['x'])
  })

  it('is not taken from a process that runs', async () => {
    const directory = folder()
    heldBy(directory, await holderHere(process.ppid))
    await expect(Hold.take(directory, quiet)).rejects.toThrow(`(process ${process.ppid} on `)
    expect(readFileSync(join(directory, HOLD), 'utf8')).toContain('another')
  })

  it.each([
    ['has ended', async () => holderHere(await endedPid()), 0],
    ['has our number and is not this one', () => holderHere(process.pid), 0],
    ['says of itself what cannot be', () => holderHere(-1), 0],
    ['runs, and has not renewed it for long', () => holderHere(process.ppid), 2 * MINUTE_MS],
    [
      'was on another host long ago',
      () => ({ word: 'w', pid: 1, host: 'elsewhere', processes: '' }),
      2 * MINUTE_MS,
    ],
    ['cannot be read, and is old', () => 'junk', 2 * MINUTE_MS],
  ])('is taken at once from one that %s', async (_, holder, agoMs) => {
    const directory = folder()
    heldBy(directory, await holder(), agoMs)
    const hold = await Hold.take(directory, quiet)
    expect(readFileSync(join(directory, HOLD), 'utf8')).toContain(`"pid":${process.pid},`)
    await hold.release()
    expect(readdirSync(directory)).toEqual([])
  })

  it.each([
    ['on another host', { word: 'w', pid: 1, host: 'elsewhere', processes: '' }],
    ['that says nothing of itself yet', ''],
    ['that is none of ours', '[1]'],
  ])('is left to a fresh one %s', async (_, holder) => {
    const directory = folder()
    heldBy(directory, holder)
    await expect(Hold.take(directory, quiet)).rejects.toMatchObject({ code: 'EXISTS' })
    expect(readdirSync(directory)).toEqual([HOLD])
  })

  it('has one holder when many want it at once, whatever a crash has left', async () => {
    const directory = folder()
    heldBy(directory, await holderHere(await endedPid()))
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, () => Hold.take(directory, quiet)),
    )
    const taken = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(taken).toHaveLength(1)
    expect(readdirSync(directory)).toEqual([HOLD])
    await taken[0]!.release()
  })

  it('renews its hold, and says when somebody else has it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const directory = folder()
    const path = join(directory, HOLD)
    const lost = vi.fn<() => void>()
    const hold = await Hold.take(directory, lost)
    utimesSync(path, 0, 0)
    vi.advanceTimersByTime(5000)
    await vi.waitFor(() => expect(statSync(path).mtimeMs).toBeGreaterThan(0))
    expect(lost).not.toHaveBeenCalled()
    heldBy(directory, await holderHere(process.ppid))
    vi.advanceTimersByTime(5000)
    await vi.waitFor(() => expect(lost).toHaveBeenCalled())
    await hold.release()
    // It is the other one's now.
    expect(readdirSync(directory)).toEqual([HOLD])
  })
})

/** The number of a process that is there no more. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'close')
  return child.pid!
}
