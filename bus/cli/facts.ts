/**
 * What a host says of itself: its system, load, memory, disks, network and processes, as variables.
 *
 * Nothing is measured that nobody asks for. Several who ask at once, and whoever asks within a
 * second, get the same measurement: it costs a few processes of its own on some systems.
 */
import os from 'node:os'
import type * as systeminformation from 'systeminformation'
import { type Bus, BusError, type Exposed } from '../index.ts'
import { codeOf, Failure } from './exit.ts'

type Library = typeof systeminformation

/** The names of the variables, with what they are read by. */
export type Facts = ReadonlyMap<string, () => unknown>

/** Loaded where it is wanted: no other command needs it. Throws Failure. */
export async function library(): Promise<Library> {
  try {
    return await import('systeminformation')
  } catch (cause) {
    const mend = 'install it beside sixcast: npm install systeminformation'
    throw new Failure(
      'UNSUPPORTED',
      `the package systeminformation is missing (${reason(cause)}): ${mend}`,
    )
  }
}

/** All but the disks, which come and go. */
export function factsOf(from: Library, version: string): Facts {
  return new Map(Object.entries({ ...told(version), ...looked(from), ...used(from) }))
}

/** What Node knows by itself. */
function told(version: string): Readonly<Record<string, () => unknown>> {
  return {
    name: () => os.hostname(),
    uptime: () => Math.round(os.uptime()),
    load: () => loadOf(0),
    'load/5': () => loadOf(1),
    'load/15': () => loadOf(2),
    versions: () => ({ sixcast: version, node: process.versions.node, kernel: os.release() }),
  }
}

/** What the system is asked for. */
function looked(from: Library): Readonly<Record<string, () => unknown>> {
  const system = once(() => from.osInfo())
  const processor = once(() => from.cpu())
  const network = fresh(() => from.networkStats('*'))
  const processes = fresh(() => from.processes())
  return {
    os: async () => {
      const { platform, distro, release, arch } = await system()
      return { platform, distro, release, kernel: os.release(), arch }
    },
    cpu: async () => {
      const { manufacturer, brand, cores, physicalCores } = await processor()
      return { manufacturer, brand, cores, physicalCores }
    },
    network: async () => {
      return (await network()).map((one) => ({
        interface: one.iface,
        state: one.operstate,
        received: one.rx_bytes,
        sent: one.tx_bytes,
        errors: one.rx_errors + one.tx_errors,
      }))
    },
    processes: async () => {
      const { all, running, blocked, sleeping } = await processes()
      return { all, running, blocked, sleeping }
    },
  }
}

/** How much of it is in use. */
function used(from: Library): Readonly<Record<string, () => unknown>> {
  const memory = fresh(() => from.mem())
  const processor = fresh(() => from.currentLoad())
  return {
    'cpu/used': async () => tenth((await processor()).currentLoad),
    memory: async () => {
      const { total, available } = await memory()
      return { total, used: total - available, available }
    },
    'memory/used': async () => {
      const { total, available } = await memory()
      return tenth((100 * (total - available)) / total)
    },
  }
}

/** What is mounted, as variables of their own: a pattern sees all of them. */
export class Disks {
  readonly #bus: Bus
  readonly #prefix: string
  readonly #read: () => Promise<readonly Disk[]>
  readonly #exposedByName = new Map<string, Exposed>()

  constructor(bus: Bus, prefix: string, from: Pick<Library, 'fsSize'>) {
    this.#bus = bus
    this.#prefix = prefix
    this.#read = fresh(async () => disksOf(await from.fsSize()))
  }

  /** Exposes what has come, and takes back what has gone. */
  async look(): Promise<void> {
    const readers = new Map((await this.#read()).flatMap(({ name }) => this.#readersOf(name)))
    for (const [name, exposed] of this.#exposedByName) {
      if (readers.has(name)) continue
      this.#exposedByName.delete(name)
      await exposed.close()
    }
    for (const [name, read] of readers) {
      if (!this.#exposedByName.has(name)) this.#expose(name, read)
    }
  }

  /** The names of the variables of a disk, with what they are read by. */
  #readersOf(disk: string): readonly (readonly [name: string, read: () => Promise<unknown>])[] {
    const name = `${this.#prefix}/disk/${disk}`
    const size = async (): Promise<object> => {
      const { mount, total, used, available } = await this.#of(disk)
      return { mount, total, used, available }
    }
    return [
      [name, size],
      [`${name}/used`, async () => (await this.#of(disk)).percent],
    ]
  }

  #expose(name: string, read: () => Promise<unknown>): void {
    try {
      this.#exposedByName.set(name, this.#bus.expose(name, read, PATIENT))
    } catch (error) {
      // A variable of the host's own has the name, and keeps it.
      if (codeOf(error) !== 'EXISTS') throw error
    }
  }

  async #of(name: string): Promise<Disk> {
    const found = (await this.#read()).find((disk) => disk.name === name)
    if (found) return found
    throw new BusError('GONE', `the disk ${name} is not mounted any more`)
  }
}

interface Disk {
  /** `root` for `/`, `var-lib` for `/var/lib`. */
  readonly name: string
  readonly mount: string
  /** Bytes. */
  readonly total: number
  readonly used: number
  readonly available: number
  readonly percent: number
}

/** Of two that come to one name, and of one that is mounted twice, the first. */
export function disksOf(found: readonly systeminformation.Systeminformation.FsSizeData[]): Disk[] {
  const byName = new Map<string, Disk>()
  for (const { mount, size: total, used, available, use } of found.slice(0, DISKS_MAX)) {
    const words = mount.split(/[^\p{L}\p{N}._]+/u).filter((word) => word !== '')
    const name = words.join('-').slice(0, NAME_MAX) || 'root'
    if (byName.has(name) || total === 0) continue
    byName.set(name, { name, mount, total, used, available, percent: tenth(use) })
  }
  return [...byName.values()]
}

function loadOf(place: number): number {
  return Math.round((os.loadavg()[place] ?? 0) * 100) / 100
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

/** Reads it the first time, and again as long as that fails. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = undefined
      throw error
    })
    return reading
  }
}

/** Reads it when what was read last is too old. */
function fresh<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => {
    if (reading) return reading
    const now = read()
    reading = now
    const forget = (): void => void setTimeout(() => (reading = undefined), FRESH_MS).unref()
    now.then(forget, forget)
    return now
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message.split('\n')[0]! : String(cause)
}

/** For what a busy host needs a moment for; half of the asker's time is the bound all the same. */
export const PATIENT = { timeout: 10_000 } as const
const FRESH_MS = 1000
/** A host with more of them has containers, one each. */
const DISKS_MAX = 64
const NAME_MAX = 64
