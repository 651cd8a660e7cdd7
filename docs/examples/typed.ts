/** A topic with a type: the schema checks every value that comes, and the compiler those that go. */
import { connect, topic } from 'sixcast'
import { z } from 'zod'

const temperature = topic('home/{room}/temperature', z.object({ celsius: z.number() }))

await using wall = await connect()
await using kitchen = await connect()

const invalid = (async () => {
  for await (const event of wall.events()) if (event.type === 'invalid') return event
  return undefined
})()
const temperatures = wall.subscribe(temperature)
kitchen.publish('home/kitchen/temperature', { celsius: 'warm' })
kitchen.publish('home/kitchen/temperature', { celsius: 21.5 })

for await (const { params, value } of temperatures) {
  // `params.room` is a string and `value.celsius` a number: nothing to check by hand.
  console.log(`${params.room}: ${value.celsius.toFixed(1)}`)
  break
}
console.log((await invalid)?.issues)

// Prints:
// kitchen: 21.5
// [ 'celsius: Invalid input: expected number, received string' ]
