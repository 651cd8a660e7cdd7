/** A queue that is too short: what was dropped comes as a gap, in its place between the messages. */
import { connect } from 'sixcast'

await using reader = await connect()
const writer = await connect()

const lines = reader.subscribe('log/app', { gaps: true, queue: 4, overflow: 'drop-oldest' })
for (let line = 0; line < 10; line++) writer.publish('log/app', `line ${line}`)
// Returns when every receiver has confirmed the last message, so all ten have come.
await writer.close()

for await (const item of lines) {
  if (item.type === 'gap') console.log(`missing ${item.from} to ${item.to}: ${item.cause}`)
  else console.log(item.sequence, item.value)
  if (lines.queued === 0) break
}
console.log(lines.dropped, 'dropped')

// Prints:
// missing 0 to 5: overflow
// 6 line 6
// 7 line 7
// 8 line 8
// 9 line 9
// 6 dropped
