/** One file to two receivers at once; each has it under its name only when it is whole and checked. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bus, connect } from 'sixcast'

const place = await mkdtemp(join(tmpdir(), 'sixcast-example-'))
const image = join(place, 'disk.img')
await writeFile(image, new Uint8Array(300_000).fill(7))

await using server = await connect({ name: 'server' })
await using left = await connect({ name: 'left' })
await using right = await connect({ name: 'right' })

const folders = [await mkdtemp(join(place, 'left-')), await mkdtemp(join(place, 'right-'))]
const taking = [taken(left, folders[0]!), taken(right, folders[1]!)]

const { sent, confirmed, unconfirmed } = await server.sendFile('images/lab', image, { count: 2 })
console.log(sent, confirmed.map(({ name }) => name).toSorted(), unconfirmed.length)
for (const path of await Promise.all(taking)) console.log((await readFile(path)).length)
await rm(place, { recursive: true })

async function taken(bus: Bus, directory: string): Promise<string> {
  for await (const { path } of bus.receiveFiles('images/*', directory)) return path
  throw new Error('the bus was closed before a file had come')
}

// Prints:
// 300000 [ 'left', 'right' ] 0
// 300000
// 300000
