/** Messages that are of no use later: not sent, repaired or delivered then, and reported. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'sixcast'

await using lift = await connect()
await using panel = await connect()

const positions = panel.subscribe<number>('lift/position', { gaps: true })
await lift.matched('lift/position')

for (const floor of [1, 2]) lift.publish('lift/position', floor, { expires: 100 })
lift.publish('lift/position', 3)
await lift.flush()
// The panel is busy while the first two expire.
await sleep(500)

for await (const item of positions) {
  if (item.type === 'gap') console.log(`${item.count} ${item.cause}`)
  else console.log('floor', item.value)
  if (item.type === 'message') break
}

// Prints:
// 2 expired
// floor 3
