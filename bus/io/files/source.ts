/** A file that is sent: read piece by piece, hashed once, and watched for changes. */
import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { BusError } from '../../api/errors.ts'
import { fileError } from './faults.ts'

export class Source {
  readonly name: string
  readonly size: number
  /** The same for the same name, size, time of change, head and tail: 32 hexadecimal digits. */
  readonly id: string
  readonly #path: string
  readonly #handle: FileHandle
  readonly #stats: Stats
  readonly #digest = createHash('sha256')
  /** Bytes hashed, from the start. */
  #hashed = 0
  #hash: string | undefined

  private constructor(
    path: string,
    file: { handle: FileHandle; stats: Stats; name: string; id: string },
  ) {
    this.#path = path
    this.#handle = file.handle
    this.#stats = file.stats
    this.name = file.name
    this.size = file.stats.size
    this.id = file.id
  }

  /** Rejects with NO_FILE or DENIED. */
  static async open(path: string, name: string = basename(path)): Promise<Source> {
    // Without waiting: a named pipe without a writer would hold a thread for ever.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
    let handle: FileHandle
    try {
      handle = await open(path, flags)
    } catch (error) {
      throw fileError(error, `the file ${path} cannot be opened`)
    }
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) {
        const kind = stats.isDirectory()
          ? 'a folder: pack it first, as with tar'
          : 'no regular file'
        throw new BusError('NO_FILE', `${path} is ${kind}`)
      }
      return new Source(path, { handle, stats, name, id: await idOf(handle, stats, name) })
    } catch (error) {
      await handle.close()
      throw fileError(error, `the file ${path} cannot be read`)
    }
  }

  get hashed(): number {
    return this.#hashed
  }

  /** SHA-256, once everything has been hashed. */
  get hash(): string | undefined {
    if (this.#hashed === this.size) this.#hash ??= this.#digest.digest('hex')
    return this.#hash
  }

  /** Reads a piece; one that goes on where the hash has got to is hashed. Rejects with CHANGED. */
  async read(offset: number, size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size)
    let done = 0
    while (done < size) {
      const { bytesRead } = await this.#handle
        .read(bytes, done, size - done, offset + done)
        .catch((error: unknown) => {
          throw fileError(error, `the file ${this.#path} cannot be read`)
        })
      if (bytesRead === 0) throw this.#changed()
      done += bytesRead
    }
    if (offset === this.#hashed) {
      this.#digest.update(bytes)
      this.#hashed += size
    }
    return bytes
  }

  /** Rejects with CHANGED when somebody has written to it meanwhile. */
  async assertUnchanged(): Promise<void> {
    const { size, mtimeMs } = await this.#handle.stat()
    if (size !== this.#stats.size || mtimeMs !== this.#stats.mtimeMs) throw this.#changed()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  #changed(): BusError {
    return new BusError(
      'CHANGED',
      `the file ${this.#path} changed while it was sent: send it again`,
    )
  }
}

async function idOf(handle: FileHandle, stats: Stats, name: string): Promise<string> {
  const { size, mtimeMs } = stats
  const digest = createHash('sha256').update(JSON.stringify([name, size, mtimeMs]))
  for (const position of [0, Math.max(0, size - SAMPLE_SIZE)]) {
    const sample = Buffer.alloc(SAMPLE_SIZE)
    const { bytesRead } = await handle.read(sample, 0, SAMPLE_SIZE, position)
    digest.update(sample.subarray(0, bytesRead))
  }
  return digest.digest('hex').slice(0, 32)
}

const SAMPLE_SIZE = 64 * 1024
