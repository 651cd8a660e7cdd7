/** The key log: which keys are written where, and whom the file must not be open to. */
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { FakeLog } from '../relay/fake-log.ts'
import { Segment } from '../../attack/tap.ts'

const directory = mkdtempSync(join(tmpdir(), 'sixcast-key-log-'))
afterAll(() => rmSync(directory, { recursive: true }))
const LINE =
  /^sixcast-packet-key-1 (data|direct|control|hello|page) [\da-f]{4} \d+ [\da-f]{16} \d+ [\da-f]{64}$/

describe('the key log', () => {
  it('has each key of what a bus seals and opens once, and is for its user alone', async () => {
    const keyLog = join(directory, 'keys')
    const log = new FakeLog()
    await using segment = new Segment()
    const a = await segment.bus({ keyLog, log })
    const b = await segment.bus()
    const messages = b.subscribe('hall/*')
    await a.matched('hall/lamp')
    for (const value of [1, 2, 3]) a.publish('hall/lamp', value)
    for await (const { value } of messages) if (value === 3) break
    const lines = readFileSync(keyLog, 'utf8').split('\n').slice(0, -1)
    for (const line of lines) expect(line).toMatch(LINE)
    const kinds = lines.map((line) => LINE.exec(line)?.[1] ?? '').toSorted()
    // Of both buses' control, and of the one stream.
    expect(kinds).toEqual(['control', 'control', 'data', 'hello'])
    expect(statSync(keyLog).mode & 0o777).toBe(0o600)
    expect(log.warnings.map(([fields]) => fields)).toEqual([{ path: keyLog }])
    expect(lines.join()).not.toContain(Buffer.alloc(32, 5).toString('hex'))
  })

  it('is appended to, and stays empty in an open realm', async () => {
    const keyLog = join(directory, 'kept')
    writeFileSync(keyLog, 'of before\n', { mode: 0o600 })
    await using segment = new Segment()
    await segment.bus({ keyLog, open: true })
    expect(readFileSync(keyLog, 'utf8')).toBe('of before\n')
    await segment.bus({ keyLog })
    expect(readFileSync(keyLog, 'utf8')).toMatch(/^of before\nsixcast-packet-key-1 hello /)
  })

  it('is refused where others can read it, where it is no file, and where there is none', async () => {
    await using segment = new Segment()
    const open = join(directory, 'open')
    writeFileSync(open, '')
    chmodSync(open, 0o640)
    const link = join(directory, 'link')
    symlinkSync(join(directory, 'keys'), link)
    const refused: [string, RegExp][] = [
      [open, /chmod 600/],
      [directory, /cannot be written/],
      [link, /cannot be written/],
      [join(directory, 'no', 'such'), /cannot be written: ENOENT/],
    ]
    for (const [keyLog, why] of refused) {
      const bus = segment.bus({ keyLog })
      await expect(bus).rejects.toMatchObject({ code: 'DENIED' })
      await expect(bus).rejects.toThrow(why)
    }
    await expect(segment.bus({ keyLog: '' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('ceases with a warning when others can read it later, and the bus goes on', async () => {
    const keyLog = join(directory, 'later')
    const log = new FakeLog()
    await using segment = new Segment()
    const a = await segment.bus({ keyLog, log })
    chmodSync(keyLog, 0o644)
    const before = readFileSync(keyLog, 'utf8')
    const messages = a.subscribe('x')
    a.publish('x', 1)
    for await (const { value } of messages) {
      expect(value).toBe(1)
      break
    }
    a.publish('y', 1)
    await segment.bus()
    expect(readFileSync(keyLog, 'utf8')).toBe(before)
    expect(log.warnings.at(-1)?.[1]).toBe('no more keys are written down')
  })
})
