/** Two buses that no multicast joins: both have a link to one relay, which cannot read what it carries. */
import { randomBytes } from 'node:crypto'
import { connect } from 'sixcast'
import { serve } from 'sixcast/relay'

const key = new Uint8Array(randomBytes(32))
await using relay = await serve({ listen: '[::1]:0', realm: 'yard', key, multicast: false })

const linked = { realm: 'yard', key, relay: relay.url!, multicast: false }
await using gate = await connect({ ...linked, name: 'gate' })
await using house = await connect({ ...linked, name: 'house' })

const bells = house.subscribe('gate/bell')
gate.publish('gate/bell', { rings: 2 })
for await (const { topic, value } of bells) {
  console.log(topic, value, house.path)
  break
}
// What an operator does by SIGHUP when the realm has other keys; here they are the same.
await relay.reload()
const { links, malformed } = relay.stats()
console.log(`${links} links, ${malformed} of them broken`)

// Prints:
// gate/bell { rings: 2 } relay
// 2 links, 0 of them broken
