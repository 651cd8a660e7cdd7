/** A broker that belongs to others: started, waited for, measured from outside, ended. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker, Where } from '../peers/contestant.ts'
import type { Usage } from './part.ts'
import { toolEnvironment } from '../../net/lab/tools.ts'

/** Whether the command is there. */
export function isInstalled(command: string): boolean {
  const { status } = spawnSync('sh', ['-c', `command -v ${command}`], { env: toolEnvironment })
  return status === 0
}

export class BrokerProcess {
  readonly #child: ChildProcess

  private constructor(argv: readonly string[]) {
    const [command = '', ...args] = argv
    this.#child = spawn(command, args, { stdio: 'ignore', env: toolEnvironment })
  }

  /** `inside`: the command that brings it into its host, where `port` is looked for. */
  static async start(
    inside: readonly string[],
    broker: Broker,
    where: Where,
  ): Promise<BrokerProcess> {
    const { command } = broker
    const process = new BrokerProcess([...inside, command, ...broker.args(where)])
    const until = Date.now() + START_MS
    while (!process.#listens(where.port)) {
      if (process.#child.exitCode !== null || Date.now() > until) {
        process.kill()
        throw new Error(`${command} does not listen: start it by hand to see why`)
      }
      await sleep(20)
    }
    return process
  }

  /** As the kernel counts it. */
  usage(): Usage {
    const pid = this.#child.pid!
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024
    return { cpuMs: (ticks * 1000) / TICKS_A_SECOND, peak }
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** In the network that the process sees. */
  #listens(port: number): boolean {
    const digits = port.toString(16).toUpperCase().padStart(4, '0')
    const listening = new RegExp(`:${digits} \\S+ 0A `)
    return ['tcp', 'tcp6'].some((table) => {
      try {
        return listening.test(readFileSync(`/proc/${this.#child.pid}/net/${table}`, 'utf8'))
      } catch {
        return false // It is gone, which its exit code will say.
      }
    })
  }
}

const START_MS = 5000
/** Of Linux's clock in /proc, whatever the kernel's own is. */
const TICKS_A_SECOND = 100
