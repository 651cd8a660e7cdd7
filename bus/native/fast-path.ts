/**
 * The fast path: one system call for many datagrams, by two options of Linux's UDP sockets.
 *
 * UDP_SEGMENT makes the kernel cut what one send brings into datagrams of equal size; UDP_GRO lets it
 * hand over in one piece what has come from one sender in equal sizes. The data goes by node:dgram as
 * ever: packets say their own length, so what comes joined is a datagram with several packets.
 *
 * Optional in every sense: where it cannot be had, or a system call fails by it, datagrams go one by
 * one, and `reason` says why.
 */
import { createSocket, type Socket } from 'node:dgram'
import type { Native } from '../api/native-options.ts'
import { loadSetOption, type SetOption } from './setsockopt.ts'

export class FastPath {
  readonly #setOption: SetOption | undefined
  #inUse: boolean
  #reason: string
  readonly #use: Native
  #over: (reason: string) => void = () => undefined

  /** `setOption`: the call, or why there is none. */
  constructor(setOption: SetOption | string) {
    const missing = typeof setOption === 'string'
    this.#setOption = missing ? undefined : setOption
    this.#inUse = !missing
    this.#reason = missing ? setOption : REASON
    this.#use = viewOf(this)
  }

  /** What programs see of it. */
  get use(): Native {
    return this.#use
  }

  get inUse(): boolean {
    return this.#inUse
  }

  get reason(): string {
    return this.#reason
  }

  /** What this socket sends from now on is cut into datagrams of so many bytes; false: it is not. */
  cut(socket: Socket, size: number): boolean {
    return this.#inUse && this.#set(socket, { level: SOL_UDP, name: UDP_SEGMENT, value: size })
  }

  /** What comes by this socket may be several datagrams, joined; false: it is not. */
  join(socket: Socket): boolean {
    return this.#inUse && this.#set(socket, { level: SOL_UDP, name: UDP_GRO, value: 1 })
  }

  /** `then` is called once, when what was in use has failed. */
  whenOver(then: (reason: string) => void): void {
    this.#over = then
  }

  /** It does not work after all. */
  fail(reason: string): void {
    if (!this.#inUse) return
    this.#inUse = false
    this.#reason = reason
    this.#over(reason)
  }

  #set(...given: Parameters<SetOption>): boolean {
    return this.#setOption?.(...given) ?? false
  }
}

/** Without the calls. */
function viewOf(path: FastPath): Native {
  return {
    get inUse() {
      return path.inUse
    },
    get reason() {
      return path.reason
    },
  }
}

/** That of this process; each bus has one of its own, since one may fail. */
export async function fastPath(wanted: boolean): Promise<FastPath> {
  if (!wanted) return new FastPath('it is turned off')
  return new FastPath(await (shared ??= tried()))
}

let shared: Promise<SetOption | string> | undefined

/** Asks the kernel by a socket that sends nothing. */
async function tried(): Promise<SetOption | string> {
  const setOption = await loadSetOption()
  if (typeof setOption === 'string') return setOption
  const socket = createSocket({ type: 'udp6', ipv6Only: true })
  try {
    // Bound at once: the address is a literal.
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => socket.bind({ port: 0, address: '::1' }, resolve))
    const able = new FastPath(setOption)
    return able.cut(socket, PROBE_SIZE) && able.join(socket) ? setOption : OLD_KERNEL
  } finally {
    socket.close()
  }
}

const REASON = 'the kernel cuts and joins datagrams (UDP_SEGMENT, UDP_GRO)'
const OLD_KERNEL = 'the kernel or Node does not let datagrams be joined'
const PROBE_SIZE = 1232
const SOL_UDP = 17
const UDP_SEGMENT = 103
const UDP_GRO = 104
