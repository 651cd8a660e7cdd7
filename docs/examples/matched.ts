/** A program that publishes once and ends: it waits until somebody listens. */
import { connect } from 'sixcast'

await using panel = await connect({ name: 'panel' })
const alarms = panel.subscribe<string>('boiler/alarm')

await using boiler = await connect({ name: 'boiler' })
const found = await boiler.matched('boiler/alarm', { count: 1, timeout: 10_000 })
console.log(`subscribers: ${found}`)
boiler.publish('boiler/alarm', 'too hot')

for await (const { value } of alarms) {
  console.log(value)
  break
}

// Prints:
// subscribers: 1
// too hot
