/**
 * Writes down the keys of packets, so that captures of a sealed realm can be read.
 *
 *     sixcast-packet-key-1 KIND HINT EPOCH INSTANCE STREAM KEY
 *
 * KIND is data, direct, control, hello or page. Each key is written once, when it first seals or
 * opens a packet; what it is the key of stands in the packet's header, which is its nonce.
 */
import { closeSync, constants, fstatSync, openSync, type Stats, writeSync } from 'node:fs'
import { BusError } from '../api/errors.ts'
import type { Logger } from '../api/options.ts'
import type { Crypto } from '../core/env.ts'
import { Kind, VERSION_SEALED } from '../core/wire/packet.ts'
import { hex } from './digits.ts'
import type { System } from './runtime.ts'

/** The same system, whose keys are written to that file. Throws DENIED. */
export function loggingKeys(system: System, path: string, log: Logger | undefined): System {
  const keys = new KeyLog(path, log)
  return { ...system, env: { ...system.env, crypto: keys.beside(system.env.crypto) } }
}

class KeyLog {
  readonly #path: string
  readonly #log: Logger | undefined
  readonly #written = new Set<string>()
  #over = false

  constructor(path: string, log: Logger | undefined) {
    this.#path = path
    this.#log = log
    this.#append('')
    const fault = 'keys of packets are written down: whoever reads that file can read the packets'
    log?.warn({ path }, fault)
  }

  beside(crypto: Crypto): Crypto {
    return {
      ...crypto,
      seal: (...parts) => {
        crypto.seal(...parts)
        this.#note(parts[2], parts[3])
      },
      open: (...parts) => {
        const good = crypto.open(...parts)
        if (good) this.#note(parts[2], parts[3])
        return good
      },
    }
  }

  #note(nonce: Uint8Array, key: Uint8Array): void {
    const name = nameOf(nonce)
    if (name === undefined || this.#over || this.#written.has(name)) return
    // Twice in the file does no harm.
    if (this.#written.size >= WRITTEN_MAX) this.#written.clear()
    this.#written.add(name)
    try {
      this.#append(`${HEAD} ${name} ${hex(key)}\n`)
    } catch (error) {
      this.#over = true
      this.#log?.warn({ reason: (error as Error).message }, 'no more keys are written down')
    }
  }

  /** Opened anew for each: keys are rare, and what it is may have changed. */
  #append(line: string): void {
    let file: number | undefined
    try {
      file = openSync(this.#path, FLAGS, 0o600)
      const fault = faultOf(fstatSync(file), line.length)
      if (fault !== undefined) throw new BusError('DENIED', `the key log ${this.#path} ${fault}`)
      if (line !== '') writeSync(file, line)
    } catch (cause) {
      if (cause instanceof BusError) throw cause
      const fault = `the key log ${this.#path} cannot be written: ${(cause as Error).message}`
      throw new BusError('DENIED', fault, { cause })
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }
}

function faultOf(stats: Stats, more: number): string | undefined {
  if (!stats.isFile()) return 'is no file'
  if (stats.size + more > FILE_SIZE_MAX) return `is full: it has ${stats.size} bytes; begin another`
  if (process.geteuid === undefined) return undefined
  if (stats.uid !== process.geteuid()) return 'belongs to another user: name one of your own'
  const open = (stats.mode & 0o077) !== 0
  return open ? 'can be read or written by others: chmod 600 it, or name another' : undefined
}

/** What a key is of, by the header of a packet; `undefined`: it is no packet that was sealed. */
function nameOf(nonce: Uint8Array): string | undefined {
  const view = new DataView(nonce.buffer, nonce.byteOffset, nonce.length)
  // Names of topics are sealed as well, under their tags and zeros; numbers count from 1.
  const isName = view.getUint16(16) === 0 && view.getUint32(18) === 0
  if (nonce[0]! >>> 4 !== VERSION_SEALED || isName) return undefined
  const [hint, epoch] = [hex(nonce.subarray(22)), view.getUint16(2)]
  const [instance, stream] = [hex(nonce.subarray(4, 12)), view.getUint32(12)]
  switch (nonce[0]! & 15) {
    case Kind.data:
      return `data ${hint} ${epoch} ${instance} ${stream}`
    case Kind.direct:
      return `direct ${hint} ${epoch} ${instance} ${stream}`
    case Kind.control:
    case Kind.parity:
      return `control ${hint} ${epoch} ${instance} 0`
    case Kind.hello:
    case Kind.relay:
      return `hello ${hint} ${epoch} ${NOBODY} 0`
    case Kind.page:
      return `page ${hint} 0 ${NOBODY} 0`
    default:
      return undefined
  }
}

const HEAD = 'sixcast-packet-key-1'
const NOBODY = '0'.repeat(16)
const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0)
const WRITTEN_MAX = 65_536
/** Half a million keys. */
const FILE_SIZE_MAX = 64 * 1024 * 1024
