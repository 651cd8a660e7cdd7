/** Files from one bus to others over the memory network: whole, lossy, late, broken off, resumed. */
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { SendProgress } from '../../../../bus/api/file-options.ts'
import type { Bus } from '../../../../bus/api/options.ts'
import { acquainted, network, values } from '../../api/company.ts'
import { bytesOf, fileOf, folder, hashOf, next } from './folders.ts'

const MiB = 1024 * 1024

/** Buses on one network that know each other. */
async function buses(count: number): Promise<Bus[]> {
  const open = network()
  const found = await Promise.all(Array.from({ length: count }, () => open()))
  await acquainted(...found)
  return found
}

/** A sender so slow that a test can step in: 2 MB/s. */
const SLOW = { rate: 2_000_000 }

describe('a file', () => {
  it('reaches every receiver with one sending, and is confirmed by hash', async () => {
    const [a, b, c] = (await buses(3)) as [Bus, Bus, Bus]
    const bytes = bytesOf(MiB + 12_345)
    const path = fileOf(bytes, 'photo.jpg')
    const folders = [folder(), folder()]
    const waits = [b, c].map((bus, i) => next(bus.receiveFiles('files/**', folders[i]!)))
    const report = await a.sendFile('files/photo', path, { count: 2 })
    const files = await Promise.all(waits)
    expect(report).toMatchObject({ name: 'photo.jpg', size: bytes.length, unconfirmed: [] })
    expect(report.hash).toBe(hashOf(bytes))
    expect(report.sent).toBe(bytes.length)
    expect(report.confirmed.map(({ id }) => id).toSorted()).toEqual([b.id, c.id].toSorted())
    for (const [i, file] of files.entries()) {
      expect(file).toMatchObject({ path: join(folders[i]!, 'photo.jpg'), taken: bytes.length })
      expect(hashOf(readFileSync(file.path))).toBe(report.hash)
      expect(readdirSync(folders[i]!)).toEqual(['photo.jpg'])
      expect(statSync(file.path).mode & 0o777).toBe(0o600)
    }
  })

  it('may be empty', async () => {
    const [a, b] = (await buses(2)) as [Bus, Bus]
    const coming = next(b.receiveFiles('files', folder()))
    const report = await a.sendFile('files', fileOf(''))
    expect(report).toMatchObject({ size: 0, sent: 0, unconfirmed: [] })
    expect(readFileSync((await coming).path)).toHaveLength(0)
  })

  it('reaches receivers on the sending bus, too', async () => {
    const [a] = (await buses(1)) as [Bus]
    const bytes = bytesOf(100_000)
    const coming = next(a.receiveFiles('files', folder()))
    expect(await a.sendFile('files', fileOf(bytes))).toMatchObject({ sent: 100_000 })
    expect(hashOf(readFileSync((await coming).path))).toBe(hashOf(bytes))
  })

  it('comes whole where one packet in ten is lost', async () => {
    let packets = 0
    const open = network({ lose: ({ datagram }) => datagram.length > 600 && ++packets % 10 === 0 })
    const [a, b] = [await open(), await open()]
    await acquainted(a, b)
    const bytes = bytesOf(MiB)
    const coming = next(b.receiveFiles('files', folder()))
    await a.sendFile('files', fileOf(bytes))
    expect(hashOf(readFileSync((await coming).path))).toBe(hashOf(bytes))
  })

  it('is asked for by range where the publisher can repair no more', async () => {
    let packets = 0
    const open = network({
      // The second to come is the receiver.
      lose: ({ to, group }) => {
        if (group === undefined || to.port !== 2) return false
        packets += 1
        return packets > 300 && packets <= 450
      },
    })
    const a = await open({ ...SLOW, limits: { historySize: 50_000 } })
    const b = await open()
    await acquainted(a, b)
    const bytes = bytesOf(MiB)
    const coming = next(b.receiveFiles('files', folder()))
    const report = await a.sendFile('files', fileOf(bytes))
    expect(b.stats().messagesLost).toBeGreaterThan(0)
    expect(hashOf(readFileSync((await coming).path))).toBe(hashOf(bytes))
    // Not everything once more.
    expect(report.sent).toBeGreaterThan(bytes.length)
    expect(report.sent).toBeLessThan(bytes.length * 1.8)
  })

  it('comes whole to a receiver that joins late', async () => {
    const open = network()
    const [a, b, c] = [await open(SLOW), await open(), await open()]
    await acquainted(a, b, c)
    const bytes = bytesOf(2 * MiB)
    let second: ReturnType<typeof next> | undefined
    const begun = { progress: () => void (second ??= next(c.receiveFiles('files', folder()))) }
    const first = next(b.receiveFiles('files', folder(), begun))
    const report = await a.sendFile('files', fileOf(bytes))
    expect(report.confirmed).toHaveLength(2)
    for (const file of [await first, await second!]) {
      expect(hashOf(readFileSync(file.path))).toBe(hashOf(bytes))
    }
  })

  it('does not hold up small messages on other topics', async () => {
    const open = network()
    const [a, b] = [await open(SLOW), await open()]
    await acquainted(a, b)
    const heard: string[] = []
    const small = b.subscribe('small', () => void heard.push('small'))
    const begun = {
      progress: ({ has }: { readonly has: number }) => {
        if (has < 200_000) a.publish('small', 'hello')
      },
    }
    const coming = next(b.receiveFiles('files', folder(), begun))
    await Promise.all([
      a.sendFile('files', fileOf(bytesOf(2 * MiB))),
      coming.then(() => heard.push('file')),
    ])
    await small.close()
    expect(heard[0]).toBe('small')
    expect(heard.at(-1)).toBe('file')
  })

  it('does not mix with another one of the same topic', async () => {
    const [a, b, c] = (await buses(3)) as [Bus, Bus, Bus]
    const contents = [bytesOf(500_000, 1), bytesOf(600_000, 2), bytesOf(700_000, 3)]
    const names = ['one', 'two', 'three']
    const paths = contents.map((bytes, i) => fileOf(bytes, names[i]))
    const directory = folder()
    const receiving = c.receiveFiles('files', directory)
    const reports = await Promise.all([
      a.sendFile('files', paths[0]!),
      a.sendFile('files', paths[1]!),
      b.sendFile('files', paths[2]!),
    ])
    await receiving.close()
    expect(reports.map(({ unconfirmed }) => unconfirmed)).toEqual([[], [], []])
    for (const [i, name] of names.entries()) {
      expect(hashOf(readFileSync(join(directory, name)))).toBe(hashOf(contents[i]!))
    }
  })
})

