/** Who comes late: values that their publisher retains, and word when all of them are there. */
import { connect } from 'sixcast'

await using settings = await connect()
for (const on of [true, false, true]) {
  settings.publish('settings/lamp', { on }, { retain: 1 })
}
for (let line = 0; line < 5; line++) settings.publish('settings/log', `line ${line}`, { retain: 3 })
await settings.flush()

// Comes when everything has been said; an hour later it would be the same.
await using panel = await connect()
const lamps = panel.subscribe('settings/lamp', { history: 'last' })
for await (const { topic, value, sequence } of lamps) {
  console.log(topic, value, sequence)
  break
}

const lines = panel.subscribe('settings/log', { history: 2, live: true })
for await (const item of lines) {
  if (item.type === 'live') break
  console.log(item.sequence, item.value)
}
console.log('that is all there was')

// Prints:
// settings/lamp { on: true } 2
// 3 line 3
// 4 line 4
// that is all there was
