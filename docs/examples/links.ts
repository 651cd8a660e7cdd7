/** Two relays that a trunk joins: peers that know one of them alone find each other, and hear what they ask for. */
import { randomBytes } from 'node:crypto'
import { connect } from 'sixcast'
import { serve } from 'sixcast/relay'

const realm = { realm: 'site', key: new Uint8Array(randomBytes(32)), multicast: false }
const anywhere = { ...realm, listen: '[::1]:0' }

await using plant = await serve(anywhere)
// It calls the other one, again whenever the trunk breaks.
await using office = await serve({ ...anywhere, links: plant.url! })

await using sensor = await connect({ ...realm, relay: plant.url!, name: 'sensor' })
await using desk = await connect({ ...realm, relay: office.url!, name: 'desk' })

const readings = desk.subscribe('plant/*/pressure')
await sensor.matched('plant/boiler/pressure')
sensor.publish('plant/boiler/pressure', { bar: 2.4 })
// Nobody in the office wants it, so it stays on its side of the trunk.
sensor.publish('plant/boiler/sound', new Uint8Array(500))

for await (const { topic, value } of readings) {
  console.log(topic, value)
  break
}
for (const peer of desk.presence) console.log('here:', peer.name)
console.log(`${office.stats().trunks} trunk, ${office.stats().links} link`)

// Prints:
// plant/boiler/pressure { bar: 2.4 }
// here: sensor
// 1 trunk, 1 link
