/**
 * A program with one UDP transport: opens it with the options in its argument, as JSON, and
 * follows the commands on standard input, one JSON object a line, until the input ends.
 *
 *   {"join": [group, ...]}   {"leave": group}   {"rejoin": group}
 *   {"send": text, "to": group or endpoint, "fill": bytes}
 *
 * It prints JSON lines: {"ready": port}, {"heard": text, "from": address}, {"event": ...},
 * {"done": the command}, {"failed": code, "message": ...}.
 */
import { createInterface } from 'node:readline'
import { BusError } from '../../bus/api/errors.ts'
import type { Endpoint } from '../../bus/core/output.ts'
import { udpTransport, type UdpOptions } from '../../bus/io/udp.ts'

const transport = udpTransport(JSON.parse(process.argv[2] ?? '') as UdpOptions) // The test's own.
try {
  await transport.open({
    datagram(bytes, from) {
      const text = Buffer.from(bytes).toString().replace(/\0+$/, '')
      print({ heard: text, from: from.address })
    },
    event: (event) => print({ event }),
  })
  print({ ready: transport.port })
  for await (const line of createInterface({ input: process.stdin })) {
    obey(JSON.parse(line) as Command)
  }
} catch (error) {
  if (!(error instanceof BusError)) throw error
  print({ failed: error.code, message: error.message })
}
await transport.close()

interface Command {
  readonly join?: readonly string[]
  readonly leave?: string
  readonly rejoin?: string
  readonly send?: string
  readonly to?: string | Endpoint
  readonly fill?: number
}

function obey({ join, leave, rejoin, send, to, fill = 0 }: Command): void {
  for (const group of join ?? []) transport.join(group)
  if (leave !== undefined) transport.leave(leave)
  if (rejoin !== undefined) transport.rejoin(rejoin)
  if (send !== undefined && to !== undefined) {
    const text = Buffer.from(send)
    transport.send(to, Buffer.concat([text, Buffer.alloc(Math.max(0, fill - text.length))]))
  }
  print({ done: join ?? leave ?? rejoin ?? send })
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
