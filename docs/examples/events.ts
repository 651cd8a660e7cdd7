/** What happens on the bus besides messages, and what it has counted. */
import { type BusEvent, connect } from 'sixcast'

await using bus = await connect()
const events = bus.events()
await using other = await connect({ name: 'other' })
const messages = bus.subscribe('sensor/*')
other.publish('sensor/door', 'open')

for await (const event of events) {
  console.log(describe(event))
  if (event.type === 'topic') break
}
for await (const { value } of messages) {
  console.log(value)
  break
}
console.log([...bus.topics].map(({ topic, delivery }) => `${topic} ${delivery}`))
const { messagesDelivered, messagesLost, forged } = bus.stats()
console.log({ messagesDelivered, messagesLost, forged })

function describe(event: BusEvent): string {
  switch (event.type) {
    case 'peer':
      return `peer ${event.change.type}: ${event.change.peer.name}`
    case 'topic':
      return `topic ${event.topic.topic}`
    case 'gap':
      return `${event.count} messages lost: ${event.cause}`
    case 'rejected':
      return `${event.count} packets dropped: ${event.reason}`
    default:
      return event.type
  }
}

// Prints:
// peer join: other
// topic sensor/door
// open
// [ 'sensor/door reliable' ]
// { messagesDelivered: 1, messagesLost: 0, forged: 0 }