describe('a file that broke off', () => {
  it('goes on where a receiver that was started again had got to', async () => {
    const open = network()
    const [a, b, c] = [await open(SLOW), await open(), await open()]
    await acquainted(a, b, c)
    const bytes = bytesOf(2 * MiB)
    const directory = folder()
    const stop = new AbortController()
    const broken = b.receiveFiles('files', directory, {
      signal: stop.signal,
      progress: ({ has }) => (has > MiB ? stop.abort(new Error('enough')) : undefined),
    })
    const sending = a.sendFile('files', fileOf(bytes))
    await expect(next(broken)).rejects.toThrow('enough')
    await broken.close()
    expect(readdirSync(directory)).toHaveLength(2)
    const file = await next(c.receiveFiles('files', directory))
    const report = await sending
    expect(hashOf(readFileSync(file.path))).toBe(hashOf(bytes))
    expect(file.taken).toBeLessThan(1.1 * MiB)
    // It is the same receiver to the sender.
    expect(report.confirmed.map(({ id }) => id)).toEqual([c.id])
    expect(report.unconfirmed).toEqual([])
  })

  it('goes on when its sender was started again, without what all have', async () => {
    const open = network()
    const [a, b, c] = [await open(SLOW), await open(), await open()]
    await acquainted(a, b, c)
    const bytes = bytesOf(2 * MiB)
    const path = fileOf(bytes)
    const coming = [b, c].map((bus) =>
      next(bus.receiveFiles('files', folder(), { refused: () => undefined })),
    )
    const stop = new AbortController()
    const first = a.sendFile('files', path, {
      count: 2,
      signal: stop.signal,
      progress: ({ sent }) => (sent > MiB ? stop.abort(new Error('enough')) : undefined),
    })
    await expect(first).rejects.toThrow('enough')
    await a.close()
    const again = await open()
    await acquainted(again, b, c)
    const report = await again.sendFile('files', path, { count: 2 })
    expect(report).toMatchObject({ hash: hashOf(bytes), unconfirmed: [] })
    expect(report.sent).toBeLessThan(1.3 * MiB)
    for (const file of await Promise.all(coming)) {
      expect(hashOf(readFileSync(file.path))).toBe(hashOf(bytes))
    }
  })

  it('is taken anew when what was left of it is wrong', async () => {
    const open = network()
    const [a, b, c] = [await open(SLOW), await open(), await open()]
    await acquainted(a, b, c)
    const bytes = bytesOf(2 * MiB)
    const directory = folder()
    const stop = new AbortController()
    const broken = b.receiveFiles('files', directory, {
      signal: stop.signal,
      progress: ({ has }) => (has > MiB ? stop.abort(new Error('enough')) : undefined),
    })
    const sending = a.sendFile('files', fileOf(bytes))
    await expect(next(broken)).rejects.toThrow('enough')
    await broken.close()
    const part = readdirSync(directory).find((name) => name.endsWith('.part'))!
    const kept = readFileSync(join(directory, part))
    kept[1000]! ^= 1
    writeFileSync(join(directory, part), kept)
    const file = await next(c.receiveFiles('files', directory))
    await sending
    expect(hashOf(readFileSync(file.path))).toBe(hashOf(bytes))
  })

  it('is told as CHANGED to both ends when it is written to, and leaves nothing', async () => {
    const open = network()
    const [a, b] = [await open(SLOW), await open()]
    await acquainted(a, b)
    const path = fileOf(bytesOf(2 * MiB))
    const directory = folder()
    const refused = vi.fn<(refusal: { readonly error: { readonly code: string } }) => void>()
    const receiving = b.receiveFiles('files', directory, { refused })
    const touch = (progress: SendProgress): void => {
      if (progress.sent > MiB) utimesSync(path, 1, 1)
    }
    await expect(a.sendFile('files', path, { progress: touch })).rejects.toMatchObject({
      code: 'CHANGED',
    })
    await vi.waitFor(() => expect(refused).toHaveBeenCalled())
    expect(refused.mock.calls[0]?.[0].error.code).toBe('CHANGED')
    await receiving.close()
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('waiting for receivers', () => {
  it('rejects with TIMEOUT when too few come, and nothing was sent', async () => {
    const [a, b] = (await buses(2)) as [Bus, Bus]
    const receiving = b.receiveFiles('files', folder())
    const waiting = a.sendFile('files', fileOf('x'), { count: 2, timeout: 700 })
    await expect(waiting).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/1 of 2 receivers of "files" have come/),
    })
    await receiving.close()
  })

  it('rejects with the reason of its signal', async () => {
    const [a] = (await buses(1)) as [Bus]
    const stop = new AbortController()
    const waiting = a.sendFile('files', fileOf('x'), { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })

  it('waits only a moment for subscribers that take no files', async () => {
    const [a, b, c] = (await buses(3)) as [Bus, Bus, Bus]
    const heard = values(1, b.subscribe('**'))
    const coming = next(c.receiveFiles('files', folder()))
    const report = await a.sendFile('files', fileOf('x'))
    expect(report.confirmed.map(({ id }) => id)).toEqual([c.id])
    expect(report.unconfirmed).toEqual([])
    await Promise.all([coming, heard])
  })
})
