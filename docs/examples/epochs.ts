/** Other keys for a realm: once for everybody, and once more for everybody but one. */
import {
  type Bus,
  connect,
  grant,
  type Identity,
  newIdentity,
  newRealm,
  rotate,
  rotating,
} from 'sixcast'

const { realm, key, owner } = newRealm('works')
const identityOf = ({ publicKey }: Identity) => Buffer.from(publicKey).toString('hex')
const until = new Date(Date.now() + 3_600_000)

async function member(identity: Identity): Promise<Bus> {
  const wishes = { to: identityOf(identity), publish: ['**'], subscribe: ['**'] }
  const rights = await grant({ realm, key, issuer: owner, until, ...wishes })
  return connect({ realm, key, identity, rights })
}

/** Resolves with what a bus is told of the next epoch. */
async function epochOf(bus: Bus): Promise<string> {
  for await (const event of bus.events()) {
    if (event.type === 'epoch') return `${event.state} ${event.epoch}`
  }
  return 'closed'
}

const [desk, pump, lost] = [newIdentity(), newIdentity(), newIdentity()]
await using one = await member(desk)
await using other = await member(pump)
await using third = await member(lost)
const values = other.subscribe('hall/**')
await one.matched('hall/temperature')

// The owner's program makes an epoch; any member that has its page passes it on.
const everybody = [desk, pump, lost].map((identity) => ({ identity: identityOf(identity) }))
const second = await rotate({ realm, key, owner, members: everybody })
const told = [one, other, third].map(epochOf)
one.adopt(second.page)
console.log(await Promise.all(told))

// One is removed: it reads nothing that is published from here on, and is not admitted any more.
const members = everybody.slice(0, 2)
const revoked = [identityOf(lost)]
const next = await rotate({ realm, key: second.key, owner, members, revoked })
const then = [one, other, third].map(epochOf)
one.adopt(next.page)
console.log(await Promise.all(then))

one.publish('hall/temperature', 21)
for await (const { value } of values) {
  console.log(value)
  break
}
try {
  third.publish('hall/temperature', 99)
} catch (error) {
  console.log(error instanceof Error && 'code' in error && error.code)
}

// From then on by itself: after a day, or after so many bytes. Here a few are enough.
const again = () => rotate({ realm, key: next.key, owner, members })
for await (const { epoch } of rotating(one, { next: again, every: 86_400_000, volume: 100 })) {
  console.log('epoch', epoch)
  break
}

// Prints:
// [ 'entered 2', 'entered 2', 'entered 2' ]
// [ 'entered 3', 'entered 3', 'revoked 3' ]
// 21
// DENIED
// epoch 4
