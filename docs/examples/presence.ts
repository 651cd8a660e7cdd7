/** Who is here: peers come, show their names and tags, and go. */
import { connect } from 'sixcast'

await using watcher = await connect({ name: 'watcher' })
const changes = watcher.presence.watch()

const worker = await connect({ name: 'worker', tags: { role: 'web' } })
for await (const { type, peer } of changes) {
  console.log(type, peer.name, peer.tags)
  if (type === 'join') {
    console.log(watcher.presence.size, watcher.presence.get(worker.id)?.name)
    await worker.close()
  } else {
    break
  }
}
for (const peer of watcher.presence) console.log('still here:', peer.name)

// Prints:
// join worker { role: 'web' }
// 1 worker
// leave worker { role: 'web' }
