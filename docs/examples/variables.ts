/** Variables: nodes expose what they know, and one question fetches it from all of them. */
import { BusError, connect, groupBy, mean, type Occasion, percentile } from 'sixcast'

await using desk = await connect({ name: 'desk' })
await using web1 = await connect({ name: 'web-1', tags: { role: 'web' } })
await using web2 = await connect({ name: 'web-2', tags: { role: 'web' } })
await using db = await connect({ name: 'db', tags: { role: 'db' } })

web1.expose('load', () => 0.25)
web2.expose('load', () => 0.75)
db.expose('load', () => 2)
const version = db.expose('version', '16.1')
version.set('16.2')

const loads = await desk.fetch<number>('load', { everyone: true }).all()
console.log(
  `${loads.length} nodes, mean ${mean(loads)}, 90 % have ${percentile(loads, 90)} at most`,
)

const fetching = desk.fetch<number>('load', { where: { role: 'web' } })
for await (const { value, from } of fetching) {
  if (value > 0.5) console.log(`${desk.presence.get(from)?.name} has much to do`)
}

// What cannot be had is an outcome of its node.
web1.expose('disk', () => {
  throw new Error('no such disk')
})
web2.expose('disk', 17)
const { outcomes } = await desk.fetch('disk', { everyone: true }).report
for (const [type, nodes] of groupBy(outcomes, ({ type }) => type)) {
  console.log(type, nodes.map(({ from }) => desk.presence.get(from)?.name).join())
}

const [newest] = await desk.fetch<string>('version').all()
console.log(`${newest?.value}, version ${newest?.version}`)

// Others may set what its owner lets them, and only over what they have seen.
db.expose('limit', 10, { writable: (_from, value) => value <= 50 })
const { version: second } = await desk.set('limit', 20, { to: db.id, version: 1 })
console.log(`limit has version ${second}`)
for (const [value, version] of [[30, 1] as const, [99, 2] as const]) {
  const set = desk.set('limit', value, { to: db.id, version })
  await set.catch((error: unknown) => console.log(error instanceof BusError && error.code))
}

// What it holds, and then what changes.
for await (const change of desk.watch<number>('limit')) {
  if (change.type !== 'value') continue
  console.log(`limit is ${change.value}`)
  if (change.value === 50) break
  await desk.set('limit', 50)
}

// All owners at once, each of which judges for itself.
web1.expose('limit', 10, { writable: true })
const everywhere = await desk.setAll('limit', 30)
console.log(everywhere.outcomes.map(({ type }) => type).join())

// Acts when it has been so for a while, and not again before it was otherwise.
let enough = (): void => undefined
const warned = new Promise<void>((resolve) => (enough = resolve))
const warn = ({ name, value }: Occasion<number>): void => {
  console.log(`${name} is ${value}`)
  enough()
}
const heat = web1.expose('heat', 3)
const alarm = desk.when<number>('heat', (value) => value > 4, warn, {
  for: 30,
  until: (value) => value < 3,
})
heat.set(5)
await warned
await alarm.close()

// Prints, in one order or another:
// written,written
// heat is 5
// 3 nodes, mean 1, 90 % have 2 at most
// web-2 has much to do
// error web-1
// answered web-2
// absent db
// 16.2, version 2
// limit has version 2
// CHANGED
// DENIED
// limit is 20
// limit is 50
