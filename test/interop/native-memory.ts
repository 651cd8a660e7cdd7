/**
 * A program that valgrind watches: makes the native call so many times, on sockets that come and go.
 *
 * Its second argument makes it do wrong on purpose, so that it is known what would be seen: `beyond`
 * tells the system of more bytes than there are, `leak` takes memory and forgets it.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import koffi from 'koffi'
import { loadSetOption } from '../../bus/native/setsockopt.ts'

const CALLS_A_SOCKET = 100
const [calls = '0', fault] = process.argv.slice(2)
const set = await loadSetOption()
if (typeof set === 'string') throw new Error(set)

let taken = 0
for (let call = 0; call < Number(calls); call += CALLS_A_SOCKET) {
  const socket = createSocket({ type: 'udp6', ipv6Only: true })
  socket.bind(0, '::1')
  await once(socket, 'listening')
  for (let count = 0; count < CALLS_A_SOCKET; count++) {
    if (set(socket, { level: 17, name: 103, value: 1000 + count })) taken += 1
  }
  const closed = once(socket, 'close')
  socket.close()
  await closed
}

if (fault === 'beyond') {
  const write = koffi.load(null).func('int setsockopt(int, int, int, void *, uint32_t)')
  // SOL_SOCKET, SO_BINDTODEVICE of a file that is no socket: the system reads what it is told of.
  write(0, 1, 25, new Int32Array(1), 4096)
}
if (fault === 'leak') {
  const take = koffi.load(null).func('void malloc(size_t)')
  for (let count = 0; count < 1000; count++) take(24)
}
process.stdout.write(`${taken}\n`)
