/** A process of the benchmark as its parent holds it: orders go in, answers come out, one by one. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Answer, Order, Role, Usage } from './part.ts'

type Reply = { readonly answer: Answer } | { readonly failed: string }

export class Worker {
  readonly #child: ChildProcess
  readonly #waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = []
  #ended = false

  private constructor(argv: readonly string[]) {
    const [command = '', ...args] = argv
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (reply: Reply) => {
      const waiting = this.#waiting.shift()
      if ('failed' in reply) waiting?.reject(new Error(reply.failed))
      else waiting?.resolve(reply.answer)
    })
    this.#child.on('error', (error) => this.#end(error))
    this.#child.on('exit', (code) => this.#end(new Error(`a process has ended with ${code}`)))
  }

  /** `before`: what brings it into its host, and how Node is started there. */
  static async start(before: readonly string[], role: Role): Promise<Worker> {
    const worker = new Worker([...before, PROGRAM, JSON.stringify(role)])
    await worker.#answer()
    return worker
  }

  /** `T` is what this order is answered by. */
  async obey<T>(order: Order): Promise<T> {
    this.#child.send(order)
    return (await this.#answer()) as T // The two ends agree on it.
  }

  usage(): Promise<Usage> {
    return this.obey<Usage>({ type: 'usage' })
  }

  async close(): Promise<void> {
    if (this.#ended) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    const timer = setTimeout(() => this.kill(), CLOSE_MS)
    await this.obey({ type: 'close' }).catch(() => undefined)
    await gone
    clearTimeout(timer)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #answer(): Promise<Answer> {
    if (this.#ended) return Promise.reject(new Error('a process has ended'))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #end(error: Error): void {
    this.#ended = true
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }
}

const CLOSE_MS = 3000
const PROGRAM = join(import.meta.dirname, 'part.js')
