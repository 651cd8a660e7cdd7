/** Messages to and from Librecast's C programs; not run by the tests, because it leaves the host. */
import { openLibrecast } from 'sixcast/librecast'

await using channel = await openLibrecast({ channel: 'temperature.kitchen', interface: 'eth0' })
await channel.send(new TextEncoder().encode('21.5'))
for await (const { payload, from } of channel) {
  console.log(from, new TextDecoder().decode(payload))
  break
}
