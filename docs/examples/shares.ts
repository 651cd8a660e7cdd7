/** Workers share a queue: each job is done by one of them. */
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

// Prints:
// 100 jobs done once each
// both worked: true
