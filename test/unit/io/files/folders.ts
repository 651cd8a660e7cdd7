/** Folders of one test, files with bytes that differ everywhere, and receivers that are read to an end. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { FileRefusal, ReceivedFile } from '../../../../bus/api/file-options.ts'
import type { Receiving } from '../../../../bus/api/file-options.ts'

const made: string[] = []

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sixcast-files-'))
  made.push(path)
  return path
}

/** Bytes of which no two chunks are alike. */
export function bytesOf(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = seed
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** A new file in a folder of its own; returns its path. */
export function fileOf(bytes: Uint8Array | string, name = 'file.bin'): string {
  const path = join(folder(), name)
  writeFileSync(path, bytes)
  return path
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The next file that is whole. */
export async function next(receiving: Receiving): Promise<ReceivedFile> {
  for await (const file of receiving) return file
  throw new Error('the receiver ended before a file had come')
}

/** Keeps what is refused, and lets a test wait for it. */
export function refusals(): {
  readonly list: FileRefusal[]
  readonly refused: (one: FileRefusal) => void
} {
  const list: FileRefusal[] = []
  return { list, refused: (one) => void list.push(one) }
}
