/** Joining a realm over the bus: one waits with a code, another comes by it and is a member then. */
import { connect, grant, invite, join, newIdentity, newRealm } from 'sixcast'

const { realm, key, owner } = newRealm('plant')
const until = new Date(Date.now() + 3_600_000)

await using invitation = await invite({ realm, key, issuer: owner, until, publish: ['hall/**'] })
const joined = await join(invitation.code, { name: 'pump' })
const { identity, name } = await invitation.accepted
console.log(name, identity === Buffer.from(joined.identity.publicKey).toString('hex'))

const desk = newIdentity()
const to = Buffer.from(desk.publicKey).toString('hex')
const rights = await grant({ realm, key, issuer: owner, until, to, subscribe: ['**'] })
await using office = await connect({ realm, key, identity: desk, rights })
await using pump = await connect(joined)

const readings = office.subscribe('hall/*')
pump.publish('hall/pressure', 2.4)
for await (const { topic, value } of readings) {
  console.log(topic, value)
  break
}

// The code has been used.
await join(invitation.code).catch((error) => console.log(error.code))

// Prints:
// pump true
// hall/pressure 2.4
// DENIED
