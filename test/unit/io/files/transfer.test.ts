/** Files from one bus to others over the memory network: whole, lossy, late, broken off, resumed. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { acquainted, network } from '../../api/company.ts'
import { bytesOf, fileOf, folder, hashOf, next } from './folders.ts'

const MiB = 1024 * 1024

describe('a file', () => {
  it('reaches every receiver with one sending, and is confirmed by hash', async () => {
    const join_ = network()
    const [a, b, c] = [await join_(), await join_(), await join_()]
    await acquainted(a, b, c)
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
    const join_ = network()
    const [a, b] = [await join_(), await join_()]
    const coming = next(b.receiveFiles('files', folder()))
    const report = await a.sendFile('files', fileOf(''))
    expect(report).toMatchObject({ size: 0, unconfirmed: [] })
    expect(readFileSync((await coming).path)).toHaveLength(0)
  })
})
void writeFileSync
