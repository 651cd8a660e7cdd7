/** A host: processes run in it, and faults happen to its interfaces. */
import { cableLines, interfaceScript, type Interface } from './cable.ts'
import { startCapture, type Capture } from './capture.ts'
import type { Namespace, RunOptions, RunResult } from './namespace.ts'
import type { HostProcess, SpawnOptions } from './process.ts'

export type LinkState = 'up' | 'down'

/** Which of the UDP packets that reach a host it loses. */
export type Loss = LossAmount & {
  /** Only of those to this UDP port. */
  readonly port?: number
  /** Only of those that this host sent. */
  readonly from?: Host
}

/** Each packet by chance, or exactly the first and then every n-th. */
type LossAmount = { readonly probability: number } | { readonly every: number }

export class Host {
  readonly name: string
  readonly #inside: Namespace
  readonly #switch: Namespace
  readonly #interfaces: Interface[] = []

  constructor(name: string, inside: Namespace, switchNamespace: Namespace) {
    this.name = name
    this.#inside = inside
    this.#switch = switchNamespace
  }

  get interfaces(): readonly Interface[] {
    return this.#interfaces
  }

  /** The interface of a name such as eth0, or the one on a segment. */
  interface(nameOrSegment: string = 'eth0'): Interface {
    const found = this.#interfaces.find(
      (end) => end.name === nameOrSegment || end.segment === nameOrSegment,
    )
    if (found !== undefined) return found
    throw new Error(`host ${this.name} has no interface ${nameOrSegment}`)
  }

  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): HostProcess {
    return this.#inside.spawn(command, args, options)
  }

  /** Runs a command to its end, whatever its exit code; rejects when it takes too long. */
  run(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
    return this.#inside.run(command, args, options)
  }

  /** What crosses one interface, both ways; frames for others too where the switch floods. */
  capture(name: string = 'eth0', filter: string = 'ip6 and udp'): Promise<Capture> {
    return startCapture(this.#inside, this.interface(name).name, filter)
  }

  /** The host's own switching of an interface; up again, it gets its addresses back. */
  async link(name: string, state: LinkState): Promise<void> {
    const end = this.interface(name)
    if (state === 'down') return this.#inside.ip(`link set ${end.name} down`)
    await this.#inside.must('sh', '-c', interfaceScript([end]))
  }

  /** The switch's end of the cable: down, the host has no carrier but keeps its addresses. */
  async port(name: string, state: LinkState): Promise<void> {
    await this.#switch.ip(`link set ${this.interface(name).port} ${state}`)
  }

  /** A port with a smaller MTU loses larger packets without a word to anybody. */
  async portMtu(name: string, bytes: number): Promise<void> {
    await this.#switch.ip(`link set ${this.interface(name).port} mtu ${bytes}`)
  }

  /** Slows what the switch sends to this host; the excess waits half a second at most. */
  async portRate(name: string, kilobitsPerSecond: number | undefined): Promise<void> {
    const { port } = this.interface(name)
    if (kilobitsPerSecond === undefined) {
      await this.#switch.run('tc', ['qdisc', 'delete', 'dev', port, 'root'])
      return
    }
    const filter = ['tbf', 'rate', `${kilobitsPerSecond}kbit`, 'burst', '4k', 'latency', '500ms']
    await this.#switch.must('tc', 'qdisc', 'replace', 'dev', port, 'root', ...filter)
  }

  /** Pulls the interface out of the host, cable and all. */
  async deleteInterface(name: string): Promise<void> {
    await this.#inside.ip(`link delete ${this.interface(name).name}`)
  }

  /** Puts it back with the same name and addresses; its index is a new one. */
  async recreateInterface(name: string): Promise<void> {
    const end = this.interface(name)
    await this.#switch.ip(...cableLines(end, this.#inside.name))
    await this.#inside.must('sh', '-c', interfaceScript([end]))
  }

  /** Adds a rule of loss to those in force. */
  async loss(loss: Loss): Promise<void> {
    const rule = ['-p', 'udp', ...(loss.port === undefined ? [] : ['--dport', `${loss.port}`])]
    const amount = lossMatch(loss)
    for (const sender of this.#senders(loss.from)) {
      const match = [...rule, ...sender, ...amount]
      await this.#inside.must('ip6tables', '-w', '-A', 'INPUT', ...match, '-j', 'DROP')
    }
  }

  async clearLoss(): Promise<void> {
    await this.#inside.must('ip6tables', '-w', '-F', 'INPUT')
  }

  /** The kernel's IPv6 counters of this host, by their names in /proc/net/snmp6. */
  async counters(): Promise<ReadonlyMap<string, number>> {
    const text = await this.#inside.must('cat', '/proc/net/snmp6')
    const rows = text
      .trim()
      .split('\n')
      .map((row) => row.split(/\s+/))
    return new Map(rows.map(([name = '', value]) => [name, Number(value)]))
  }

  /** UDP datagrams that reached a socket of this host and found its buffer full. */
  async udpDrops(): Promise<number> {
    return (await this.counters()).get('Udp6RcvbufErrors') ?? 0
  }

  /** @internal Called by the lab for each cable it lays. */
  connect(end: Interface): void {
    this.#interfaces.push(end)
  }

  /** The hardware address tells a sender whichever of its addresses it uses. */
  #senders(from: Host | undefined): string[][] {
    if (from === undefined) return [[]]
    const own = new Set(this.#interfaces.map((end) => end.segment))
    const shared = from.interfaces.filter((end) => own.has(end.segment))
    if (shared.length === 0) throw new Error(`${this.name} and ${from.name} share no segment`)
    return shared.map((end) => ['-m', 'mac', '--mac-source', end.mac])
  }
}

function lossMatch(amount: LossAmount): string[] {
  if ('every' in amount) {
    if (amount.every === 1) return []
    return ['-m', 'statistic', '--mode', 'nth', '--every', `${amount.every}`, '--packet', '0']
  }
  return ['-m', 'statistic', '--mode', 'random', '--probability', `${amount.probability}`]
}
