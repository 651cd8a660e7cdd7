/** A topic on which nobody can speak for another, and a subscription that insists on it. */
import { connect } from 'sixcast'

await using gate = await connect({ realm: 'works' })
await using yard = await connect({ realm: 'works' })

const orders = yard.subscribe('gate/*', { proof: 'each' })
const guard = await gate.matched('gate/open', { proof: 'each', timeout: 10_000 })
gate.publish('gate/open', { by: 'guard' }, { proof: 'each' })
gate.publish('gate/close', { by: 'anybody' }) // proves nothing, and is not heard

for await (const { topic, value } of orders) {
  console.log(guard, topic, value)
  break
}

// Prints:
// 1 gate/open { by: 'guard' }
