/** A file sent by the command line to hosts that lose packets, and what came of it. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from './lab/lab.ts'
import { commandsIn, countsIn, hashOf } from './loss-transfer.ts'

/** How a file goes from `a1` to the other hosts of a lab. */
export interface FileSending {
  /** Bytes of the file. */
  readonly size: number
  /** The hosts that receive it. */
  readonly to: readonly string[]
}

export interface FileOutcome {
  readonly codes: readonly (number | null)[]
  /** Hosts that have the file, byte for byte, under its name and nothing beside it. */
  readonly equal: number
  /** Bytes of the file that were handed to the bus, what was asked for again included. */
  readonly sent: number
  /** Packets that the sender's host sent. */
  readonly packets: number
  readonly seconds: number
}

/** Sends a file of random bytes to all hosts and waits for all to end. */
export async function transferFile(
  lab: Lab,
  program: string,
  { size, to }: FileSending,
): Promise<FileOutcome> {
  const commands = await commandsIn(lab, program)
  const bytes = randomBytes(size)
  const source = join(lab.directory, NAME)
  await writeFile(source, bytes)
  const directories = await Promise.all(to.map((name) => folder(lab, name)))
  const takers = to.map((name, i) =>
    commands.run(name, `receive --count 1 --directory ${directories[i]} --log-level info`),
  )
  await Promise.all(takers.map((taker) => taker.errorLine(/subscribed/)))
  const before = await countsIn(lab)
  const startedAt = performance.now()
  const sender = commands.run('a1', `send ${source} --require ${to.length} --timeout 60 --json`)
  const told = sender.line(/"type":"sent"/, WAIT_MS)
  const codes = await Promise.all([sender, ...takers].map(async ({ exit }) => (await exit).code))
  const seconds = (performance.now() - startedAt) / 1000
  const after = await countsIn(lab)
  const equal = await Promise.all(
    directories.map(async (one) => {
      const names = await readdir(one)
      return names.join() === NAME && hashOf(await readFile(join(one, NAME))) === hashOf(bytes)
    }),
  )
  const { sent } = JSON.parse(await told) as { readonly sent: number } // As `send --json` prints it.
  const packets = after.packets - before.packets
  return { codes, equal: equal.filter(Boolean).length, sent, packets, seconds }
}

/** One that is new each time: a transfer that failed is run again. */
function folder(lab: Lab, name: string): Promise<string> {
  return mkdtemp(join(lab.directory, `taken-${name}-`))
}

const NAME = 'image.bin'
const WAIT_MS = 600_000
