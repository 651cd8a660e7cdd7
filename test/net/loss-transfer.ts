/** A log sent by the command line over hosts that lose packets, and what came of it. */
import { createHash } from 'node:crypto'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keyText } from '../../bus/io/key-text.ts'
import type { Host } from './lab/host.ts'
import type { Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'

/** How the log goes from `a1` to the other hosts of a lab. */
export interface Sending {
  readonly lines: number
  /** The hosts that subscribe. */
  readonly to: readonly string[]
  /** Further options of `pub`. */
  readonly options?: string
}

/** The command line in the hosts of a lab, all in one realm with one key. */
export class Commands {
  readonly #lab: Lab
  readonly #program: string
  readonly #flags: string
  #files = 0

  /** Use `commandsIn`. */
  constructor(lab: Lab, program: string, flags: string) {
    this.#lab = lab
    this.#program = program
    this.#flags = flags
  }

  /** A subscriber whose output goes to a file; it is subscribed when this resolves. */
  async subscribe(name: string, options: string): Promise<Copy> {
    this.#files += 1
    const file = join(this.#lab.directory, `${name}-${this.#files}.log`)
    const line = `sub ${TOPIC} ${options} --log-level info ${this.#flags} > ${file}`
    const started = this.#shell(this.#lab.host(name), line)
    await started.errorLine(/subscribed/, WAIT_MS)
    return new Copy(file, started)
  }

  /** Publishes the lines of its standard input, or of a file. */
  publish(options: string, source?: string): HostProcess {
    const from = source === undefined ? '' : `< ${source}`
    return this.run('a1', `pub ${TOPIC} --lines ${options} ${from}`)
  }

  /** A command in a host, with the realm's flags. */
  run(name: string, line: string): HostProcess {
    return this.bare(name, `${line} ${this.#flags}`)
  }

  /** Any command, with flags of its own. */
  bare(name: string, line: string): HostProcess {
    return this.#shell(this.#lab.host(name), line)
  }

  #shell(host: Host, line: string): HostProcess {
    return host.spawn('sh', ['-c', `exec node ${this.#program} ${line}`])
  }
}

/** What one subscriber has written. */
export class Copy {
  readonly process: HostProcess
  readonly #file: string

  constructor(file: string, process: HostProcess) {
    this.#file = file
    this.process = process
  }

  bytes(): Promise<Buffer> {
    return readFile(this.#file)
  }

  /** Resolves when that much has been written; rejects when its process ends before. */
  async holds(size: number): Promise<void> {
    for (const until = Date.now() + WAIT_MS; (await stat(this.#file)).size < size;) {
      if (this.process.exited || Date.now() > until) {
        const { size: written } = await stat(this.#file)
        throw new Error(`${written} of ${size} bytes came: ${this.process.stderr}`)
      }
      await sleep(POLL_MS)
    }
  }

  /** Of `--json`: resolves when message `last` was delivered or reported as lost. */
  async reaches(last: number): Promise<Account> {
    for (const until = Date.now() + WAIT_MS; ; await sleep(4 * POLL_MS)) {
      const account = await this.account()
      if (account.last >= last) return account
      if (!this.process.exited && Date.now() < until) continue
      throw new Error(`${account.last} was the last of ${last}: ${this.process.stderr}`)
    }
  }

  /** Of `--json`: what was delivered and what was reported as lost. */
  async account(): Promise<Account> {
    const text = (await this.bytes()).toString()
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    return accountOf(whole.split('\n').slice(0, -1))
  }
}

/** What the loss contract is about: every message once, in order, or reported as lost. */
export interface Account {
  readonly first: number
  readonly last: number
  readonly delivered: number
  readonly lost: number
  /** Places where something came that was not next; the contract allows none. */
  readonly faults: readonly string[]
}

function accountOf(lines: readonly string[]): Account {
  let next = -1
  let first = -1
  let delivered = 0
  let lost = 0
  const faults: string[] = []
  for (const line of lines) {
    const item = JSON.parse(line) as Item // As `sub --json` prints it.
    const { type, sequence = 0, from = 0, to = 0 } = item
    const [begin, end] = type === 'gap' ? [Number(from), to] : [sequence, sequence]
    if (first < 0) first = next = begin
    if (begin !== next) faults.push(`${type} ${begin} to ${end} where ${next} was next`)
    next = end + 1
    if (type === 'gap') lost += end - begin + 1
    else delivered += 1
  }
  return { first, last: next - 1, delivered, lost, faults }
}

interface Item {
  readonly type: 'message' | 'gap'
  readonly sequence?: number
  readonly from?: number | string
  readonly to?: number
}

export async function commandsIn(lab: Lab, program: string, scope = 'link'): Promise<Commands> {
  const keyFile = join(lab.directory, 'lab.key')
  await writeFile(keyFile, keyText(labKey))
  await chmod(keyFile, 0o600)
  // What one system call sends as one is counted as one, and lost as one, by the hosts of a lab.
  const flags = `--no-native --scope ${scope} --realm ${labRealm} --key ${keyFile}`
  return new Commands(lab, program, flags)
}

/** What a whole transfer to some hosts took. */
export interface Outcome {
  readonly codes: readonly (number | null)[]
  /** Hosts whose copy is the log, byte for byte. */
  readonly equal: number
  readonly words: readonly string[]
  readonly bytes: number
  /** Packets that the publisher's host sent. */
  readonly packets: number
  /** Datagrams that arrived and found a receiver's buffer full: lost on top of the rules. */
  readonly overflows: number
  readonly seconds: number
}

/** Sends the log to all hosts and waits for all to end. */
export async function transferLog(lab: Lab, program: string, sending: Sending): Promise<Outcome> {
  const commands = await commandsIn(lab, program)
  const { lines, to, options = '' } = sending
  const log = logText(lines)
  const source = join(lab.directory, 'source.log')
  await writeFile(source, log)
  const copies = await Promise.all(to.map((name) => commands.subscribe(name, '--raw')))
  const before = await countsIn(lab)
  const startedAt = performance.now()
  const pub = commands.publish(`--require ${to.length} --timeout 60 ${options}`, source)
  await Promise.all(copies.map((copy) => copy.holds(Buffer.byteLength(log))))
  const seconds = (performance.now() - startedAt) / 1000
  // A subscriber that leaves at once may be missed when its goodbye is lost: they stay for pub.
  const subs = copies.map(({ process }) => process)
  const codes = [(await pub.exit).code, ...(await interrupted(subs))]
  const after = await countsIn(lab)
  const hashes = await Promise.all(copies.map(async (copy) => hashOf(await copy.bytes())))
  return {
    codes,
    equal: hashes.filter((hash) => hash === hashOf(log)).length,
    words: [pub, ...subs].map(({ stderr }) => stderr),
    bytes: Buffer.byteLength(log),
    packets: after.packets - before.packets,
    overflows: after.overflows - before.overflows,
    seconds,
  }
}

/** Interrupts subscribers, for which that is the normal end. */
export function interrupted(processes: readonly HostProcess[]): Promise<(number | null)[]> {
  for (const one of processes) one.signal('SIGINT')
  return Promise.all(processes.map(async ({ exit }) => (await exit).code))
}

/** The most memory that a process has had, MiB. */
export async function memoryMax(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

export async function countsIn(lab: Lab): Promise<Pick<Outcome, 'packets' | 'overflows'>> {
  const packets = (await lab.segment('a').packets()).get('a1')?.sent ?? 0
  const drops = await Promise.all(lab.hosts.map((host) => host.udpDrops()))
  return { packets, overflows: drops.reduce((sum, count) => sum + count, 0) }
}

/** Lines as logs have them, no two alike; some are empty, some are not ASCII. */
export function logText(lines: number): string {
  const text = Array.from({ length: lines }, (_, number) => {
    if (number % 1000 === 999) return ''
    const id = createHash('sha256').update(`${number}`).digest('hex')
    const word = number % 7 === 0 ? 'Größe' : 'size'
    return `2026-01-01T00:00:00Z INFO ${word} ${number} ${id.repeat(2)}${id.slice(number % 50)}`
  })
  return `${text.join('\n')}\n`
}

export function hashOf(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export const labRealm = 'lab'
export const labKey: Uint8Array = new Uint8Array(32).fill(0x5c)

const TOPIC = 'logs/app'
const POLL_MS = 25
const WAIT_MS = 60_000
