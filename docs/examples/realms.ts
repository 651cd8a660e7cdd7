/** Two realms on one network: neither reads, sees or disturbs the other. */
import { randomBytes } from 'node:crypto'
import { connect } from 'sixcast'

const officeKey = new Uint8Array(randomBytes(32))
const labKey = new Uint8Array(randomBytes(32))

await using desk = await connect({ realm: 'office', key: officeKey })
await using printer = await connect({ realm: 'office', key: officeKey, name: 'printer' })
await using robot = await connect({ realm: 'lab', key: labKey })

const everything = desk.subscribe('**')
robot.publish('status', 'the robot is ready')
await robot.flush()
printer.publish('status', 'the printer is ready')

for await (const { value } of everything) {
  console.log(value)
  break
}
console.log([...desk.presence].map(({ name }) => name))

// Prints:
// the printer is ready
// [ 'printer' ]
