/**
 * A file that is not complete yet: its bytes under a name of their own, and the journal beside it.
 *
 * The final name appears at once and whole: hashed, synced, then linked or renamed. Links of others
 * at the temporary names are never followed.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { BusError } from '../../api/errors.ts'
import { codeOf, fileError } from './faults.ts'
import { Journal } from './journal.ts'
import { JOURNAL, partName } from './names.ts'
import { Ranges } from './ranges.ts'

/** What is to come. */
export interface Announced {
  readonly file: string
  readonly name: string
  readonly size: number
}

export class Part {
  readonly path: string
  readonly #directory: string
  readonly #name: string
  readonly #size: number
  readonly #handle: FileHandle
  readonly #journal: Journal
  /** Written, and not in the journal yet. */
  readonly #fresh = new Ranges()
  readonly #digest = createHash('sha256')
  #hashed = 0

  private constructor(
    parts: { directory: string; path: string; announced: Announced },
    open: { handle: FileHandle; journal: Journal },
  ) {
    this.path = parts.path
    this.#directory = parts.directory
    this.#name = parts.announced.name
    this.#size = parts.announced.size
    this.#handle = open.handle
    this.#journal = open.journal
  }

  /**
   * Goes on with what is there, or begins anew, for the receiver that is known by this word.
   * Rejects with NO_SPACE or DENIED.
   */
  static async open(directory: string, announced: Announced, receiver: string): Promise<Part> {
    const path = join(directory, partName(announced.name, announced.file))
    try {
      const found = (await resume(path, announced)) ?? (await begin(path, announced, receiver))
      const part = new Part({ directory, path, announced }, found)
      await part.#assertRoom().catch(async (error: unknown) => {
        await part.close()
        throw error
      })
      return part
    } catch (error) {
      throw fileError(error, `${announced.name} cannot be written to ${directory}`)
    }
  }

  get have(): Ranges {
    return this.#journal.kept.have
  }

  get receiver(): string {
    return this.#journal.kept.receiver
  }

  get complete(): boolean {
    return this.have.size === this.#size
  }

  /** Returns how many of the bytes are new. Rejects with NO_SPACE or DENIED. */
  async write(offset: number, bytes: Uint8Array): Promise<number> {
    const span = { from: offset, to: offset + bytes.length }
    try {
      let done = 0
      while (done < bytes.length) {
        const rest = bytes.length - done
        done += (await this.#handle.write(bytes, done, rest, offset + done)).bytesWritten
      }
      const added = this.have.add(span)
      this.#fresh.add(span)
      if (this.#hashed === offset) {
        this.#digest.update(bytes)
        this.#hashed = span.to
      }
      const step = Math.max(JOURNAL_STEP, this.#size / JOURNAL_LINES)
      if (this.#fresh.size >= step || this.complete) await this.#note()
      return added
    } catch (error) {
      throw fileError(error, `${this.#name} cannot be written`)
    }
  }

  /** SHA-256 of what is there; what did not come in order is read back. */
  async hash(): Promise<string> {
    const buffer = new Uint8Array(READ_SIZE)
    while (this.#hashed < this.#size) {
      const { bytesRead } = await this.#handle.read(buffer, 0, READ_SIZE, this.#hashed)
      if (bytesRead === 0) break
      this.#digest.update(buffer.subarray(0, bytesRead))
      this.#hashed += bytesRead
    }
    return this.#digest.digest('hex')
  }

  /** Gives the file its name; returns its path. Rejects with EXISTS, NO_SPACE or DENIED. */
  async finish(overwrite: boolean): Promise<string> {
    const path = join(this.#directory, this.#name)
    try {
      await this.#handle.sync()
      await this.close()
      await (overwrite ? replace(this.path, path) : place(this.path, path))
      await rm(this.path + JOURNAL, { force: true })
      await syncDirectory(this.#directory)
      return path
    } catch (error) {
      throw fileError(error, `${path} cannot be made`)
    }
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
    await this.#journal.close().catch(() => undefined)
    await rm(this.path, { force: true })
    await rm(this.path + JOURNAL, { force: true })
  }

  /** Leaves what has come for another time. */
  async close(): Promise<void> {
    if (this.have.size === 0 && this.#size > 0) return this.discard()
    await this.#note().catch(() => undefined)
    await this.#handle.close().catch(() => undefined)
    await this.#journal.close().catch(() => undefined)
  }

  async #note(): Promise<void> {
    const { spans } = this.#fresh
    if (spans.length === 0) return
    await this.#journal.write(spans)
    this.#fresh.clear()
  }

  async #assertRoom(): Promise<void> {
    const { bavail, bsize, blocks } = await statfs(this.#directory)
    const lacks = this.#size - this.have.size
    // Some file systems of networks do not tell.
    if (blocks === 0 || lacks <= bavail * bsize) return
    const fault = `${this.#name} needs ${lacks} bytes, and ${this.#directory} has ${bavail * bsize}`
    throw new BusError('NO_SPACE', `${fault}: make room, or take another folder`)
  }
}

interface Opened {
  readonly handle: FileHandle
  readonly journal: Journal
}

async function resume(path: string, { file, size }: Announced): Promise<Opened | undefined> {
  const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)
  const handle = await open(path, flags).catch(() => undefined)
  if (!handle) return undefined
  const stats = await handle.stat()
  const plain = stats.isFile() && stats.nlink === 1
  const journal = plain ? await Journal.resume(path + JOURNAL, file, size) : undefined
  const end = journal?.kept.have.spans.at(-1)?.to ?? 0
  if (journal && stats.size >= end && stats.size <= size) return { handle, journal }
  await journal?.close()
  await handle.close()
  return undefined
}

async function begin(path: string, announced: Announced, receiver: string): Promise<Opened> {
  await rm(path, { force: true })
  const handle = await open(path, NEW, 0o600)
  try {
    return { handle, journal: await Journal.begin(path + JOURNAL, announced, receiver) }
  } catch (error) {
    await handle.close()
    await rm(path, { force: true })
    throw error
  }
}

/** A link fails where a name is taken, which no check before a rename can promise. */
async function place(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error
    if (await lstat(to).catch(() => undefined)) {
      throw new BusError('EXISTS', `there is a ${to}: remove it, or overwrite`)
    }
    return rename(from, to)
  }
  await rm(from)
}

async function replace(from: string, to: string): Promise<void> {
  const there = await lstat(to).catch(() => undefined)
  if (there?.isDirectory()) throw new BusError('EXISTS', `${to} is a folder: remove it`)
  await rename(from, to)
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(() => undefined)
  await handle?.sync().catch(() => undefined) // some systems cannot
  await handle?.close()
}

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])
const READ_SIZE = 1024 * 1024
/** A range is noted when it has so many bytes; at most so many lines for a large file. */
const JOURNAL_STEP = 256 * 1024
const JOURNAL_LINES = 16_384
