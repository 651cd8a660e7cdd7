/** Every option of `connect` that a larger program may want, with a codec of its own. */
import { deserialize, serialize } from 'node:v8'
import { connect, type ConnectOptions, newIdentity, type PayloadCodec } from 'sixcast'

/** V8's own format: it keeps dates, maps and sets, and only Node reads it. */
const codec: PayloadCodec = {
  encode: (value) => new Uint8Array(serialize(value)),
  decode: (bytes) => deserialize(bytes),
}

const options: ConnectOptions = {
  scope: 'host',
  groups: 64,
  rate: 50_000_000,
  linger: 1000,
  codec,
  limits: { messageSize: 256 * 1024, peers: 64 },
}
// Kept in a file, it would be the same identity after a restart; the instance is new each time.
await using clock = await connect({ ...options, identity: newIdentity(), tags: { kind: 'clock' } })
await using reader = await connect(options)

const times = reader.subscribe<{ at: Date }>('clock')
clock.publish('clock', { at: new Date(0) })
for await (const { value, from } of times) {
  console.log(value.at instanceof Date, reader.presence.get(from)?.identity.length)
  break
}

// Prints:
// true 64
