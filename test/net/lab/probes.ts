/** Starts the bare sender and receiver of probe.js in a host, for tests of the lab itself. */
import { expect } from 'vitest'
import type { Host } from './host.ts'
import type { HostProcess } from './process.ts'

export const group = 'ff12::6c61:6221'
export const port = 42_424

/** A receiver that has joined the group on all interfaces of its host. */
export async function listen(host: Host): Promise<HostProcess> {
  const names = host.interfaces.map((end) => end.name)
  const receiver = host.spawn('node', [probe, 'receive', group, `${port}`, ...names])
  await receiver.line(/^ready$/)
  return receiver
}

/** Sends one datagram for each text; resolves with what the sends came to: `sent` or an error. */
export async function say(
  host: Host,
  texts: readonly string[],
  to: string = group,
): Promise<string[]> {
  const args = [probe, 'send', to, `${port}`, host.interface().name]
  const { code, stdout, stderr } = await host.run('node', args, { input: `${texts.join('\n')}\n` })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim().split('\n')
}

/** All that a receiver has heard from its start to this last text. */
export async function heard(receiver: HostProcess, last: string): Promise<string[]> {
  await receiver.line((line) => line.includes(JSON.stringify(last)))
  const lines = receiver.stdout.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => (JSON.parse(line) as { text: string }).text) // As probe.js writes it.
}

export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `message ${number}`)
}

const probe = new URL('probe.js', import.meta.url).pathname
