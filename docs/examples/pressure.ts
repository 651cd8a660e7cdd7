/** More than the network takes: wait for `ready`, know the limits, tell errors apart by code. */
import { BusError, connect } from 'sixcast'

await using reader = await connect()
await using writer = await connect({
  limits: { sendMark: 64 * 1024, sendSize: 256 * 1024, messageSize: 1024 * 1024 },
})

let size = 0
const blocks = reader.subscribe<Uint8Array>('blocks', ({ value }) => void (size += value.length))
for (let block = 0; block < 100; block++) {
  await writer.ready
  writer.publish('blocks', new Uint8Array(32 * 1024))
}
await writer.flush()

try {
  for (;;) writer.publish('blocks', new Uint8Array(32 * 1024))
} catch (error) {
  if (!(error instanceof BusError)) throw error
  console.log(error.code)
}
try {
  writer.publish('blocks', new Uint8Array(2 * 1024 * 1024))
} catch (error) {
  if (error instanceof BusError) console.log(error.code)
}
// What was accepted before the error still goes out.
const { unconfirmed } = await writer.close()
await blocks.close()
console.log(unconfirmed.length, size > 100 * 32 * 1024)

// Prints:
// OVERFLOW
// TOO_LARGE
// 0 true
