/** Runs in a project that installed the tarball: two buses exchange one message at scope host. */
import assert from 'node:assert/strict'
import { connect } from 'sixcast'
import { openLibrecast } from 'sixcast/librecast'

const options = { realm: 'smoke', key: new Uint8Array(32).fill(6), scope: 'host' }
const subscriber = await connect(options)
const publisher = await connect(options)
const messages = subscriber.subscribe('smoke/*')
publisher.publish('smoke/test', { node: process.version })
for await (const { topic, value } of messages) {
  assert.deepEqual({ topic, value }, { topic: 'smoke/test', value: { node: process.version } })
  break
}
await publisher.close()
await subscriber.close()
assert.equal(typeof openLibrecast, 'function')
