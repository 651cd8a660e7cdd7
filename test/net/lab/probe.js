/**
 * A bare multicast sender and receiver, for tests of the lab itself.
 *
 *   node probe.js receive GROUP PORT INTERFACE…   one JSON line for each datagram, after `ready`
 *   node probe.js send GROUP PORT INTERFACE       one datagram for each line of standard input
 */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'

const [role, group, port, ...interfaces] = process.argv.slice(2)
const socket = createSocket({ type: 'udp6', ipv6Only: true, reuseAddr: true })

if (role === 'receive') {
  socket.on('message', (payload, { address }) => {
    process.stdout.write(`${JSON.stringify({ text: payload.toString(), from: address })}\n`)
  })
  socket.bind(Number(port), () => {
    for (const name of interfaces) socket.addMembership(group, `::%${name}`)
    process.stdout.write('ready\n')
  })
} else {
  await new Promise((bound) => socket.bind(0, bound))
  socket.setMulticastInterface(`::%${interfaces[0]}`)
  for await (const line of createInterface({ input: process.stdin })) {
    const error = await new Promise((done) => socket.send(line, Number(port), group, done))
    process.stdout.write(`${error === null ? 'sent' : error.code} ${line}\n`)
  }
  socket.close()
}
