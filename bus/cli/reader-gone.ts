/**
 * Notices that the reader of standard output has gone before there is anything to write.
 *
 * `sub x | head -1` would else end only with the next message. The system tells it at once to
 * whoever watches the pipe; Node watches a pipe that it writes to only while a write waits. So the
 * same pipe is opened once more and watched as a socket that is read from: nothing ever comes but
 * the error that nobody is at the other end. Node has no public way to do this: on other systems than
 * Linux, or where the way is closed, the next write tells.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'

/** Calls back once when nobody reads from the pipe of a descriptor any more. */
export function onReaderGone(descriptor: number, gone: () => void): void {
  let own: number | undefined
  try {
    if (process.platform !== 'linux' || !fstatSync(descriptor).isFIFO()) return
    own = openSync(`/dev/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK)
    const handle = watching(own)
    if (!handle) return closeSync(own)
    const socket = new Socket({ handle, readable: true, writable: false } as object)
    // It may not be read from, as shows when there is something to hear.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => void (code === 'EBADF' && gone()))
    socket.resume()
    socket.unref()
  } catch {
    if (own !== undefined) closeSync(own)
  }
}

/** A handle of the runtime that waits for input and hang-ups on any descriptor. */
function watching(descriptor: number): object | undefined {
  const { binding } = process as unknown as { binding?: (name: string) => Bindings }
  const { TCP, constants: kinds } = binding?.('tcp_wrap') ?? {}
  if (!TCP || !kinds) return undefined
  const handle = new TCP(kinds.SOCKET)
  return handle.open(descriptor) === 0 ? handle : undefined
}

interface Bindings {
  readonly TCP?: new (kind: number) => { open(descriptor: number): number }
  readonly constants?: { readonly SOCKET: number }
}
