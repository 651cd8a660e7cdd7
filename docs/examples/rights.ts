/** A realm with an owner: a sensor may publish on its own topics, and a desk may only listen. */
import { connect, grant, newIdentity, newRealm, type Identity } from 'sixcast'

const { realm, key, owner } = newRealm('plant')
const identityOf = ({ publicKey }: Identity) => Buffer.from(publicKey).toString('hex')
const until = new Date(Date.now() + 3_600_000)

const [sensor, desk] = [newIdentity(), newIdentity()]
const issued = { realm, key, issuer: owner, until }
const ofSensor = await grant({ ...issued, to: identityOf(sensor), publish: ['hall/3/**'] })
const ofDesk = await grant({ ...issued, to: identityOf(desk), subscribe: ['hall/**'] })

await using hall = await connect({ realm, key, identity: sensor, rights: ofSensor })
await using office = await connect({ realm, key, identity: desk, rights: ofDesk })

const readings = office.subscribe('**')
try {
  hall.publish('hall/4/temperature', 19)
} catch (error) {
  console.log(error instanceof Error && 'code' in error && error.code)
}
hall.publish('hall/3/temperature', 21)
for await (const { topic, value } of readings) {
  console.log(topic, value)
  break
}

// The owner lets the sensor do more, while it runs.
hall.renew(await grant({ ...issued, to: identityOf(sensor), publish: ['hall/**'] }))
hall.publish('hall/4/temperature', 19)
for await (const { topic, value } of office.subscribe('hall/4/*')) {
  console.log(topic, value)
  break
}

// Prints:
// DENIED
// hall/3/temperature 21
// hall/4/temperature 19
