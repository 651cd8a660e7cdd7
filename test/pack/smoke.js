/** Runs in a project that installed the tarball: two buses exchange one message at scope host. */
import assert from 'node:assert/strict'
import { connect } from 'sixcast'
import { openLibrecast } from 'sixcast/librecast'
import { serve } from 'sixcast/relay'
import { simulate } from 'sixcast/testing'

const options = { realm: 'smoke', key: new Uint8Array(32).fill(6), scope: 'host' }
const subscriber = await connect(options)
const publisher = await connect(options)
const messages = subscriber.subscribe('smoke/*')
publisher.publish('smoke/test', { node: process.version })
for await (const { topic, value } of messages) {
  assert.deepEqual({ topic, value }, { topic: 'smoke/test', value: { node: process.version } })
  break
}

const relay = await serve({ realm: 'smoke', key: options.key, listen: '[::1]:0', multicast: false })
const [gate, house] = [relay.url, relay.url].map((url) => connect({ ...options, relay: url }))
const relayed = (await gate).subscribe('smoke/*')
;(await house).publish('smoke/relay', 'by relay')
for await (const { value } of relayed) {
  assert.equal(value, 'by relay')
  break
}
await (await gate).close()
await (await house).close()
await relay.close()
await publisher.close()
await subscriber.close()
assert.equal(typeof openLibrecast, 'function')

const net = simulate({ seed: 1, loss: 0.1 })
const [one, other] = [await net.connect(), await net.connect()]
const heard = []
other.subscribe('smoke/*', (message) => void heard.push(message.value))
await net.until(one.matched('smoke/test'))
one.publish('smoke/test', 1)
await net.run(1000)
assert.deepEqual(heard, [1])
await net.close()
