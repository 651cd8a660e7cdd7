/** Key files for containers: theirs is the user of the image, and only it may read them. */
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { keyText } from '../../bus/io/key-text.ts'

/** Resolves with the path of a new file. */
export async function writeKey(name: string, key: Uint8Array): Promise<string> {
  const file = join(inject('containers').directory, name)
  await writeFile(file, keyText(key), { mode: 0o600 })
  await chown(file, IMAGE_USER, IMAGE_USER)
  return file
}

const IMAGE_USER = 1_000
