/** Who comes late: values that their publisher retains, and how many it no longer has. */
import { connect } from 'sixcast'

await using settings = await connect()
for (const on of [true, false, true]) {
  settings.publish('settings/lamp', { on }, { retain: 1 })
}
for (let line = 0; line < 5; line++) settings.publish('settings/log', `line ${line}`, { retain: 3 })
await settings.flush()

// Comes when everything has been said, an hour later as well.
await using panel = await connect()
const lamps = panel.subscribe('settings/lamp', { history: 'last' })
const lines = panel.subscribe('settings/log', { history: 2 })

for await (const { topic, value, sequence } of lamps) {
  console.log(topic, value, sequence)
  break
}
settings.publish('settings/log', 'and on it goes')
for await (const { sequence, value } of lines) {
  console.log(sequence, value)
  if (sequence === 5) break
}

// Prints:
// settings/lamp { on: true } 2
// 3 line 3
// 4 line 4
// 5 and on it goes
