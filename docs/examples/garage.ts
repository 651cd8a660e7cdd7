/** A question, a variable and an actor, between two peers. */
import { connect } from 'sixcast'

await using garage = await connect()
await using desk = await connect()

// A question: here the first answer is enough, `gather` takes those of all.
garage.respond('car/range', () => 320)
const { value: range } = await desk.request<number>('car/range', null)

// A variable: what a peer lets others read, fetched from all who expose it.
garage.expose('charge', () => 0.8)
const charges = await desk.fetch<number>('charge').all()

// An actor: state that takes one message at a time, wherever it is.
const door = (opened: number, _order: 'open') => ({ state: opened + 1, reply: opened + 1 })
garage.spawn('door', door, { initial: 0 })
const opened = await desk.actor<'open', number>('door').ask('open')

console.log(`${range} km, ${charges[0]?.value} full, door opened: ${opened}`)

// Prints:
// 320 km, 0.8 full, door opened: 1
