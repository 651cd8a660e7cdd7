/**
 * A laboratory of hosts and segments in network namespaces, taken down again whatever happens.
 *
 * Each host is a namespace. One more namespace, the switch, holds a bridge for each segment and the
 * far ends of all cables, so that nothing of the lab touches the machine's own network. The id of
 * the lab is in every name, so that labs stand side by side. Three things take a lab down: the end
 * of its `await using`, the exit of its process, and, after a SIGKILL, the next `openLab`.
 *
 * ```ts
 * await using lab = await openLab({ a: ['a1', 'a2', 'r'], b: ['b1', 'r'] })
 * ```
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cable, cableLines, interfaceScript, quietScript } from './cable.ts'
import { guard, unguard } from './guard.ts'
import { Host } from './host.ts'
import { Namespace, type LabScope } from './namespace.ts'
import { readPlan, type LabPlan, type SegmentSpec } from './plan.ts'
import { labId, newLabDirectory, removeLab, sweepDeadLabs } from './remains.ts'
import { bridgeScript, Segment } from './segment.ts'
import { execute, requireTools } from './tools.ts'

/** Needs root, iproute2, iptables and tcpdump; says so when one is missing. */
export async function openLab(plan: LabPlan): Promise<Lab> {
  requireTools()
  const specs = readPlan(plan)
  sweepDeadLabs()
  const lab = new Lab()
  try {
    await lab.build(specs)
    return lab
  } catch (error) {
    await lab.close()
    throw error
  }
}

export class Lab implements AsyncDisposable {
  readonly #scope: LabScope
  readonly #switch: Namespace
  readonly #hosts = new Map<string, Host>()
  readonly #segments = new Map<string, Segment>()
  #closed = false

  /** Use `openLab`. */
  constructor() {
    const directory = newLabDirectory()
    this.#scope = { id: labId(directory), directory, processes: new Set() }
    guard(this.#scope.id, () => this.#takeDown())
    this.#switch = new Namespace('switch', this.#scope)
  }

  get id(): string {
    return this.#scope.id
  }

  /** A folder for a test's files, gone with the lab. */
  get directory(): string {
    return this.#scope.directory
  }

  get hosts(): readonly Host[] {
    return [...this.#hosts.values()]
  }

  get segments(): readonly Segment[] {
    return [...this.#segments.values()]
  }

  host(name: string): Host {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`the lab has no host ${name}`)
    return host
  }

  segment(name: string): Segment {
    const segment = this.#segments.get(name)
    if (segment === undefined) throw new Error(`the lab has no segment ${name}`)
    return segment
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Ends every process in the lab at once and removes it. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#takeDown()
    unguard(this.id)
    await Promise.all([...this.#scope.processes].map((started) => started.exit))
  }

  /** @internal Part of `openLab`. */
  async build(specs: readonly SegmentSpec[]): Promise<void> {
    for (const [number, spec] of specs.entries()) this.#plan(spec, number)
    const cables = this.hosts.flatMap(({ name, interfaces }) =>
      interfaces.flatMap((end) => cableLines(end, this.#namespaceName(name))),
    )
    const switchScript = [
      `${quietScript(['all', 'default'])}`,
      'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6', // Ports are no hosts.
      ...specs.map(bridgeScript),
      `ip -batch - <<'END'\n${cables.join('\n')}\nEND\n`,
    ]
    const steps = [
      await this.#step('switch', switchScript.join('\n')),
      ...(await Promise.all(
        this.hosts.map(({ name, interfaces }) => this.#step(name, interfaceScript(interfaces))),
      )),
    ]
    // All namespaces first, then one script in each: a single process of `ip` does it all.
    const batch = [...steps.map((step) => step.add), ...steps.map((step) => step.prepare)]
    await execute('ip', ['-batch', '-'], { input: `${batch.join('\n')}\n` })
  }

  /** Does not await, so that it also works while the process exits. */
  #takeDown(): void {
    // One that has not entered its namespace yet can only be found this way.
    for (const started of this.#scope.processes) started.signal('SIGKILL')
    removeLab(this.id)
  }

  #plan(spec: SegmentSpec, segmentNumber: number): void {
    const segment = new Segment(spec, segmentNumber, this.#switch)
    this.#segments.set(spec.name, segment)
    for (const name of spec.hosts) {
      const host = this.#hosts.get(name) ?? this.#newHost(name)
      const hostNumber = [...this.#hosts.keys()].indexOf(name)
      const twin = host.interfaces.filter((end) => end.segment === spec.name).length
      const place = { host: name, hostNumber, index: host.interfaces.length, twin }
      const end = cable({ ...place, segment: spec.name, segmentNumber, mtu: spec.mtu })
      host.connect(end)
      segment.connect(end)
    }
  }

  #newHost(name: string): Host {
    const host = new Host(name, new Namespace(name, this.#scope), this.#switch)
    this.#hosts.set(name, host)
    return host
  }

  async #step(label: string, script: string): Promise<{ add: string; prepare: string }> {
    const file = join(this.directory, `${label}.sh`)
    await writeFile(file, script)
    const namespace = this.#namespaceName(label)
    return { add: `netns add ${namespace}`, prepare: `netns exec ${namespace} sh ${file}` }
  }

  #namespaceName(label: string): string {
    return `${this.id}-${label}`
  }
}
