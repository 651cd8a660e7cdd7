/** Relays in the hosts of a lab, with the control key alone. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { controlParts } from '../../bus/core/seal/keys.ts'
import { Kind, readHeader } from '../../bus/core/wire/packet.ts'
import { controlKeyText } from '../../bus/io/control-key.ts'
import { nodeEnv } from '../../bus/io/system.ts'
import type { Lab } from './lab/lab.ts'
import type { Frame } from './lab/pcap.ts'
import type { HostProcess } from './lab/process.ts'
import { type Commands, type Copy, hashOf, interrupted, labKey, labRealm } from './loss-transfer.ts'

const PORT = 62278
/** On a busy machine. */
const START_MS = 60_000

/** Where a relay stands. */
export interface Place {
  readonly host: string
  /** The segment that it takes part in, or those that it joins. */
  readonly on: string | readonly string[]
  /** Relays that it calls. */
  readonly links?: readonly string[]
  /** The server of NATS by which it meets others. */
  readonly nats?: string
}

/** Starts a relay; it listens at every address of its host when this resolves. */
export async function startRelay(
  lab: Lab,
  commands: Commands,
  { host, on, links = [], nats }: Place,
): Promise<HostProcess> {
  const file = await controlFile(lab)
  const devices = [on].flat().map((name) => `--interface ${lab.host(host).interface(name).name}`)
  const calls = links.map((url) => `--link ${url}`)
  if (nats !== undefined) calls.push(`--nats ${nats}`)
  const flags = [`--listen :${PORT} --log-level info`, ...devices, ...calls].join(' ')
  const process = commands.bare(host, `relay --key ${file} --scope link ${flags}`)
  await process.line(/^ws:/, START_MS)
  return process
}

/** Where the relay of a host is called from a segment. */
export function relayUrl(lab: Lab, host: string, segment: string): string {
  return `ws://[${lab.host(host).interface(segment).address}]:${PORT}`
}

/** Everything comes, in order and once. */
export async function arrive(log: string, copies: readonly Copy[]): Promise<void> {
  for (const copy of copies) await copy.holds(Buffer.byteLength(log))
  for (const copy of copies) expect(hashOf(await copy.bytes())).toBe(hashOf(log))
}

/** The publisher ends well, and no subscriber has seen a gap. */
export async function confirmed(pub: HostProcess, copies: readonly Copy[]): Promise<void> {
  expect(await pub.exit).toMatchObject({ code: 0 })
  for (const { process } of copies) expect(process.stderr).not.toMatch(/gap/)
  expect(await interrupted(copies.map(({ process }) => process))).toEqual(copies.map(() => 0))
}

/** Packets with data, and how many came besides the first of each. */
export function dataIn(frames: readonly Frame[]): { packets: number; copied: number } {
  const seen = new Set<string>()
  let count = 0
  for (const { payload, destination } of frames) {
    if (!destination.startsWith('ff') || payload.length < 26) continue
    const { kind, instance, stream, number } = readHeader(payload)
    if (kind !== Kind.data) continue
    count += 1
    seen.add(`${instance} ${stream} ${number}`)
  }
  return { packets: seen.size, copied: count - seen.size }
}

/** The realm's control key, in a file of the lab. */
async function controlFile(lab: Lab): Promise<string> {
  const file = join(lab.directory, 'lab.control')
  const { crypto } = await nodeEnv()
  const parts = controlParts(crypto, { name: labRealm, root: labKey })
  await writeFile(file, controlKeyText({ parts, owner: undefined }))
  await chmod(file, 0o600)
  return file
}
