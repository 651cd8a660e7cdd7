/** Captures packets on an interface or on a whole segment with tcpdump. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Namespace } from './namespace.ts'
import { parsePcap, type Frame } from './pcap.ts'
import type { HostProcess } from './process.ts'

export class Capture implements AsyncDisposable {
  readonly #file: string
  readonly #tcpdump: HostProcess

  /** Use `host.capture` or `segment.capture`, which wait until tcpdump listens. */
  constructor(file: string, tcpdump: HostProcess) {
    this.#file = file
    this.#tcpdump = tcpdump
  }

  /** What was captured so far, once nothing new has come for a moment. */
  async frames(): Promise<Frame[]> {
    let bytes = await readFile(this.#file)
    for (let quiet = 0, polls = 0; quiet < quietPolls && polls < pollsMax; polls++) {
      await sleep(pollMs)
      const next = await readFile(this.#file)
      quiet = next.length === bytes.length ? quiet + 1 : 0
      bytes = next
    }
    return parsePcap(bytes)
  }

  /** Ends the capture; rejects when the kernel could not hand over every packet. */
  async stop(): Promise<Frame[]> {
    const frames = await this.frames()
    if (this.#tcpdump.exited) throw new Error(`tcpdump ended early: ${this.#tcpdump.stderr}`)
    await this.#end()
    const dropped = /(\d+) packets? dropped by kernel/.exec(this.#tcpdump.stderr)?.[1] ?? '0'
    if (dropped !== '0') throw new Error(`tcpdump missed ${dropped} packets`)
    return frames
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
  }

  async #end(): Promise<void> {
    this.#tcpdump.signal('SIGINT')
    await this.#tcpdump.stop()
  }
}

export async function startCapture(
  namespace: Namespace,
  device: string,
  filter: string,
): Promise<Capture> {
  captureCount += 1
  const file = join(namespace.scope.directory, `${namespace.label}-${captureCount}.pcap`)
  // Immediate and unbuffered, so that a frame is in the file as soon as it passed.
  const options = ['-n', '-U', '--immediate-mode', '-B', '16384', '-Z', 'root']
  const tcpdump = namespace.spawn('tcpdump', [...options, '-i', device, '-w', file, filter])
  await tcpdump.errorLine(/listening on/)
  return new Capture(file, tcpdump)
}

let captureCount = 0
const pollMs = 25
const quietPolls = 4
/** Traffic that never rests is read as it is after this many looks. */
const pollsMax = 100
