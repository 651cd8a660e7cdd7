/**
 * The one system call that Node lacks: `setsockopt`, by koffi, where that is installed and loads.
 *
 * koffi brings its binaries with it and is optional, as this whole path is. The descriptor is that of
 * a socket of node:dgram, which has it in a property that is Node's own; a Node that hides it better
 * has no fast path.
 */
import type { Socket } from 'node:dgram'

/** False when the system refuses. */
export type SetOption = (socket: Socket, option: SocketOption) => boolean

export interface SocketOption {
  readonly level: number
  readonly name: number
  readonly value: number
}

/** The call, or why there is none. */
export async function loadSetOption(): Promise<SetOption | string> {
  if (process.platform !== 'linux') return `${process.platform} joins no datagrams`
  const call = await bound()
  if (typeof call === 'string') return call
  const value = new Int32Array(1)
  return (socket, option) => {
    const descriptor = descriptorOf(socket)
    if (descriptor === undefined) return false
    value[0] = option.value
    return call(descriptor, option.level, option.name, value, value.byteLength) === 0
  }
}

/** The file descriptor of an open socket. */
export function descriptorOf(socket: Socket): number | undefined {
  const own = socket as unknown as Readonly<Record<symbol, State | undefined>> // Node's, untyped.
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    if (symbol.description !== 'state symbol') continue
    const descriptor = own[symbol]?.handle?.fd
    return typeof descriptor === 'number' && descriptor > 0 ? descriptor : undefined
  }
  return undefined
}

async function bound(): Promise<Call | string> {
  try {
    // By a name that bundlers do not follow: the package may be absent.
    const name = 'koffi'
    const { default: koffi } = (await import(name)) as { default: Koffi }
    return koffi.load(null).func('int setsockopt(int, int, int, void *, uint32_t)')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'ERR_MODULE_NOT_FOUND' ? 'koffi is not installed' : 'koffi does not load'
  }
}

interface Koffi {
  load(library: null): { func(declaration: string): Call }
}

type Call = (...given: readonly [number, number, number, Int32Array, number]) => number

interface State {
  readonly handle?: { readonly fd?: unknown } | null
}
