/** One network namespace of a lab: what runs in it, and how its links are changed. */
import { execute } from './tools.ts'
import { HostProcess, type Exit, type SpawnOptions } from './process.ts'

export interface RunOptions extends SpawnOptions {
  readonly input?: string
  readonly timeoutMs?: number
}

export interface RunResult extends Exit {
  readonly stdout: string
  readonly stderr: string
}

/** What the namespaces of one lab share. */
export interface LabScope {
  readonly id: string
  /** A folder for captures and scripts, gone with the lab. */
  readonly directory: string
  /** Everything started in the lab, so that its end can be waited for. */
  readonly processes: Set<HostProcess>
}

export class Namespace {
  readonly label: string
  readonly scope: LabScope

  constructor(label: string, scope: LabScope) {
    this.label = label
    this.scope = scope
  }

  /** The name `ip netns` knows it by. */
  get name(): string {
    return `${this.scope.id}-${this.label}`
  }

  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): HostProcess {
    const label = `${this.label}: ${command}`
    const inside = ['ip', 'netns', 'exec', this.name, command, ...args] as const
    const started = new HostProcess({ label, argv: inside }, options)
    this.scope.processes.add(started)
    return started
  }

  /** Runs a command to its end, whatever its exit code; rejects when it takes too long. */
  async run(
    command: string,
    args: readonly string[] = [],
    { input, timeoutMs = 30_000, ...options }: RunOptions = {},
  ): Promise<RunResult> {
    const child = this.spawn(command, args, options)
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.signal('SIGKILL')
    }, timeoutMs)
    child.end(input)
    const exit = await child.exit
    clearTimeout(timer)
    this.scope.processes.delete(child)
    if (late) throw new Error(`${this.label}: ${command} took longer than ${timeoutMs} ms`)
    return { ...exit, stdout: child.stdout, stderr: child.stderr }
  }

  /** As `run`, for the lab's own tools, where any failure is an error. */
  async must(command: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, args)
    if (code === 0) return stdout
    throw new Error(`${this.label}: ${command} ${args.join(' ')} failed: ${stderr.trim()}`)
  }

  /** Runs lines of the `ip` command in this namespace. */
  async ip(...lines: readonly string[]): Promise<void> {
    await execute('ip', ['-n', this.name, '-batch', '-'], { input: `${lines.join('\n')}\n` })
  }
}
