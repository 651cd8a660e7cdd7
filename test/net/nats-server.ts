/** Debian's nats-server in a host of a lab, and somebody who hears all that passes there. */
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import type { Host } from './lab/host.ts'
import type { Lab } from './lab/lab.ts'
import type { HostProcess } from './lab/process.ts'

/** It listens at every address of the host when this resolves. */
export async function startNats(host: Host): Promise<HostProcess> {
  const server = host.spawn('nats-server', ['--addr', '::', '--port', '4222'])
  await server.errorLine(/Server is ready/, 60_000)
  return server
}

/** Hears every subject, by the protocol of NATS itself, and keeps what comes as it came. */
export class NatsTap implements AsyncDisposable {
  readonly #process: HostProcess
  readonly #file: string

  private constructor(process: HostProcess, file: string) {
    this.#process = process
    this.#file = file
  }

  /** On that host of the lab. */
  static async open(lab: Lab, host: string): Promise<NatsTap> {
    const file = join(lab.directory, 'nats.tap')
    const process = lab.host(host).spawn('node', ['-e', TAP, file])
    await process.line(/heard/, 60_000)
    return new NatsTap(process, file)
  }

  /** All that has passed. */
  async text(): Promise<string> {
    return (await readFile(this.#file)).toString()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop()
  }
}

const TAP = `
const file = require('node:fs').openSync(process.argv[1], 'w')
const socket = require('node:net').connect(4222, '::1')
socket.write('CONNECT {"verbose":false}\\r\\nSUB > 1\\r\\nPING\\r\\n')
socket.on('data', (data) => {
  if (data.includes('PONG')) console.log('heard')
  if (data.includes('PING')) socket.write('PONG\\r\\n')
  require('node:fs').writeSync(file, data)
})
`
