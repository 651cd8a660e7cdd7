/** A program that is slow, and a publisher that waits for it instead of overflowing its queue. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'sixcast'

await using camera = await connect({ limits: { sendMark: 64 * 1024 } })
await using archive = await connect({ tags: { role: 'archive' } })

let stored = 0
const frames = archive.subscribe<number>('camera/frames', async ({ value }) => {
  stored = value
  if (value % 50 === 0) await sleep(2)
})

const flow = { tagged: 'role=archive' } as const
await camera.matched('camera/frames', { flow })
for (let frame = 1; frame <= 3000; frame++) {
  await camera.ready
  camera.publish('camera/frames', frame, { flow })
}
const { unconfirmed, incomplete } = await camera.close()
await frames.close()
console.log(stored, frames.dropped, unconfirmed.length, incomplete.length)

// Prints:
// 3000 0 0 0
