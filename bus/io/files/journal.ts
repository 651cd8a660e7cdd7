/**
 * Which ranges of an unfinished file are on disk: a text that only grows, line by line.
 *
 * The first line says what file it is; each further one names a range. A line cut short by the end
 * of the process is none. The hash of the whole file is the judge in the end.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { isObject } from '../../api/rules.ts'
import { Ranges, type Span } from './ranges.ts'

export interface Kept {
  readonly have: Ranges
  /** The receiver that began it, 32 hexadecimal digits. */
  readonly receiver: string
}

export class Journal {
  readonly kept: Kept
  readonly #handle: FileHandle

  private constructor(handle: FileHandle, kept: Kept) {
    this.#handle = handle
    this.kept = kept
  }

  /** Goes on with the one at this path; undefined when there is none for this file. */
  static async resume(path: string, file: string, size: number): Promise<Journal | undefined> {
    const flags = constants.O_RDWR | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)
    const handle = await open(path, flags).catch(() => undefined)
    if (!handle) return undefined
    const kept = await readKept(handle, { file, size }).catch(() => undefined)
    if (kept) return new Journal(handle, kept)
    await handle.close()
    return undefined
  }

  /** Begins a new one, whatever was there. */
  static async begin(
    path: string,
    { file, size }: { readonly file: string; readonly size: number },
    receiver: string,
  ): Promise<Journal> {
    await rm(path, { force: true })
    const handle = await open(path, 'ax', 0o600)
    try {
      await handle.appendFile(`${JSON.stringify({ sixcast: VERSION, file, size, receiver })}\n`)
    } catch (error) {
      await handle.close()
      throw error
    }
    return new Journal(handle, { have: new Ranges(), receiver })
  }

  async write(spans: readonly Span[]): Promise<void> {
    const lines = spans.map(({ from, to }) => `${from} ${to}\n`)
    // The newline before ends what a killed process may have left unfinished.
    if (lines.length > 0) await this.#handle.appendFile(`\n${lines.join('')}`)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

async function readKept(handle: FileHandle, about: About): Promise<Kept | undefined> {
  const stats = await handle.stat()
  if (!stats.isFile() || stats.nlink !== 1 || stats.size > JOURNAL_SIZE_MAX) return undefined
  return journalIn(await handle.readFile('utf8'), about)
}

/** What the text of a journal says about this file; undefined when it is about another one. */
export function journalIn(text: string, { file, size }: About): Kept | undefined {
  const [first = '', ...lines] = text.split('\n')
  const head = jsonIn(first)
  if (!isObject(head) || head['sixcast'] !== VERSION) return undefined
  const { receiver } = head
  if (head['file'] !== file || head['size'] !== size || typeof receiver !== 'string') {
    return undefined
  }
  if (!/^[0-9a-f]{32}$/.test(receiver)) return undefined
  const have = new Ranges()
  // What follows the last newline may have been cut short.
  for (const line of lines.slice(0, -1)) {
    const [, from = '', to = ''] = /^(\d{1,16}) (\d{1,16})$/.exec(line) ?? []
    if (to !== '' && Number(to) <= size) have.add({ from: Number(from), to: Number(to) })
  }
  return { have, receiver }
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}

interface About {
  readonly file: string
  readonly size: number
}

const VERSION = 1
const JOURNAL_SIZE_MAX = 4 * 1024 * 1024
