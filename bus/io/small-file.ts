/**
 * Reads a small file of any kind whole: a pipe, too, without a thread that stands still in it.
 *
 * The usual read of a named pipe without a writer occupies a thread that nothing can wake, and a
 * process with such a thread cannot even exit. So the file is opened without waiting, and pipes
 * and terminals are read as events.
 */
import { close, constants, fstat, open, read, type Stats } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'

export interface SmallFile {
  readonly sizeMax: number
  /** Looks at the very file that is read; throws when it is not to be. */
  readonly check?: (path: string, stats: Stats) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Rejects with the system's error, with what `check` throws, or with the signal's reason. A file
 * that is open already is given by its descriptor, which is closed at the end.
 */
export async function readSmallFile(path: string | number, file: SmallFile): Promise<string> {
  const { sizeMax, check, signal } = file
  signal?.throwIfAborted()
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  const descriptor = typeof path === 'number' ? path : await opened(path, flags)
  // What the runtime has opened for itself must be neither read nor closed: that ends the process.
  let ours = typeof path === 'string'
  try {
    const stats = await statOf(descriptor)
    if (!ours) assertReadable(stats)
    ours = true
    if (stats.isDirectory()) throw new Error('it is a directory: name the file in it')
    if (typeof path === 'string') check?.(path, stats)
    // A pipe's reader takes the descriptor over.
    ours = !stats.isFIFO() && !stats.isSocket()
    const chunks = ours ? blocks(descriptor) : pipe(descriptor, signal)
    const bytes: Uint8Array[] = []
    let size = 0
    for await (const chunk of chunks) {
      size += chunk.length
      if (size > sizeMax) throw new Error(`it is larger than ${sizeMax} bytes`)
      bytes.push(chunk)
    }
    return Buffer.concat(bytes).toString()
  } finally {
    if (ours) await closed(descriptor)
  }
}

function assertReadable(stats: Stats): void {
  if (stats.isFile() || stats.isFIFO() || stats.isSocket() || stats.isCharacterDevice()) return
  throw new Error('it is no file, pipe, socket or terminal')
}

/** Takes the descriptor over. A named pipe that has no writer yet is waited for. */
async function* pipe(
  descriptor: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const stream = new Socket({ fd: descriptor, readable: true, writable: false })
  if (signal?.aborted) stream.destroy(signal.reason as Error)
  const abort = (): void => void stream.destroy(signal?.reason as Error)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } finally {
    signal?.removeEventListener('abort', abort)
    stream.destroy()
  }
}

async function* blocks(descriptor: number): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await readFrom(descriptor, { buffer: new Uint8Array(BLOCK_SIZE) })
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

const opened = promisify(open)
const statOf = promisify(fstat)
const readFrom = promisify(read)
const closed = promisify(close)
const BLOCK_SIZE = 4096
