/** Standard input, which a signal can cut short: chunk by chunk, or all of it. */
import { fstatSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { Failure } from './exit.ts'

/** Throws where Node would read nothing in silence: a directory, or a device without a stream. */
export function assertInput(): void {
  const stats = fstatSync(0)
  if (stats.isDirectory()) {
    const mend = 'give a file, a pipe, or a VALUE'
    throw new Failure('INPUT', `standard input is a directory (EISDIR): ${mend}`)
  }
  if (stats.isBlockDevice()) {
    const mend = 'let dd or cat read it, and take their output'
    throw new Failure('INPUT', `standard input is a block device: ${mend}`)
  }
}

/** Ends quietly when the signal aborts. */
export async function* chunksOfInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of addAbortSignal(signal, process.stdin)) yield chunk as Uint8Array
  } catch (error) {
    if (signal.aborted) return
    throw new Failure('INPUT', `standard input: ${(error as Error).message}`)
  }
}

/** Undefined when the signal has aborted. Throws TOO_LARGE. */
export async function allOfInput(
  signal: AbortSignal,
  sizeMax: number,
  mend = 'send its lines with --lines, or a smaller file',
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunksOfInput(signal)) {
    size += chunk.length
    if (size > sizeMax) {
      throw new Failure('TOO_LARGE', `standard input is over ${sizeMax} bytes: ${mend}`)
    }
    chunks.push(chunk)
  }
  return signal.aborted ? undefined : Buffer.concat(chunks)
}
