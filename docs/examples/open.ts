/** An open realm: no key, nothing is sealed, and the bus says so once. */
import { connect, type Logger } from 'sixcast'

const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_fields, message) => console.log('warning:', message),
  error: (_fields, message) => console.log('error:', message),
}

await using sender = await connect({ realm: 'lobby', open: true, log })
await using receiver = await connect({ realm: 'lobby', open: true })

const news = receiver.subscribe('news')
sender.publish('news', 'everybody can read this, and anybody could have written it')
for await (const { value } of news) {
  console.log(value)
  break
}

// Prints:
// warning: this realm is open: anybody on the network can read, forge and inject
// everybody can read this, and anybody could have written it
