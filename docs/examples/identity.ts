/** One identity over restarts, and a key that a secret manager brings. */
import { randomBytes } from 'node:crypto'
import { connect, newIdentity } from 'sixcast'

/** Stands for a secret manager: keys are asked for, not kept in files or variables. */
const secrets = { cells: new Uint8Array(randomBytes(32)) }
const vault = { read: async (name: keyof typeof secrets) => secrets[name] }

const identity = newIdentity()
await using watcher = await connect({ realm: 'cells', key: () => vault.read('cells') })
const lives = watcher.presence.watch()

const seen = new Set<string>()
const cell = await connect({ realm: 'cells', key: () => vault.read('cells'), identity })
for await (const { type, peer } of lives) {
  console.log(type, peer.id === cell.id, seen.has(peer.identity))
  if (type === 'leave') break
  seen.add(peer.identity)
  await cell.close()
}

await using again = await connect({ realm: 'cells', key: () => vault.read('cells'), identity })
for await (const { type, peer } of watcher.presence.watch()) {
  console.log(type, peer.id === again.id, seen.has(peer.identity))
  break
}

// Prints:
// join true false
// leave true true
// join true true
