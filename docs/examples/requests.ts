/** Questions and answers: one answer, the answers of all, errors, and several answers of one peer. */
import { BusError, connect, service } from 'sixcast'
import { z } from 'zod'

const stock = service('stock/{item}', { reply: z.number() })
const add = service('math/add', {
  request: z.object({ a: z.number(), b: z.number() }),
  reply: z.number(),
})

await using desk = await connect({ name: 'desk' })
await using north = await connect({ name: 'north' })
await using south = await connect({ name: 'south' })

north.respond(add, ({ value: { a, b } }) => a + b)
const { value: sum } = await desk.request(add, { a: 1, b: 2 }, { timeout: 2000 })
console.log(`1 + 2 = ${sum}`)

north.respond(stock, ({ params }) => (params.item === 'bolts' ? 40 : missing(params.item)))
south.respond(stock, ({ params }) => (params.item === 'bolts' ? 2 : missing(params.item)))
const counts = desk.gather<number>('stock/bolts', null, { expect: 2 })
let bolts = 0
for await (const { value } of counts) bolts += value
console.log(`${bolts} bolts`)

// The errors of single peers are in the report.
const { outcomes } = await desk.gather('stock/nuts', null, { expect: 2 }).report
for (const outcome of outcomes) {
  if (outcome.type === 'error') console.log(`${outcome.type} ${outcome.error.code}`)
}

south.respond('countdown', async function* ({ signal }) {
  for (let left = 3; left > 0 && !signal.aborted; left--) yield left
})
for await (const { value, sequence } of desk.gather<number>('countdown', null)) {
  console.log(`answer ${sequence}: ${value}`)
}

try {
  await desk.request('nobody/knows', null)
} catch (error) {
  if (error instanceof BusError) console.log(error.code)
}

function missing(item: string): never {
  throw new BusError('NO_SUCH_ITEM', `there are no ${item} here`)
}

// Prints:
// 1 + 2 = 3
// 42 bolts
// error NO_SUCH_ITEM
// error NO_SUCH_ITEM
// answer 0: 3
// answer 1: 2
// answer 2: 1
// NO_RESPONDER
