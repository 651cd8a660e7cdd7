/**
 * One process that is several: its main thread, which has a bus already when it starts a worker
 * thread, a fork and a cluster worker, each with a bus of its own and all with one identity. Each
 * publishes numbers from 0 on one topic.
 */
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { isMainThread, Worker } from 'node:worker_threads'
import { connect } from '../../dist/bus/index.js'

const COUNT = 200
const file = new URL(import.meta.url)
const bus = await connect({
  key: process.env['CREW_KEY'],
  identity: process.env['CREW_IDENTITY'],
  port: Number(process.env['CREW_PORT']),
})
const isFirst = isMainThread && cluster.isPrimary && process.send === undefined
const others = []
if (isFirst) {
  others.push(new Worker(file), fork(file.pathname))
  cluster.setupPrimary({ exec: file.pathname })
  others.push(cluster.fork())
}

await bus.matched('crew')
for (let number = 0; number < COUNT; number++) {
  bus.publish('crew', number)
  if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
}
const { unconfirmed } = await bus.close()
if (unconfirmed.length > 0) throw new Error(`${unconfirmed.length} did not confirm`)
const ends = others.map((one) => new Promise((resolve) => one.once('exit', resolve)))
// A fork stays as long as its channel does.
if (!isFirst) process.disconnect?.()
await Promise.all(ends)
