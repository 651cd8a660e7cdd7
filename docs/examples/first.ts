/** Two buses that find each other without a broker, and one message between them. */
import { connect } from 'sixcast'

// Two processes would do the same; one `connect` each is all they need.
await using kitchen = await connect()
await using wall = await connect()

const temperatures = wall.subscribe('home/{room}/temperature')
kitchen.publish('home/kitchen/temperature', { celsius: 21.5 })

for await (const { topic, params, value } of temperatures) {
  console.log(topic, params.room, value)
  break
}

// Prints:
// home/kitchen/temperature kitchen { celsius: 21.5 }
