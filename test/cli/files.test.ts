/** `sixcast send` and `sixcast receive`: files between processes, broken off and gone on with. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Home, objectsOf, type Run } from './command.ts'

const home = new Home()
afterAll(() => home[Symbol.dispose]())
let folders = 0

function folder(): string {
  const path = join(home.config, `folder-${++folders}`)
  mkdirSync(path)
  return path
}

/** A file of random bytes. */
function fileOf(size: number, name: string): { path: string; hash: string } {
  const path = join(folder(), name)
  const bytes = randomBytes(size)
  writeFileSync(path, bytes)
  return { path, hash: createHash('sha256').update(bytes).digest('hex') }
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Starts `receive` and waits until it has subscribed. */
async function receiver(directory: string, words: readonly string[] = []): Promise<Run> {
  const env = { SIXCAST_LOG_LEVEL: 'info' }
  const run = home.start(['receive', ...words, '--directory', directory], { env })
  await run.says(/subscribed/, 'err')
  return run
}

const MB = 1_000_000

describe('send and receive', () => {
  it('bring one file to three processes at once', async () => {
    const { path, hash } = fileOf(5 * MB, 'disk.img')
    const directories = [folder(), folder(), folder()]
    const runs = await Promise.all(directories.map((one) => receiver(one, ['--count', '1'])))
    const sent = await home.run(['send', path, '--require', '3', '--rate', '20000000'])
    expect(sent).toEqual({
      code: 0,
      out: `disk.img: 5.0 MB to 3 receivers, SHA-256 ${hash}\n`,
      err: '',
    })
    for (const [i, run] of runs.entries()) {
      const target = join(directories[i]!, 'disk.img')
      expect(await run.ended).toMatchObject({ code: 0, out: `${target}\n` })
      expect(hashOf(target)).toBe(hash)
      expect(readdirSync(directories[i]!)).toEqual(['disk.img'])
    }
  })
})
void objectsOf
