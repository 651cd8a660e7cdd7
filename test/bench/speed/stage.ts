/** Where the processes of the benchmark run: all on this host, or each on a host of its own. */
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { arch, availableParallelism, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLab, type Lab } from '../../net/lab/lab.ts'
import type { Place } from '../peers/contestant.ts'

export type Seat = 'publisher' | 'broker' | number

export interface Stage extends AsyncDisposable {
  readonly place: Place
  /** For sockets that have a path; gone with the stage. */
  readonly folder: string
  /** Profiles of all processes of Node go there, where one is wanted. */
  readonly profile: string | undefined
  /** The command that brings a process to its seat. */
  inside(seat: Seat): readonly string[]
  /** Where somebody on that seat can be reached. */
  address(seat: Seat): string
  /** Counts what the publisher and the broker have sent, as their interfaces do. */
  wire(): Promise<Wire | undefined>
}

export interface Wire {
  /** Of the publisher and the broker: what a batch of the kernel's counts once. */
  readonly frames: number
  readonly bytes: number
}

/** A port that nothing else of this host is likely to have. */
export function anyPort(): number {
  return randomInt(20_000, 30_000)
}

/**
 * One host. As root it is one of its own, whose loopback interface has a route for multicast: what
 * operations.md advises, and without effect on those who do without multicast.
 */
export async function hostStage(profile?: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'sixcast-bench-'))
  const lab = process.getuid?.() === 0 ? await openLab({ a: ['one'] }) : undefined
  const route = ['-6', 'route', 'add', 'local', 'ff00::/8', 'dev', 'lo', 'table', 'local']
  await lab?.host('one').run('ip', route)
  return {
    place: 'host',
    profile,
    folder,
    inside: () => (lab ? ['ip', 'netns', 'exec', `${lab.id}-one`] : []),
    address: () => '::1',
    wire: async () => undefined,
    [Symbol.asyncDispose]: async () => {
      await lab?.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A bridge with MTU 1500 between hosts. Needs root. */
export async function netStage(subscribers: number, profile?: string): Promise<Stage> {
  const seats = Array.from({ length: subscribers }, (_, at) => hostOf(at))
  const lab = await openLab({ a: [hostOf('publisher'), hostOf('broker'), ...seats] })
  return {
    place: 'net',
    profile,
    folder: lab.directory,
    inside: (seat) => ['ip', 'netns', 'exec', `${lab.id}-${hostOf(seat)}`],
    address: (seat) => lab.host(hostOf(seat)).interface().address,
    wire: async () => {
      const [own, broker] = [await sent(lab, 'publisher'), await sent(lab, 'broker')]
      return { frames: own.frames + broker.frames, bytes: own.bytes + broker.bytes }
    },
    [Symbol.asyncDispose]: () => lab.close(),
  }
}

function hostOf(seat: Seat): string {
  return typeof seat === 'number' ? `s${seat}` : seat.slice(0, 3)
}

async function sent(lab: Lab, seat: Seat): Promise<Wire> {
  const { stdout } = await lab.host(hostOf(seat)).run('cat', ['/proc/net/dev'])
  const line = /^\s*eth0:(.*)$/m.exec(stdout)?.[1] ?? ''
  const fields = line.trim().split(/\s+/).map(Number)
  return { bytes: fields[8] ?? 0, frames: fields[9] ?? 0 }
}

/** What a figure stands beside: the machine, its software and the day, and what else there is to say. */
export function machineLine(more: readonly string[]): string {
  const cpu = /^model name\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
  const day = new Date().toISOString().slice(0, 10)
  const parts = [
    `${availableParallelism()} cores (${cpu ?? 'unknown processor'}, ${arch()})`,
    `Linux ${release()}, Node ${process.versions.node}, ${day}`,
    ...more,
  ]
  return `${parts.join('; ')}.`
}
