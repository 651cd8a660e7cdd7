/** Workers share a queue, and questions: each is for one of them. */
import { connect } from 'sixcast'

await using left = await connect()
await using right = await connect()
await using office = await connect()

const done = new Map<number, string>()
const work =
  (name: string) =>
  async ({ value }: { readonly value: number }) => {
    done.set(value, name)
  }
left.subscribe<number>('jobs', work('left'), { share: 'workers' })
right.subscribe<number>('jobs', work('right'), { share: 'workers' })

for (let job = 0; job < 100; job++) office.publish('jobs', job, { shared: true })
while (done.size < 100) await new Promise((resolve) => setTimeout(resolve, 10))

const names = [...done.values()]
console.log(`${names.length} jobs done once each`)
console.log('both worked:', names.includes('left') && names.includes('right'))

let answered = 0
const square = ({ value }: { readonly value: number }) => {
  answered += 1
  return value * value
}
left.respond<number, number>('square', square, { share: 'workers', again: true })
right.respond<number, number>('square', square, { share: 'workers', again: true })
const asked = [1, 2, 3, 4].map((number) => office.request<number>('square', number))
const replies = await Promise.all(asked)
console.log(
  replies.map(({ value }) => value),
  `${answered} handlers called`,
)

// Prints:
// 100 jobs done once each
// both worked: true
// [ 1, 4, 9, 16 ] 4 handlers called
