/** Best-effort for what is worth nothing late, latest for what is worth nothing when it is old. */
import { connect } from 'sixcast'

await using dashboard = await connect()
await using motor = await connect()

const speeds = dashboard.subscribe<number>('motor/speed')
const sounds = dashboard.subscribe<Uint8Array>('motor/sound')
// A publisher that has only just started waits for its receivers, at most 300 ms. These ten come
// in that time: only the newest one is still worth sending.
for (let speed = 0; speed < 10; speed++) {
  motor.publish('motor/speed', speed, { delivery: 'latest' })
}
for await (const { value } of speeds) {
  console.log('speed', value)
  break
}

// Best-effort and latest streams have no history: who listens later gets what is sent later.
motor.publish('motor/sound', new Uint8Array([1, 2, 3]), { delivery: 'best-effort', urgent: true })
for await (const { value } of sounds) {
  console.log('sound', value.length, 'bytes')
  break
}
console.log(motor.stats().messagesConflated, 'never sent')

// Prints:
// speed 9
// sound 3 bytes
// 9 never sent
